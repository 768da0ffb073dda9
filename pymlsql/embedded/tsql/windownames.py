"""The WINDOW clause: windows by name, and what OVER (name ...) adds to one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error

_ELEMENTS = ("partition_by", "order", "spec")


def named_windows(nodes: list[exp.Expr], level: int, line: int) -> Mapping[str, exp.Expr]:
    """The windows of a WINDOW clause by name in lower case. Raises 102 below level 160, 16211."""
    if not nodes:
        return {}
    if level < 160:
        raise sql_error(102, nodes[0].name, line=line)
    found: dict[str, exp.Expr] = {}
    for node in nodes:
        if node.name.lower() in found:
            raise sql_error(16211, line=line)
        found[node.name.lower()] = node
    return found


def resolved(
    node: exp.Expr, windows: Mapping[str, exp.Expr], line: int, seen: tuple[str, ...] = ()
) -> dict[str, object]:
    """The parts of a window: its own, and those of the window that it names. Raises 4123, 5362, 5365."""
    own = {part: node.args.get(part) for part in _ELEMENTS if node.args.get(part)}
    base = node.args.get("alias")
    if base is None:
        return own
    name = base.name.lower()
    if name in seen:
        raise sql_error(5365 if name != seen[-1] else 5362, base.name, line=line)
    if name not in windows:
        raise sql_error(5362, base.name, line=line)
    inherited = resolved(windows[name], windows, line, (*seen, name))
    if set(own) & set(inherited):
        raise sql_error(4123, line=line)
    return {**inherited, **own}
