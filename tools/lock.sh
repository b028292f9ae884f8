#!/bin/sh
# Writes requirements/run.lock (the core, extra sandbox, the build backend), requirements/dev.lock (all
# of it and the tools), and clients.lock, llama.lock and vendors.lock (what tests/clients runs) anew: for
# Python 3.11 and newer, every platform, with hashes, without the address of an index.
# Usage: lock.sh [folder]. UPGRADE=1 takes the newest versions. ONLY=clients makes just the last three.
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

compile() { # name, then arguments and sources
    name=$1
    shift
    {
        printf '# %s.lock: made by "make lock" from pyproject.toml; not for editing.\n' "$name"
        "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
            --no-emit-index-url --no-annotate ${UPGRADE:+--upgrade} "$@"
    } >.work/$name.lock || return 1
    if grep -E '://|--index|--find-links' .work/$name.lock; then
        echo "lock.sh: $name.lock names an address" >&2
        exit 1
    fi
    mv .work/$name.lock "$folder/$name.lock"
}

pin() { # a lock whose versions are to be kept: into .work/pins.txt, which is empty without it
    : >.work/pins.txt
    [ ! -f "$1" ] || grep -E '^[a-z0-9].*==' "$1" | sed 's/ *\\$//' >.work/pins.txt
}

renew() { # name, then arguments: today's versions are kept where they still fit
    kept=requirements/$1.lock
    [ -z "${UPGRADE:-}" ] || kept=
    pin "$kept"
    compile "$@" --constraints .work/pins.txt || { echo "lock.sh: a pin no longer fits; try UPGRADE=1" >&2; exit 1; }
}

project='pyproject.toml .work/build.in'
if [ "${ONLY:-}" != clients ]; then
    renew dev --all-extras --group dev $project
    pin "$folder/dev.lock" # run.lock follows dev.lock: one set of versions
    compile run --extra sandbox --constraints .work/pins.txt $project
fi
renew clients --group clients
renew llama --group llama     # apart: LlamaIndex holds the openai package below 3
renew vendors --group vendors # apart: google-genai and LangChain want different versions of tenacity
