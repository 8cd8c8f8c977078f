# What the set-up scripts share. They run with bash 3.2 or later, from the project's folder.

say() { printf '%s\n' "$*"; }

# fail CAUSE REMEDY: end with the two things that a person needs to know.
fail() {
    printf 'ERROR: %s\n  -> %s\n' "$1" "$2" >&2
    exit 1
}

# system_install PACKAGE...: install packages of Debian or Ubuntu, if that needs no password.
# Returns 1 if this is another system or nobody may install here.
system_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true >/dev/null 2>&1 || return 1
        as_root="sudo -n"
    fi
    say "Installing with apt-get: $*"
    # An unreachable repository of somebody else's need not matter: the install decides.
    apt_get "$as_root" update >/dev/null 2>&1 || true
    apt_get "$as_root" install --yes --no-install-recommends "$@" || return 1
}

# apt_get AS_ROOT ARGUMENT...: without questions, without chatter unless it fails, and waiting
# for another installation to end.
apt_get() {
    local as_root=$1 output
    shift
    if ! output=$($as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -qq -o DPkg::Lock::Timeout=600 "$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" | tail -n 15 >&2
        return 1
    fi
}
