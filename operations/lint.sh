#!/bin/sh
# Every check that needs no database. Each runs even where one before it failed; the exit code is 1 where any did.
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
failed=""

check() {
    name=$1
    shift
    if "$@"; then echo "lint: $name holds"; else
        echo "lint: $name FAILED"
        failed="$failed $name"
    fi
}

check ruff "$bin/ruff" check --quiet .
check format "$bin/ruff" format --quiet --check .
check mypy "$bin/mypy" --no-error-summary .
check sqlfluff "$bin/sqlfluff" lint --disable-progress-bar --processes 2 dbt_project/models warehouse/migrations/sql
check house "$bin/python" -m operations.house
check docs "$bin/python" -m reporting.docs --check
if [ -x "$bin/docker-compose" ]; then # these wheels are for Linux
    check compose env WAREHOUSE_DB_PASSWORD=any WAREHOUSE_AIRFLOW_PASSWORD=any WAREHOUSE_INBOX=/srv/returns \
        "$bin/docker-compose" -f docker-compose.yml config --quiet
    check dockerfile "$bin/hadolint" Dockerfile
fi

if [ -n "$failed" ]; then
    echo "lint:$failed failed" >&2
    exit 1
fi
