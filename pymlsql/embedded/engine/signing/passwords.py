"""What SQL Server on Linux asks of passwords that protect keys."""

from __future__ import annotations

from pymlsql.embedded.tsql.messages import sql_error

_SHORTEST = 8
_KINDS = 3


def check_password(password: str) -> None:
    """Eight characters of three kinds out of capitals, small letters, digits and others. Raises 15116, 15118."""
    if len(password) < _SHORTEST:
        raise sql_error(15116)
    kinds = {"upper" if c.isupper() else "lower" if c.islower() else "digit" if c.isdigit() else "other"
             for c in password}  # fmt: skip
    if len(kinds) < _KINDS:
        raise sql_error(15118)
