"""A connection to a SQL Server: read, execute, bulk load, and errors with the server's own number."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pymlsql import batches, drivers, settings
from pymlsql.errors import DatabaseError, DriverError, PymlsqlError, ServerNotRunning, SettingsError

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.engine import URL, Connection, Engine

N_ROWS_A_BATCH = 10_000
"""Rows of one fast_executemany message: bounds the client's and the server's memory for it."""

CONNECT_TIMEOUT_S = 3.0
LOGIN_TIMEOUT_S = 15

_SERVER_MESSAGE = re.compile(
    r"\[SQL Server\](.*?)\s*\((\d+)\)(?=\s*\(SQL\w+\)|;\s*\[\w{5}\] |\s*$)", re.DOTALL
)
_SQLSTATE = re.compile(r"^\[(\w{5})\]")
_PREFIXES = re.compile(r"(\[\w{5}\] )?(\[[^\]]*\])+\s*")
_THROWN = 50_000
_NO_SERVER = frozenset({"08001", "HYT00", "08S01"})
_NO_DRIVER = frozenset({"01000", "IM002", "IM003"})


class Database:
    """One target. Opens connections when needed; a context manager that closes them.

    Statements take `?` markers and a sequence of values. Every error of the server or the driver is raised as
    DatabaseError, with the server's number where the driver tells it (mssql-python does not).
    """

    def __init__(self, target: settings.Target) -> None:
        """Prepare, but do not yet connect; see `ping`."""
        self.target = target
        try:
            url = drivers.parse_url(target.url)
        except SettingsError as error:
            raise SettingsError(f"{target.source}: {error}") from None
        self._endpoint = drivers.parse_endpoint(url)
        with translated_errors():
            self.engine: Engine = _create_engine(url)

    def __repr__(self) -> str:
        """The target without its password."""
        return f"Database({self.target.display!r})"

    def __enter__(self) -> Self:
        """The database itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Give all connections back to the server."""
        self.engine.dispose()

    def ping(self) -> None:
        """Log in once. Raises ServerNotRunning where nothing listens, DatabaseError where the login is refused.

        Asks the port first: Microsoft's driver takes 15 s to say that a port is closed.
        """
        if self._endpoint is not None:
            host, port = self._endpoint
            try:
                socket.create_connection(self._endpoint, timeout=CONNECT_TIMEOUT_S).close()
            except OSError as error:
                raise ServerNotRunning(
                    f"No server answers at {host}:{port} ({error.strerror or error}): run pymlsql server start, or "
                    f"check the target (it comes from {self.target.source})."
                ) from None
        self.scalar("SELECT 1")

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Generator[Connection]:
        """A connection with errors translated; rolled back unless committed, or in autocommit mode."""
        with translated_errors(), self.engine.connect() as connection:
            if autocommit:
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A connection whose work is committed at the end, or rolled back by an error."""
        with self.connect() as connection, connection.begin():
            yield connection

    def read(self, sql: str, params: Sequence[Any] = ()) -> pd.DataFrame:
        """The first result set of a statement or batch as a DataFrame, all rows fetched.

        SQL NULL becomes NaN, NaT or None after the column's type; bit and int columns with NULLs become float64.
        """
        with self.connect(autocommit=True) as connection:
            return read_frame(connection, sql, params)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, columns by attribute (`row.name`), as the driver's own Python values."""
        with self.connect(autocommit=True) as connection:
            return fetch(connection, sql, params).rows

    def scalar(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None where there is none."""
        rows = self.rows(sql, params)
        return rows[0][0] if rows else None

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run one statement or batch and commit it."""
        with self.transaction() as connection:
            fetch(connection, sql, params)

    def execute_batches(self, script: str) -> int:
        """Run a script batch by batch, as sqlcmd does at each GO, in autocommit mode; returns how many ran."""
        count = 0
        with self.connect(autocommit=True) as connection:
            for batch in batches.split(script):
                fetch(connection, batch)
                count += 1
        return count

    def insert(self, table: str, frame: pd.DataFrame, *, progress: Callable[[int], None] | None = None) -> int:
        """Bulk load a DataFrame in one transaction; see `insert_frame`."""
        with self.transaction() as connection:
            return insert_frame(connection, table, frame, progress=progress)


@dataclass(frozen=True, slots=True)
class ResultSet:
    """Names and Python types of the columns, and all rows; no columns where the batch gave no result set.

    `messages` are what the batch has said besides (PRINT, RAISERROR up to severity 10), as far as the driver tells.
    """

    names: tuple[str, ...]
    kinds: tuple[Any, ...]
    rows: list[Any]
    messages: tuple[str, ...] = ()


def fetch(connection: Connection, sql: str, params: Sequence[Any] = ()) -> ResultSet:
    """Send T-SQL as it is, `?` marking the parameters, and take its first result set that has columns.

    All further results are taken too, down at the driver: an error in a later statement of a batch is raised only
    when one gets there, and SQLAlchemy closes the cursor at the first row count.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, *([tuple(params)] if params else []))
        found = ResultSet((), (), [])
        messages: list[str] = []
        while True:
            messages += [str(one[-1]).rpartition("]")[2] for one in getattr(cursor, "messages", None) or ()]
            if cursor.description is not None and not found.names:
                columns = list(cursor.description)
                rows = cursor.fetchall()
                found = ResultSet(tuple(str(c[0]) for c in columns), tuple(c[1] for c in columns), list(rows))
            if not cursor.nextset():
                return replace(found, messages=tuple(messages))
    finally:
        cursor.close()


def read_frame(connection: Connection, sql: str, params: Sequence[Any] = ()) -> pd.DataFrame:
    """`Database.read` on a connection of one's own."""
    import pandas as pd

    found = fetch(connection, sql, params)
    columns: list[Sequence[Any]] = list(zip(*found.rows, strict=True)) if found.rows else [()] * len(found.names)
    series = [_series(values, kind) for values, kind in zip(columns, found.kinds, strict=True)]
    frame = pd.concat(series, axis=1) if series else pd.DataFrame()
    frame.columns = pd.Index(found.names)
    return frame


def _series(values: Sequence[Any], kind: Any) -> pd.Series[Any]:
    """One column by the type that the driver reports (a Python type): dtypes must not hang on the rows that came."""
    import datetime
    import decimal

    import pandas as pd

    kind = kind if isinstance(kind, type) else type(next((value for value in values if value is not None), None))
    if kind in (float, decimal.Decimal):
        return pd.Series(values, dtype="float64")
    if kind in (int, bool):
        has_null = any(value is None for value in values)
        return pd.Series(values, dtype="float64" if has_null else ("int64" if kind is int else "bool"))
    if kind is datetime.datetime:
        return pd.Series(pd.to_datetime(list(values)), dtype="datetime64[us]")
    return pd.Series(list(values), dtype="object")


def insert_frame(
    connection: Connection, table: str, frame: pd.DataFrame, *, progress: Callable[[int], None] | None = None
) -> int:
    """Insert all rows of a DataFrame by column name, in batches of N_ROWS_A_BATCH; returns the number of rows.

    `table` is T-SQL text (quote it with `pymlsql.quoting`). NaN, NaT and None become NULL; timestamps are sent as
    datetime. `progress` is called with the number of rows of each batch.
    """
    from pymlsql.quoting import ident

    names = ", ".join(ident(str(name)) for name in frame.columns)
    sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(frame.columns))})"
    for start in range(0, len(frame), N_ROWS_A_BATCH):
        rows = list(_python_rows(frame.iloc[start : start + N_ROWS_A_BATCH]))
        connection.exec_driver_sql(sql, rows)
        if progress is not None:
            progress(len(rows))
    return len(frame)


