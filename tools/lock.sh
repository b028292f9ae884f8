#!/bin/sh
# Writes requirements/run.lock (the core, extra sandbox, the build backend) and requirements/dev.lock
# (all of it and the tools) anew: for Python 3.11 and newer, every platform, with hashes, without the
# address of an index. Usage: lock.sh [folder]. UPGRADE=1 takes the newest versions.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-requirements}
mkdir -p "$folder" .work

uv=$(command -v uv) || uv=.work/uv/bin/uv
if [ ! -x "$uv" ]; then
    .venv/bin/python -m venv .work/uv
    .work/uv/bin/pip --quiet --disable-pip-version-check install uv
fi

# What builds the project is installed from the lock too, so that no build fetches anything.
.venv/bin/python - >.work/build.in <<'PYTHON'
import tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"]))
print("editables")  # asked for by hatchling when it installs in place
PYTHON

compile() { # name, then arguments
    name=$1
    shift
    {
        printf '# %s.lock: made by "make lock" from pyproject.toml; not for editing.\n' "$name"
        "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
            --no-emit-index-url --no-annotate ${UPGRADE:+--upgrade} "$@" pyproject.toml .work/build.in
    } >.work/$name.lock
    if grep -E '://|--index|--find-links' .work/$name.lock; then
        echo "lock.sh: $name.lock names an address" >&2
        exit 1
    fi
    mv .work/$name.lock "$folder/$name.lock"
}

# Today's versions are kept where they still fit. run.lock follows dev.lock: one set of versions.
set --
if [ -z "${UPGRADE:-}" ] && [ -f requirements/dev.lock ]; then
    grep -E '^[a-z0-9].*==' requirements/dev.lock | sed 's/ *\\$//' >.work/pins.txt
    set -- --constraints .work/pins.txt
fi
compile dev --all-extras --group dev "$@" || { echo "lock.sh: a pin no longer fits; try UPGRADE=1" >&2; exit 1; }
grep -E '^[a-z0-9].*==' "$folder/dev.lock" | sed 's/ *\\$//' >.work/pins.txt
compile run --extra sandbox --constraints .work/pins.txt
