#!/usr/bin/env bash
# run.sh [ARGUMENT...]: measure the project's speed beside PyTorch and plain NumPy.
#
# Works in an environment of its own, benchmarks/.venv, with the project's pinned packages and
# PyTorch. The arguments go to benchmarks/bench.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/common.sh

environment=benchmarks/.venv
requirements=(requirements.txt benchmarks/requirements.txt)
if ! cmp -s <(cat "${requirements[@]}") "$environment/installed.txt"; then
    python=$(command -v python3.11 || command -v python3) ||
        fail "No Python was found." "Install Python 3.11 or later and run the same command again."
    say "Making $environment with PyTorch in it. This takes a few minutes."
    "$python" -m venv --clear "$environment"
    for file in "${requirements[@]}"; do
        "$environment/bin/python" -m pip install --quiet --quiet --disable-pip-version-check \
            --requirement "$file" ||
            fail "The packages of $file could not be installed (pip's reason stands above)." \
                "Check the network and run the same command again."
    done
    cat "${requirements[@]}" >"$environment/installed.txt"
fi
exec "$environment/bin/python" -m benchmarks.bench "$@"
