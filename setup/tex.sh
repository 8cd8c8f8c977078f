#!/usr/bin/env bash
# Make sure that there is a TeX engine with the packages that the report uses.
set -euo pipefail
. setup/common.sh

packages="texlive-latex-base texlive-latex-recommended lmodern"

has_tex() {
    if command -v pdflatex >/dev/null 2>&1; then
        # One file of each Debian package; kpsewhich fails if one is missing.
        kpsewhich hyperref.sty fancyvrb.sty lmodern.sty >/dev/null 2>&1
    else
        command -v tectonic >/dev/null 2>&1
    fi
}

has_tex && exit
say "TeX, which typesets the report, is not complete here."
# shellcheck disable=SC2086  # one word a package
system_install $packages || true
has_tex || fail \
    "No complete TeX engine was found, and it could not be installed without a password." \
    "Install it (Debian, Ubuntu: sudo apt-get install $packages; Fedora: dnf install texlive-scheme-medium; macOS: brew install tectonic; any system: TeX Live or tectonic) and run the same command again."
