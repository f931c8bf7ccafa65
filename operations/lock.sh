#!/bin/sh
# Resolves pyproject.toml into requirements.lock: one file for Python 3.11 to 3.13, with hashes, naming no index.
# Only releases older than `exclude-newer` in pyproject.toml are taken.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --quiet --upgrade -o requirements.lock
if grep -nE '(https?|file)://' requirements.lock; then
    echo "lock: requirements.lock names an address (above): a package must come from the index, by name." >&2
    exit 1
fi
