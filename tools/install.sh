#!/bin/sh
# Makes ./.venv and installs into it what requirements/{run,dev}.lock names, by hash and as wheels,
# then Nexhina itself. Usage: install.sh run|dev. PYTHON=/path/to/python3.x picks the interpreter.
set -eu
cd "$(dirname "$0")/.."
kind=$1
venv=.venv

say() { printf 'nexhina: %s\n' "$1" >&2; }
fail() { say "$1"; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

find_python() { # sets $python, or ends with one line that says what to install
    old='' without_venv=''
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        python=$(command -v "$name") || continue
        version=$(version_of "$python") || continue # a shim without anything behind it
        if ! is_new_enough "$python"; then
            old=${old:-"$name is Python $version"}
        elif "$python" -c 'import venv, ensurepip' 2>/dev/null; then
            return
        else
            without_venv=${without_venv:-"$version"}
        fi
    done
    if [ -n "$without_venv" ]; then
        fail "Python $without_venv has no venv module: install the package python3-venv (or python$without_venv-venv), then try again"
    elif [ -n "$old" ]; then
        fail "Python 3.11 or newer is needed and $old: install python3.11 and python3.11-venv (or newer), then try again"
    fi
    fail "Python 3.11 or newer was not found: install the packages python3 and python3-venv (or set PYTHON=/path/to/python3), then try again"
}

pip() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_NO_WARN_SCRIPT_LOCATION=1 \
        "$venv/bin/python" -m pip --quiet install "$@"
}

if ! { [ -x $venv/bin/python ] && is_new_enough $venv/bin/python && $venv/bin/python -m pip --version; } >/dev/null 2>&1; then
    find_python
    say "making $venv with $python ($version)"
    "$python" -m venv --clear $venv || fail "$python -m venv failed: install the package python$version-venv, then try again"
fi

say "installing from requirements/$kind.lock (about a minute the first time)"
pip --require-hashes --only-binary :all: -r "requirements/$kind.lock" ||
    fail "the installation failed, see above; without a network, set PIP_INDEX_URL to a mirror that you reach"
# hatchling comes with the lock: nothing is fetched outside it.
pip --no-deps --no-build-isolation --editable . || fail "installing nexhina itself failed, see above"

touch $venv/.installed-run # dev.lock holds all of run.lock
if [ "$kind" = dev ]; then touch $venv/.installed-dev; fi
