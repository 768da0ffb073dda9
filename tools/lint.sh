#!/bin/sh
# The static checks, each named as it starts; the first that fails ends it.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

echo "lint: ruff"
$bin/ruff check --quiet .
echo "lint: mypy --strict"
$bin/mypy --no-error-summary
echo "lint: import rules"
PYTHONPATH='' $bin/lint-imports --no-cache > .setup/imports.log 2>&1 || { cat .setup/imports.log; exit 1; }
echo "lint: shellcheck"
$bin/shellcheck .ci/run tools/*.sh
