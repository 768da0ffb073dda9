#!/usr/bin/env bash
# Healthy: configure.sh came to its end, and the server answers now.
set -o errexit -o nounset -o pipefail

[[ -e /run/pymlsql-configured ]]
SQLCMDPASSWORD="${MSSQL_SA_PASSWORD:?}" sqlcmd -S localhost -U sa -C -b -l 5 -Q "SET NOCOUNT ON; SELECT 1" >/dev/null
