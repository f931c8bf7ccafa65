#!/bin/sh
# Stops the embedded database and removes .data/. Received files are evidence: those of a warehouse that is not the demo's are
# removed only when asked twice.
set -eu
cd "$(dirname "$0")/.."
if [ ! -d .data ]; then
    echo "clean: there is no .data/."
    exit 0
fi
if [ "${1:-}" != yes ] && [ ! -f .data/demo/story.json ] && [ -n "$(find .data/archive -type f 2>/dev/null | head -n 1)" ]; then
    echo "clean: .data/archive holds received files that are not the demo's; to remove them too, run 'make clean SURE=yes'." >&2
    exit 1
fi
if [ -f .data/postgres/server.json ]; then
    if [ ! -x .venv/bin/python ]; then
        echo "clean: the database in .data/postgres may run, and .venv is gone: run 'make install' first." >&2
        exit 1
    fi
    .venv/bin/python -c 'from pathlib import Path; from warehouse.server import EmbeddedServer; EmbeddedServer(Path(".data").absolute()).stop()'
fi
rm -rf .data
echo "clean: the database is stopped and .data/ is removed${WAREHOUSE_HOME:+; $WAREHOUSE_HOME (WAREHOUSE_HOME) is left as it is}."
