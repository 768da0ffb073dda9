#!/usr/bin/env bash
# Checks what the user has to say, writes mssql.conf (it lies in the volume, so not at build time), starts everything.
set -o errexit -o nounset -o pipefail

refuse() {
    echo "$1" >&2
    exit 64
}

[[ "${ACCEPT_EULA:-}" == Y ]] ||
    refuse "Set ACCEPT_EULA=Y if you accept the licence of SQL Server (README.md says where it is)."
[[ "${ACCEPT_EULA_ML:-}" == Y ]] ||
    refuse "Set ACCEPT_EULA_ML=Y if you accept the licence of Machine Learning Services (README.md says where it is)."
[[ -n "${MSSQL_SA_PASSWORD:-}" ]] ||
    refuse "Set MSSQL_SA_PASSWORD to a password for sa: 8 characters or more of three kinds."

/opt/mssql/bin/mssql-conf set EULA accepteulaml Y
/opt/mssql/bin/mssql-conf set extensibility pythonbinpath /usr/bin/python3.10
/opt/mssql/bin/mssql-conf set extensibility datadirectories /usr/lib:/usr/lib/python3.10/dist-packages

rm -f /run/pymlsql-configured
exec /usr/bin/supervisord --configuration /opt/pymlsql/supervisord.conf
