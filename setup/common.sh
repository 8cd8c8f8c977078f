# What the set-up scripts share. They run with bash 3.2 or later, from the project's folder.

say() { printf '%s\n' "$*"; }

# fail CAUSE REMEDY: end with the two things that a person needs to know.
fail() {
    printf 'ERROR: %s\n  -> %s\n' "$1" "$2" >&2
    exit 1
}

# in_one_line WHAT COMMAND...: run a command that takes long. What it says goes to a file, and is
# shown in full if it fails; a terminal shows its last line meanwhile, and how long it has taken.
in_one_line() {
    local said=logs/setup.log status=0 ticker=""
    say "$1"
    shift
    mkdir -p logs
    : >"$said"
    if [ -t 1 ]; then
        # It ends with this script, however that ends, and holds no lock of its.
        local begun=$SECONDS
        while kill -0 $$ 2>/dev/null; do
            printf '\r\033[K  %s s  %.70s' "$((SECONDS - begun))" "$(tail -n 1 "$said")"
            sleep 1
        done 9>&- &
        ticker=$!
    fi
    "$@" >"$said" 2>&1 </dev/null || status=$?
    if [ "$ticker" ]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        printf '\r\033[K'
    fi
    [ "$status" -eq 0 ] || cat "$said" >&2
    return "$status"
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
    in_one_line "Installing with apt-get, which may take some minutes: $*" apt_get "$as_root" "$@"
}

# apt_get AS_ROOT PACKAGE...: without questions, and waiting for another installation to end.
apt_get() {
    local get="$1 env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=600"
    shift
    # An unreachable repository of somebody else's need not matter: the install decides.
    $get update || true
    $get install --yes --no-install-recommends "$@"
}
