"""`python -m pymlsql.examples.demand`: make and fill the tables of the example on the server that the settings name."""

from __future__ import annotations

import sys

import pymlsql
from pymlsql.errors import PymlsqlError
from pymlsql.examples.demand.generator import generate
from pymlsql.examples.filling import fill


def main() -> int:
    """Do it, and say how many rows there are; the exit status."""
    frames = generate()
    try:
        with pymlsql.connect() as db:
            fill(db, "demand", frames)
    except PymlsqlError as error:
        sys.stderr.write(f"pymlsql: {error}\n")
        return error.exit_code
    for table, frame in frames.items():
        sys.stdout.write(f"{table}: {len(frame):,} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