def _python_rows(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    """Rows of plain Python values, column by column: drivers bind neither numpy scalars nor Timestamps."""
    columns = []
    for position in range(frame.shape[1]):
        series = frame.iloc[:, position]
        missing = series.isna()
        if series.dtype.kind == "M":
            values: list[Any] = list(series.dt.to_pydatetime()) if not missing.any() else _datetimes(series)
        else:
            values = series.tolist()
        if missing.any():
            values = [None if absent else value for value, absent in zip(values, missing, strict=True)]
        columns.append(values)
    return zip(*columns, strict=True)


def _datetimes(series: pd.Series[Any]) -> list[Any]:
    return [None if absent else value.to_pydatetime() for value, absent in zip(series, series.isna(), strict=True)]


def _create_engine(url: URL) -> Engine:
    if url.get_driver_name() == "pyodbc":
        problem = drivers.load_pyodbc()
        if problem is not None:
            raise DriverError(f"pyodbc cannot be loaded ({problem}): apt-get install unixodbc.")
        return sqlalchemy.create_engine(
            url, fast_executemany=True, use_setinputsizes=False, connect_args={"timeout": LOGIN_TIMEOUT_S}
        )
    connect = url.query.get("odbc_connect")
    if url.get_driver_name() == "mssqlpython" and isinstance(connect, str):
        import mssql_python

        return sqlalchemy.create_engine("mssql+mssqlpython://", creator=lambda: mssql_python.connect(connect))
    return sqlalchemy.create_engine(url)


@contextmanager
def translated_errors() -> Generator[None]:
    """Turn what drivers and SQLAlchemy raise into the toolkit's errors."""
    try:
        yield
    except PymlsqlError:
        raise
    except DBAPIError as error:
        raise translate(error.orig or error) from error
    except (SQLAlchemyError, ImportError) as error:
        raise DatabaseError(_one_line(str(error))) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in {"pyodbc", "mssql_python"}:
            raise
        raise translate(error) from error


def translate(error: BaseException) -> PymlsqlError:
    """The toolkit's error for one of pyodbc or mssql-python.

    The server may send several messages for one statement (39004 and 51005). A number of our own procedures (50000
    and above, THROW) says most and wins; else the first one counts.
    """
    text = str(error.args[-1]) if error.args else str(error)
    found = [(int(number), _one_line(message)) for message, number in _SERVER_MESSAGE.findall(text)]
    state = str(error.args[0]) if len(error.args) > 1 else ""
    match = _SQLSTATE.match(text)
    state = match[1] if match else state
    found = [(number, message) for number, message in found if number > 0]
    if found:
        number, message = next((pair for pair in found if pair[0] >= _THROWN), found[0])
        return DatabaseError(message, number)
    message = _one_line(_PREFIXES.sub("", re.sub(r"\s*\(0\)\s*\(SQL\w+\)", "", text)))
    message = re.sub(r"^Driver Error: .*?; DDBC Error: ", "", message)
    if "certificate verify failed" in text or "certificate chain" in text:
        return DatabaseError(
            "The server's certificate is not trusted here: install it on this machine, or add "
            "TrustServerCertificate=yes to the target (then the connection is encrypted, but nobody says with whom)."
        )
    if state in _NO_DRIVER:
        return DriverError(f"{message}: check the driver in the target, or leave it out.")
    if state in _NO_SERVER or "Client unable to establish connection" in text:
        return ServerNotRunning(f"The server does not answer: {message}")
    return DatabaseError(message)


def _one_line(text: str) -> str:
    return settings.redact(" ".join(text.split()))
