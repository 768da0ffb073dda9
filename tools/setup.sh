#!/bin/sh
# Makes the environment that the Makefile's targets need, and is done at once when nothing changed.
#
#   sh tools/setup.sh run    what `pymlsql demo` needs: .venv with the package, the libraries of the ODBC driver
#   sh tools/setup.sh dev    that and what the tests need: libicu, FreeTDS's driver, Microsoft's T-SQL parser
#
# Debian packages are installed as root or through `sudo -n`; without either, the line to run is printed and nothing
# goes on without them. apt-get update runs only when a package is missing.
set -euf
cd "$(dirname "$0")/.."

what=${1:-dev}
case $what in run | dev) ;; *) echo "setup.sh: use 'run' or 'dev', not '$what'" >&2; exit 2 ;; esac

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- Debian packages ---------------------------------------------------------------------------------------------

has_library() {
    for directory in "/usr/lib/$(uname -m)-linux-gnu" /usr/lib64 /usr/lib /usr/local/lib; do
        if [ -n "$(find -L "$directory" -maxdepth 1 -name "$1*" -print -quit 2> /dev/null)" ]; then return 0; fi
    done
    return 1
}

missing_packages() {
    has_library libodbc.so.2 || echo unixodbc
    has_library libltdl.so.7 || echo libltdl7
    has_library libkrb5.so.3 || echo libkrb5-3
    has_library libgssapi_krb5.so.2 || echo libgssapi-krb5-2
    if [ "$what" = dev ]; then
        has_library libicuuc.so. || echo '^libicu[0-9]+$'
        [ -e "/usr/lib/$(uname -m)-linux-gnu/odbc/libtdsodbc.so" ] || echo tdsodbc
    fi
    if [ -n "${need_venv:-}" ]; then echo "$need_venv"; fi
}

install_packages() {
    missing=$(missing_packages)
    if [ -z "$missing" ]; then return 0; fi
    # libicu carries its version in its name: the pattern finds the one that this release has.
    line=$(echo "$missing" | tr '\n' ' ')
    if ! command -v apt-get > /dev/null; then
        fail "missing system libraries, and no apt-get here: install what Debian calls $line"
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2> /dev/null; then
        as_root='sudo -n'
    else
        fail "missing system packages; run this, then make again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends $(echo "$missing" | sed "s/.*/'&'/" | tr '\n' ' ')"
    fi
    say "installing Debian packages: $line"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
    need_venv=
    still=$(missing_packages)
    if [ -n "$still" ]; then fail "apt-get installed the packages, but still missing: $(echo "$still" | tr '\n' ' ')"; fi
}

# --- Python ------------------------------------------------------------------------------------------------------

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' > /dev/null 2>&1
}

find_python() {
    python=
    newest_without_venv=
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$candidate" > /dev/null && is_new_enough "$candidate"; then
            if can_make_venv "$candidate"; then
                python=$candidate
                return 0
            fi
            newest_without_venv=${newest_without_venv:-$candidate}
        fi
    done
    if [ -z "$newest_without_venv" ]; then
        fail "no Python 3.11 or newer found (looked for python3, python3.11 to python3.14); install one, or name it: make PYTHON=/path/to/python3"
    fi
    version=$("$newest_without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "$newest_without_venv has no venv module (Debian keeps it in python$version-venv)"
    need_venv=python$version-venv
    python=$newest_without_venv
}

need_venv=
venv_is_good() { [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && .venv/bin/python -m pip --version > /dev/null 2>&1; }

venv_is_good || find_python
install_packages

if ! venv_is_good; then
    say "creating .venv with $("$python" --version 2>&1)"
    rm -rf .venv .setup
    "$python" -m venv .venv || fail "could not create .venv with $python"
fi

# The stamp names what was installed from: the declarations and the place (an editable install points to it).
mkdir -p .setup
wanted=$(cat setup.cfg pyproject.toml tools/setup.sh | cksum; pwd; .venv/bin/python --version)
if [ "$(cat .setup/installed 2> /dev/null || true)" != "$wanted" ]; then
    say "installing the package and its libraries into .venv (the first time takes a minute or two)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        -e '.[embedded,mssql-python,notebooks,dev]' || fail "pip could not install the package; its message stands above"
    printf '%s\n' "$wanted" > .setup/installed
fi

if [ "$what" = dev ] && [ -f tests/tsqlcheck.py ]; then
    if [ "$(cat .setup/tsqlcheck 2> /dev/null || true)" != "$(cksum < tests/tsqlcheck.py)" ]; then
        say "installing Microsoft's T-SQL parser for the tests into .cache/tsqlcheck"
        .venv/bin/python -m tests.tsqlcheck install || fail "the T-SQL parser could not be installed; its message stands above"
        cksum < tests/tsqlcheck.py > .setup/tsqlcheck
    fi
fi
