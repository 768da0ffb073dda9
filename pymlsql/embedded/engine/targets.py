"""What a statement changes: a table, or through an alias, a view, a common table expression or a derived table the one
table below it.

The query that finds the rows gives their rowids. Where the target is not the table itself, each query on the way down
gives the column ROWID too, which no T-SQL text can name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine.catalog import Module, Table
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.tsql.dialect import parse_query
from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.scope import ROWID
from pymlsql.embedded.tsql.sources import with_rowid

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_NUMBERS = {"grouped": (4403, 4418), "union": (4426, 4417), "several": (4405, 4420), "derived": (4406, 4421)}
"""What is wrong with a view or common table expression, and with a derived table."""


@dataclass(frozen=True, slots=True)
class Target:
    """``tree`` is a query whose FROM has the target under the name ``alias``. ``columns`` are the target's columns by
    lower-case name, with the table's own names, "" for one that is computed. ``rowids`` is what
    :attr:`SessionNames.rowids` has to be."""

    table: Table
    tree: exp.Expr
    alias: str
    columns: Mapping[str, str]
    rowids: Mapping[int, str]
    views: tuple[Module, ...] = ()
    is_table: bool = True
    """Whether FROM has the table itself."""


@dataclass(slots=True)
class _Descent:
    """The way from the target down to its table."""

    session: Session
    commons: dict[str, exp.Expr]
    wanted: Collection[str] | None
    rowids: dict[int, str] = field(default_factory=dict)
    views: list[Module] = field(default_factory=list)
    in_view: bool = False
    """Whether the queries are those of a view, which are not changed."""


def target_table(session: Session, name: Name) -> Table:
    """The table of this name. Raises 208, 1087, or 40510 for a view."""
    found = _named(session, name)
    if not isinstance(found, Table):
        raise unsupported("changing a view as a table")
    return found


def _named(session: Session, name: Name) -> Table | Module:
    if name.object.startswith(("#", "@")):
        table = session.temporary.get(name.object.lower())
        if table is None:
            raise sql_error(1087 if name.object.startswith("@") else 208, name.object)
        entry = session.entry(name.object)
        if entry is not None and entry.readonly:
            raise sql_error(10700, name.object)
        return table
    found = names(session).find(name)
    if found is None or (isinstance(found, Module) and found.kind != "V"):
        raise sql_error(208, str(name))
    return found


def written_name(name: Name) -> str:
    """A name as T-SQL text."""
    if name.object.startswith("@"):
        return name.object
    return ".".join("[" + part.replace("]", "]]") + "]" if part else "" for part in name.parts)


def find_target(session: Session, target: Name, source: Text | None, common: Text | None,
                wanted: Collection[str] | None, alias: str = "") -> Target:  # fmt: skip
    """The target of a change of the columns ``wanted`` (lower case; None: of whole rows). ``source`` is its FROM, where
    the target may stand under an alias, or not at all. Raises 207, 208, 1087, 4403 to 4426, 8154."""
    own = written_name(target) + (f" AS [{alias}]" if alias else "")
    text = f"{common.sql if common else ''} SELECT 1 AS one FROM {source.sql if source else own}"
    tree = parse_query(text, source.line if source else 1)
    entry = _entry_of(session, target, sources_of(tree)) if source is not None else sources_of(tree)[0]
    if entry is not None and common is None and (name := source_name(entry)) is not None:
        found = _named(session, name)
        if isinstance(found, Table):
            return Target(found, tree, entry.alias or name.object, _columns_of(found), {found.object_id: ""})
    tree = tree.copy()
    entry = _entry_of(session, target, sources_of(tree)) if source is not None else sources_of(tree)[0]
    if entry is None:
        tree = parse_query(f"{text} CROSS JOIN {own}").copy()
        entry = sources_of(tree)[-1]
    with_ = tree.args.get("with_")
    commons = {common.alias.lower(): common for common in with_.expressions} if with_ is not None else {}
    descent = _Descent(session, commons, wanted)
    table, columns = _descend(descent, entry)
    is_table = not descent.views and not isinstance(entry, exp.Subquery) and _common_of(descent, entry) is None
    name = source_name(entry)
    exposed = entry.alias or (name.object if name is not None else "")
    return Target(table, tree, exposed, columns, descent.rowids, tuple(descent.views), is_table)


def _columns_of(table: Table) -> dict[str, str]:
    return {column.name.lower(): column.name for column in table.columns}


def sources_of(tree: exp.Expr) -> list[exp.Expr]:
    """The entries of a query's FROM."""
    from_ = tree.args.get("from_")
    if from_ is None:
        return []
    nested = from_.this.args.get("joins") if isinstance(from_.this, exp.Table) else None
    return [from_.this, *(join.this for join in [*(nested or []), *(tree.args.get("joins") or [])])]


