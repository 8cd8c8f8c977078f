#!/usr/bin/env bash
# environment.sh REQUIREMENTS...: make .venv hold the pinned packages of these files.
#
# .venv/installed holds a copy of each file that was installed whole, and a list of the packages. If
# a file or a package is another one now, or an installation was interrupted, .venv is made anew.
set -euo pipefail
. setup/common.sh

installed=.venv/installed
unfinished=.venv/unfinished
again="Run the same command again."

# What is installed is whole and still what the requirements ask for.
whole() {
    [ ! -e "$unfinished" ] && [ -s "$installed/packages" ] && .venv/bin/python -c "" 2>/dev/null || return 1
    local copy package
    for copy in "$installed"/*.txt; do
        cmp -s "$copy" "${copy##*/}" || return 1
    done
    while read -r package; do
        [ -d "$package" ] || return 1
    done <"$installed/packages"
}

# Everything that is wanted now is installed.
complete() {
    whole || return 1
    local file
    for file; do
        [ -e "$installed/$file" ] || return 1
    done
}

usable() {
    "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# 3.11 first: the Python that the pins were compiled for, that CI and environment.yml use.
find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if usable "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

complete "$@" && exit

python=$(find_python) || {
    say "No Python of version 3.11 or later with venv was found."
    # Older releases than Debian 12 have Python 3.11 beside their own, if at all.
    system_install python3 python3-pip python3-venv || true
    find_python >/dev/null || system_install python3.11 python3.11-venv || true
    python=$(find_python) || fail \
        "Python 3.11 or later with its venv module is needed; none of python3.11, python3.12, python3.13, python3 is one." \
        "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.12; others: https://www.python.org/downloads/) and run the same command again."
}

# One installation at a time. The lock ends with the processes that hold it, however they end.
exec 9>.venv.lock || fail "This folder cannot be written to." "Make it writable. $again"
"$python" - <<'END'
import fcntl

try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another command installs packages here: waiting for it.", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    pass  # a network drive without locks
END
complete "$@" && exit

if ! whole; then
    if [ -L .venv ] || { [ -e .venv ] && [ ! -e "$installed" ] && [ ! -e "$unfinished" ]; }; then
        number=1
        while [ -e ".venv.old-$number" ] || [ -L ".venv.old-$number" ]; do number=$((number + 1)); done
        mv .venv ".venv.old-$number" || fail ".venv cannot be set aside." "Move it away. $again"
        say ".venv was not made by this command; it is kept as .venv.old-$number."
    fi
    say "Making .venv with $("$python" --version)."
    # Marked before anything else is done to it, so that it is known whose it is whatever happens.
    rmdir .venv 2>/dev/null || true
    mkdir -p .venv && touch "$unfinished" || fail "This folder cannot be written to." "Make it writable. $again"
    find .venv -mindepth 1 -maxdepth 1 ! -path "$unfinished" -exec rm -rf {} +
    "$python" -m venv .venv ||
        fail "No virtual environment could be made in .venv (the reason stands above)." "Mend that. $again"
fi
touch "$unfinished"
files=()
for file; do files+=(--requirement "$file"); done
# The shell may tell pip which index to use, but not to install elsewhere or something else.
unset PIP_CONSTRAINT PIP_DRY_RUN PIP_NO_DEPS PIP_PREFIX PIP_PYTHON PIP_REQUIREMENT PIP_ROOT PIP_TARGET
in_one_line "Installing the packages of $* into .venv. This takes about a minute." env PIP_USER=0 \
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes "${files[@]}" ||
    fail "The packages could not be installed (pip's reason stands above)." \
        "Mend that: the network, the disk, or a setting of pip's (pip config list; PIP_*). $again"
PYTHONPATH=. .venv/bin/python -c '
import sys
from provenance.environment import require_pinned
for file in sys.argv[1:]:
    require_pinned(file)
' "$@" 2>/dev/null ||
    fail "pip has ended well, but what it was asked to install is not in .venv." \
        "Look for settings (PIP_*, pip config list) that have it install elsewhere. $again"
# Matplotlib lists the fonts that it finds: here rather than in the first figure, and whole.
MPLCONFIGDIR=.venv/matplotlib .venv/bin/python -c "import matplotlib.font_manager" || true
mkdir -p "$installed"
printf '%s\n' .venv/lib/python*/site-packages/*.dist-info >"$installed/packages"
cp "$@" "$installed"
rm "$unfinished"
