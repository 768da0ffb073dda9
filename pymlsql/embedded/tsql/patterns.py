"""LIKE and PATINDEX patterns as regular expressions (RE2). Source: "LIKE (Transact-SQL)" of sql-docs."""

from __future__ import annotations

from pymlsql.embedded.tsql.typed import Typed, quote_text

_SPECIAL = frozenset("\\.^$|?*+()[]{}")
_NOTHING = "[^\\s\\S]"
"""What matches no character at all: an open bracket, an empty set."""


def like_regex(pattern: str, escape: str = "") -> str:
    """A LIKE pattern as a regular expression, to be matched whole and across lines."""
    pieces: list[str] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if escape and char == escape:
            if index == len(pattern):
                return _NOTHING  # an escape character at the end escapes nothing, and nothing is found
            pieces.append(_plain(pattern[index]))
            index += 1
        elif char == "%":
            pieces.append(".*")
        elif char == "_":
            pieces.append(".")
        elif char == "[":
            found, index = _set(pattern, index, escape)
            pieces.append(found)
        else:
            pieces.append(_plain(char))
    return "".join(pieces)


def _plain(char: str) -> str:
    return "\\" + char if char in _SPECIAL else char


def _set(pattern: str, index: int, escape: str) -> tuple[str, int]:
    """The set behind ``[``, and where it ends. The first ] closes it; ranges are a-z; ^ inverts."""
    inverted = pattern[index : index + 1] == "^"
    index += inverted
    body: list[str] = []
    while index < len(pattern) and pattern[index] != "]":
        if escape and pattern[index] == escape and index + 1 < len(pattern):
            index += 1
        char = pattern[index]
        if char == "-" and body and index + 1 < len(pattern) and pattern[index + 1] != "]":
            last = pattern[index + 1]
            if body[-1][-1] <= last:
                body[-1] = f"{body[-1]}-{_in_set(last)}"
            else:
                body.pop()
            index += 1
        else:
            body.append(_in_set(char))
        index += 1
    if index >= len(pattern):
        return _NOTHING, len(pattern)
    if not body:
        return (r"[\s\S]" if inverted else _NOTHING), index + 1
    return f"[{'^' if inverted else ''}{''.join(body)}]", index + 1


def _in_set(char: str) -> str:
    return "\\" + char if char in "\\[]^-" else char


def like_sql(value: Typed, pattern: Typed, escape: str) -> str:
    """``value LIKE pattern`` in DuckDB, by the collation: case does not count unless it is binary.

    Blanks at the end of the pattern count; those at the end of the value do not, unless either is Unicode.
    """
    binary = value.binary or pattern.binary
    padded = not (value.type.is_unicode or pattern.type.is_unicode)
    flags = "'s'" if binary else "'si'"
    if isinstance(pattern.constant, str):
        simple = _simple(value, pattern.constant, escape, binary, padded)
        regex = quote_text(like_regex(pattern.constant, escape) + (" *" if padded else ""))
        return simple or f"regexp_full_match({value.sql}, {regex}, {flags})"
    regex = _regex_sql(pattern.sql, escape) + (" || ' *'" if padded else "")
    return f"regexp_full_match({value.sql}, {regex}, {flags})"


def _simple(value: Typed, pattern: str, escape: str, binary: bool, padded: bool) -> str:
    """Patterns of a plain text with % at its ends need no regular expression; "" for others."""
    core = pattern.strip("%")
    if not core or any(char in core for char in "%_[") or (escape and escape in pattern):
        return ""
    text = value.sql if binary else f"lower({value.sql})"
    wanted = quote_text(core if binary else core.lower())
    before, after = pattern.startswith("%"), pattern.endswith("%")
    if after:
        return f"{'contains' if before else 'starts_with'}({text}, {wanted})"
    if padded:
        if core.endswith(" "):
            return ""
        text = f"rtrim({text}, ' ')"
    return f"ends_with({text}, {wanted})" if before else f"({text} = {wanted})"


def _regex_sql(pattern: str, escape: str) -> str:
    """A pattern known only at run time as a regular expression: its pieces are translated one by one.

    A piece is an escaped character, a set, or one character.
    """
    escaped = "\\" + escape if escape in _SPECIAL else escape
    split = (f"{escaped}(?s:.)|" if escape else "") + r"\[\^?[^\]]*\]|(?s:.)"
    plain = "regexp_escape({})"
    cases = ["WHEN p = '%' THEN '.*'", "WHEN p = '_' THEN '.'"]
    if escape:
        cases.insert(0, f"WHEN length(p) = 2 AND p[1] = {quote_text(escape)} THEN {plain.format('p[2]')}")
    cases.append(f"WHEN p IN ('[', '[]', '[^]') THEN {quote_text(_NOTHING)}")
    body = "replace(replace(p[2:-2], '\\', '\\\\'), '[', '\\[')"
    cases.append(f"WHEN length(p) > 1 THEN '[' || {body} || ']'")
    each = f"lambda p: CASE {' '.join(cases)} ELSE {plain.format('p')} END"
    return f"array_to_string(list_transform(regexp_extract_all({pattern}, {quote_text(split)}), {each}), '')"