def source_name(node: exp.Expr) -> Name | None:
    """The name of a table, view or table variable in FROM; None for anything else."""
    if not isinstance(node, exp.Table):
        return None
    if isinstance(node.this, exp.Parameter):
        return Name(("@" + node.this.name.lower(),))
    if not isinstance(node.this, exp.Identifier):
        return None
    parts = tuple(getattr(node.args[p], "name", "") for p in ("catalog", "db") if node.args.get(p) is not None)
    return Name((*parts, ("#" if node.this.args.get("temporary") else "") + node.this.name))


def _entry_of(session: Session, target: Name, entries: list[exp.Expr]) -> exp.Expr | None:
    """The entry that the target's name means: by its alias, else by its own name. Raises 8154."""
    wanted = target.object.lower()
    if len(target.parts) == 1:
        by_alias = next((entry for entry in entries if entry.alias.lower() == wanted), None)
        if by_alias is not None:
            return by_alias
    named = [(entry, name) for entry in entries if (name := source_name(entry)) is not None
             and name.object.lower() == wanted and _agree(session, name, target)]  # fmt: skip
    if len(named) > 1:
        named = [(entry, name) for entry, name in named if not entry.alias]
        if len(named) != 1:
            raise sql_error(8154, str(target))
    return named[0][0] if named else None


def _agree(session: Session, name: Name, target: Name) -> bool:
    here = session.database.lower()
    if (name.database.lower() or here) != (target.database.lower() or here):
        return False
    return not name.schema or not target.schema or name.schema.lower() == target.schema.lower()


def _common_of(descent: _Descent, entry: exp.Expr) -> exp.Expr | None:
    name = source_name(entry)
    if name is None or len(name.parts) > 1:
        return None
    return descent.commons.get(name.object.lower())


def _descend(descent: _Descent, entry: exp.Expr) -> tuple[Table, dict[str, str]]:
    """The table below an entry of FROM, and the entry's columns by name; on the way the queries get ROWID."""
    if isinstance(entry, exp.Subquery) and isinstance(entry.this, exp.Query) and not descent.in_view:
        return _through(descent, entry, entry.this, entry.alias, derived=True)
    common = _common_of(descent, entry)
    if common is not None:
        return _through(descent, common, common.this, common.alias)
    name = source_name(entry)
    if name is None:
        raise unsupported("changing what is not a table or view")
    found = _named(descent.session, name)
    if isinstance(found, Table):
        descent.rowids[found.object_id] = ""
        return found, _columns_of(found)
    descent.views.append(found)
    assert found.query is not None
    return _through_view(descent, found)


def _through_view(descent: _Descent, view: Module) -> tuple[Table, dict[str, str]]:
    assert view.query is not None
    commons, descent.commons, descent.in_view = descent.commons, {}, True
    with descent.session.at(view):
        below, alias = _below(descent, parse_query(view.query.sql), view.name, list(view.column_names), derived=False)
    descent.commons = commons
    descent.rowids[view.object_id] = alias
    return below


def _through(descent: _Descent, holder: exp.Expr, tree: exp.Expr, name: str, *,
             derived: bool = False) -> tuple[Table, dict[str, str]]:  # fmt: skip
    """Down through a query that stands in ``holder``, which gets one with ROWID instead."""
    alias_node = holder.args.get("alias")
    given = [column.name for column in alias_node.args.get("columns") or []] if alias_node is not None else []
    below, alias = _below(descent, tree, name, given, derived=derived)
    holder.set("this", with_rowid(tree, alias))
    if given and alias_node is not None:
        alias_node.append("columns", exp.to_identifier(ROWID, quoted=True))
    return below


