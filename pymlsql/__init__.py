"""pymlsql: machine learning inside SQL Server, as code.

Importing this package stays light: the toolkit's verbs load what they need when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymlsql.toolkit import Toolkit

__version__ = "0.1.0"


def connect(url: str | None = None) -> Toolkit:
    """A SQL Server with the toolkit's verbs: `with pymlsql.connect() as db: db.upgrade()`.

    `url` is a SQLAlchemy URL, an ODBC connection string or "embedded"; without it PYMLSQL_URL, pymlsql.toml and the
    server of the default data directory are tried, in this order.
    """
    from pymlsql.toolkit import connect as connect_toolkit

    return connect_toolkit(url)
