#!/usr/bin/env bash
# Once the server answers: allow external scripts, make the database, run a script; then the container is healthy.
set -o errexit -o nounset -o pipefail

export SQLCMDPASSWORD="${MSSQL_SA_PASSWORD:?}"

query() {
    sqlcmd -S localhost -U sa -C -b -h -1 -W -l 5 "$@"
}

wait_for_server() {
    local attempt
    for ((attempt = 0; attempt < 90; attempt++)); do
        if query -Q "SET NOCOUNT ON; SELECT 1" >/dev/null 2>&1; then
            return 0
        fi
        sleep 2
    done
    echo "SQL Server did not accept sa within three minutes; its own lines above say why." >&2
    return 1
}

scripts_in_use() {
    query -Q "SET NOCOUNT ON; SELECT CONVERT(int, value_in_use) FROM sys.configurations WHERE name = 'external scripts enabled'"
}

wait_for_server
query -i /opt/pymlsql/configure.sql

# RECONFIGURE takes effect at once or after a restart of the server: ask rather than assume.
if [[ "$(scripts_in_use)" != 1 ]]; then
    supervisorctl --configuration /opt/pymlsql/supervisord.conf restart sqlservr
    wait_for_server
fi
if [[ "$(scripts_in_use)" != 1 ]]; then
    echo "The option 'external scripts enabled' is set but not in use, even after a restart of the server." >&2
    exit 1
fi

query -t 120 -Q "EXEC sp_execute_external_script @language = N'Python', @script = N'import sys; print(sys.version)'"
touch /run/pymlsql-configured
echo "SQL Server runs Python; the database pymlsql is there."
