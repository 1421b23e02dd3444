#!/bin/sh
# Prepares a machine that has nothing of ours: `setup.sh system PROGRAM…` and `setup.sh venv LOCK`.
# Everything else (make, .ci/run) calls this. Needs a POSIX shell; says in one sentence what it cannot do itself.
set -eu
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# --- programs from the system's package manager -------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

# Install packages by whatever package manager there is; its output is shown only when it fails.
install() {
    may_install || return 1
    manager=
    for candidate in apt-get dnf yum apk zypper pacman; do
        if command -v "$candidate" >/dev/null 2>&1; then manager=$candidate; break; fi
    done
    [ -n "$manager" ] || return 1
    say "installing $*"
    log=$(mktemp)
    if install_with "$manager" "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        tail -5 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

install_with() {
    manager=$1
    shift
    case $manager in
        apt-get) # lists may be missing (images) or old; to try without refreshing them first saves up to a minute
            set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
            as_root "$@" || { as_root apt-get update; as_root "$@"; } ;;
        dnf | yum) as_root "$manager" install -y "$@" ;;
        apk) as_root apk add "$@" ;;
        zypper) as_root zypper --non-interactive install "$@" ;;
        pacman) as_root pacman -Sy --noconfirm "$@" ;;
    esac
}

system() {
    for program in "$@"; do
        case $program in
            strace) [ -x "${ROAR_TUI_STRACE:-}" ] && continue ;;
        esac
        command -v "$program" >/dev/null 2>&1 && continue
        install "$program" && command -v "$program" >/dev/null 2>&1 && continue
        case $program in
            strace) fail "strace is missing and cannot be installed from here: install it (apt, dnf, apk; without root: conda install -c conda-forge strace, and name it in ROAR_TUI_STRACE)." ;;
            tmux) say "tmux is missing and cannot be installed from here: the tests that need it are skipped." ;;
            *) fail "$program is missing and cannot be installed from here: install it." ;;
        esac
    done
}

# --- the virtual environment --------------------------------------------------------------------------------------------

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The Python to build on, in $python: one that can make virtual environments if there is such a one, else any recent enough.
find_python() {
    python=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.10 python3.14 python3 python}; do
        usable "$candidate" || continue
        [ -n "$python" ] || python=$candidate
        if has_venv "$candidate"; then python=$candidate; return 0; fi
    done
    [ -n "$python" ]
}

make_venv() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && usable "$VENV/bin/python" && return 0
    if ! find_python; then
        if command -v uv >/dev/null 2>&1 && uv venv --quiet --clear --seed --python '>=3.10' "$VENV"; then return 0; fi
        fail "roar-tui needs Python 3.10 or newer and none was found: install one, or name it: make PYTHON=/path/to/python3."
    fi
    if ! has_venv "$python"; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install "python$version-venv" 2>/dev/null || install python3-venv 2>/dev/null || true
    fi
    if has_venv "$python"; then
        "$python" -m venv --clear "$VENV"
    else
        "$python" -m venv --clear --without-pip "$VENV" 2>/dev/null &&
            "$VENV/bin/python" tools/get_pip.py "$VENV/bin/python" 2>/dev/null ||
            fail "$python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)."
    fi
}

venv() {
    make_venv
    say "installing the packages of $1 into $VENV"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1" ||
        fail "the packages of $1 could not be installed: see pip's message above."
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ||
        fail "roar-tui could not be installed into $VENV: see pip's message above."
}

case ${1:-} in
    system) shift; system "$@" ;;
    venv) shift; venv "$@" ;;
    *) fail "usage: setup.sh system PROGRAM… | setup.sh venv LOCK" ;;
esac
