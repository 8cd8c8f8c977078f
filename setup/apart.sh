#!/usr/bin/env bash
# apart.sh FOLDER ARGUMENT...: run Python with what stands beside the project, never in it.
#
# FOLDER/.venv holds the project's pinned packages and those of FOLDER/requirements.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/common.sh

folder=$1
shift
environment=$folder/.venv
requirements=(requirements.txt "$folder/requirements.txt")
if ! cmp -s <(cat "${requirements[@]}") "$environment/installed.txt"; then
    python=$(command -v python3.11 || command -v python3) ||
        fail "No Python was found." "Install Python 3.11 or later and run the same command again."
    say "Making $environment. This takes a few minutes."
    "$python" -m venv --clear "$environment"
    for file in "${requirements[@]}"; do
        in_one_line "Installing the packages of $file." "$environment/bin/python" -m pip install \
            --disable-pip-version-check --requirement "$file" ||
            fail "The packages of $file could not be installed (pip's reason stands above)." \
                "Check the network and run the same command again."
    done
    cat "${requirements[@]}" >"$environment/installed.txt"
fi
exec "$environment/bin/python" "$@"