def _below(descent: _Descent, tree: exp.Expr, name: str, given: list[str], *,
           derived: bool) -> tuple[tuple[Table, dict[str, str]], str]:  # fmt: skip
    """The table below a query and the query's columns, under the names ``given``; and which entry of FROM it is."""
    _check_shape(descent, tree, name, derived)
    entries = sources_of(tree)
    items = _items(descent, tree, entries)
    if given:
        items = [(new, entry, column) for new, (_, entry, column) in zip(given, items, strict=False)]
    known = {item[0].lower(): item for item in items}
    chosen = _chosen(descent, known, entries, name, derived)
    inner, descent.wanted = descent.wanted, None if descent.wanted is None else [
        known[column][2].lower() for column in descent.wanted]  # fmt: skip
    table, columns = _descend(descent, entries[chosen])
    descent.wanted = inner
    exposed = {
        column.lower(): columns.get(below.lower(), "") if entry == chosen else "" for column, entry, below in items
    }
    return (table, exposed), _exposed_name(entries[chosen])


def _exposed_name(entry: exp.Expr) -> str:
    name = source_name(entry)
    return entry.alias or (name.object if name is not None else "")


def _check_shape(descent: _Descent, tree: exp.Expr, name: str, derived: bool) -> None:
    if isinstance(tree, exp.SetOperation):
        raise _not_updatable("union" if descent.wanted is None else "derived", name, derived)
    if not isinstance(tree, exp.Select) or tree.args.get("with_"):
        raise unsupported("changing rows through a query with common table expressions")
    grouped = any(tree.args.get(part) for part in ("distinct", "group", "having"))
    if grouped or any(has_aggregate(item) for item in tree.expressions):
        raise _not_updatable("grouped", name, derived)


def _not_updatable(kind: str, name: str, derived: bool) -> SqlError:
    return sql_error(_NUMBERS[kind][derived], name)


def _chosen(descent: _Descent, known: Mapping[str, tuple[str, int, str]], entries: list[exp.Expr], name: str,
            derived: bool) -> int:  # fmt: skip
    """Which entry of FROM changes."""
    if descent.wanted is None:
        if len(entries) != 1:
            raise sql_error(4405, name)
        return 0
    for column in descent.wanted:
        if column not in known:
            raise sql_error(207, column)
        if known[column][1] < 0:
            raise _not_updatable("derived", name, derived)
    places = {known[column][1] for column in descent.wanted}
    if len(places) > 1 or not entries:
        raise _not_updatable("several", name, derived)
    return places.pop() if places else 0


def _items(descent: _Descent, tree: exp.Expr, entries: list[exp.Expr]) -> list[tuple[str, int, str]]:
    """The select list: name, entry of FROM (-1: computed) and the column there."""
    by_name = {_exposed_name(entry).lower(): place for place, entry in enumerate(entries)}
    found: list[tuple[str, int, str]] = []
    for node in tree.expressions:
        if isinstance(node, exp.EQ) and isinstance(node.this, exp.Column) and not node.this.args.get("table"):
            name, node = node.this.name, node.expression
        else:
            name = node.alias if isinstance(node, exp.Alias) else ""
            node = node.this if isinstance(node, exp.Alias) else node
        star = isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))
        qualifier = node.args["table"].name.lower() if isinstance(node, exp.Column) and node.args.get("table") else ""
        if star:
            places = [by_name[qualifier]] if qualifier in by_name else list(range(len(entries)))
            found += [(column, place, column) for place in places for column in _column_names(descent, entries[place])]
        elif isinstance(node, exp.Column):
            place = by_name.get(qualifier, -1) if qualifier else _holder(descent, entries, node.name)
            found.append((name or node.name, place, node.name))
        else:
            found.append((name, -1, ""))
    return found


def _holder(descent: _Descent, entries: list[exp.Expr], column: str) -> int:
    if len(entries) == 1:
        return 0
    wanted = column.lower()
    places = [i for i, e in enumerate(entries) if wanted in {name.lower() for name in _column_names(descent, e)}]
    return places[0] if len(places) == 1 else -1


def _column_names(descent: _Descent, entry: exp.Expr) -> list[str]:
    """The names of the columns of an entry of FROM."""
    common = _common_of(descent, entry)
    holder = entry if isinstance(entry, exp.Subquery) else common
    if holder is not None:
        alias = holder.args.get("alias")
        given = [column.name for column in alias.args.get("columns") or []] if alias is not None else []
        inner = holder.this
        return given or [item[0] for item in _items(descent, inner, sources_of(inner))]
    name = source_name(entry)
    if name is None:
        return []
    found = _named(descent.session, name)
    return [column.name for column in found.columns]


__all__ = ["Target", "find_target", "source_name", "sources_of", "target_table", "written_name"]
