"""STRING_ESCAPE by the rules of JSON (sql-docs, "STRING_ESCAPE (Transact-SQL)")."""

from __future__ import annotations

import re

ESCAPE = "pymlsql_escape"
_NAMED = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """``text`` as it stands between the quotes of JSON."""
    return re.sub(r'["\\/\x00-\x1f]', lambda m: _NAMED.get(m[0]) or f"\\u{ord(m[0]):04x}", text)
