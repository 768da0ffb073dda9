"""200,000 rows scored where they lie, against a client that reads them, scores them and writes the predictions back.

Both use the same server, the same model and the same script. The client reads with pandas.read_sql over SQLAlchemy,
scores with all cores, and writes with fast_executemany in one transaction, which is the usual way without a script.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pyodbc
import sqlalchemy as sa
from measure import enable_scripts, interleaved, judged, median_ratio, report, server, sized
from rows import COLUMNS, boosting, call, check_close, fitted, make_direct, make_served, push, run_script

N_ROWS = sized(200_000, 10_000)
N_ROUNDS = sized(3, 1)


class Client:
    """The way round through a client."""

    def __init__(self, url: str, odbc: str, model: bytes) -> None:
        self.engine = sa.create_engine(url)
        self.writer = pyodbc.connect(odbc, autocommit=False)
        self.model = model
        self.seconds: dict[str, list[float]] = {}

    def run(self) -> None:
        """Read, score, write back."""
        with self.engine.connect() as reader:
            frame = pd.read_sql(sa.text(f"SELECT {COLUMNS} FROM dbo.Features"), reader)
        scored = run_script(frame, self.model)
        cursor = self.writer.cursor()
        cursor.fast_executemany = True
        cursor.executemany(
            "INSERT INTO dbo.FromClient VALUES (?, ?)",
            list(zip(scored["id"].tolist(), scored["p"].tolist(), strict=True)),
        )
        self.writer.commit()

    def close(self) -> None:
        """Log out."""
        self.writer.close()
        self.engine.dispose()


def main() -> None:
    """Set up, time both ways in turn, compare what they stored."""
    with server() as target:
        connection = pyodbc.connect(target.odbc, autocommit=True)
        enable_scripts(connection)
        make_served(connection, N_ROWS)
        for table in ("FromClient", "FromServer"):
            connection.execute(f"CREATE TABLE dbo.{table} (id int NOT NULL, p float NULL)")
        with duckdb.connect() as store:
            make_direct(store, N_ROWS)
            model = fitted(boosting(), store)
            push(connection, store, "boosting", model)
        client = Client(target.url, target.odbc, model)
        batch = call("boosting", into="dbo.FromServer")

        def clear() -> None:
            connection.execute("TRUNCATE TABLE dbo.FromClient")
            connection.execute("TRUNCATE TABLE dbo.FromServer")

        def compare() -> None:
            left, right = (
                connection.execute(f"SELECT id, p FROM dbo.{table}").fetchall()
                for table in ("FromServer", "FromClient")
            )
            check_close("boosting", left, right)

        clear()
        client.run()
        connection.execute(batch).close()
        compare()
        around, inside = interleaved(
            N_ROUNDS, client.run, lambda: connection.execute(batch).close(), before=clear, within_s=40
        )
        client.close()
        connection.close()
    report(judged("client", median_ratio(around, inside)),
           client_s=sorted(around), exec_s=sorted(inside))  # fmt: skip


if __name__ == "__main__":
    main()
