"""How alembic reaches the database for this package's history, online and as a script.

The version table is ml.alembic_version, so that a user's own migrations keep dbo.alembic_version. Schema ml must be
there before it: alembic creates its table first.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from pymlsql.schema import METADATA, ML, VERSION_TABLE

CREATE_SCHEMA = f"IF SCHEMA_ID(N'{ML}') IS NULL EXEC(N'CREATE SCHEMA {ML}')"

OPTIONS = {
    "target_metadata": METADATA,
    "version_table": VERSION_TABLE,
    "version_table_schema": ML,
    "include_schemas": True,
}


def run_offline() -> None:
    """Write T-SQL to the configured output; no driver and no server is needed."""
    context.configure(dialect_name="mssql", literal_binds=True, mssql_batch_separator="GO", **OPTIONS)
    with context.begin_transaction():
        context.get_context().impl.static_output(CREATE_SCHEMA + ";\nGO\n")
        context.run_migrations()


def run_online(connection: Connection) -> None:
    """Apply in one transaction: all of the step to the target, or nothing."""
    connection.execute(text(CREATE_SCHEMA))
    connection.commit()
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Offline, on the connection that pymlsql.migrate hands over, or on sqlalchemy.url for a developer's alembic."""
    if context.is_offline_mode():
        run_offline()
        return
    given = context.config.attributes.get("connection")
    if given is not None:
        run_online(given)
        return
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("Name the server: alembic -x url=mssql+pyodbc://... upgrade heads")
    with create_engine(url).connect() as connection:
        run_online(connection)


run()
