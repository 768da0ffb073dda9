"""rights.py against the rules read one by one: for each entry, does it allow or deny what is asked?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.engine.security.permissions import CLASSES, DENIED, Permission
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, Rights, Securable

USER, ROLE, PUBLIC, STRANGER, DBO = 5, 6, 0, 7, 1
NUMBERS = {"DATABASE": 0, "SCHEMA": 3, "OBJECT": 1}
IDS = {"DATABASE": 0, "SCHEMA": 10, "OBJECT": 100}
NAMES = ["CONTROL", "ALTER", "SELECT", "UPDATE", "EXECUTE", "VIEW DEFINITION", "TAKE OWNERSHIP"]


@st.composite
def entries(draw: st.DrawFn) -> Permission:
    kind = draw(st.sampled_from(list(NUMBERS)))
    name = draw(st.sampled_from([*NAMES, "ALTER ANY SCHEMA"] if kind == "DATABASE" else NAMES))
    column = draw(st.sampled_from([0, 0, 1, 2])) if kind == "OBJECT" and name in ("SELECT", "UPDATE") else 0
    major = IDS[kind] + (draw(st.integers(0, 1)) if kind != "DATABASE" else 0)
    grantee, state = draw(st.sampled_from([USER, ROLE, PUBLIC, STRANGER])), draw(st.sampled_from("GWD"))
    return Permission(NUMBERS[kind], major, column, grantee, DBO, name, state)


OWNERS = st.sampled_from([DBO, STRANGER, STRANGER, ROLE, USER])
KEPT = st.lists(entries(), max_size=8)


def implies(kind: str, name: str, wanted_kind: str, wanted: str) -> bool:
    """Whether ``name`` on a thing of class ``kind`` is enough for ``wanted`` on what lies in it, or on itself."""
    if (kind, name) == (wanted_kind, wanted):
        return True
    declared = CLASSES[wanted_kind].permissions[wanted]
    if declared.covering and implies(kind, name, wanted_kind, declared.covering):
        return True
    outer = CLASSES[wanted_kind].container
    return outer in NUMBERS and bool(declared.above) and implies(kind, name, outer, declared.above)


def holds(kept: list[Permission], owners: tuple[int, int], wanted: str, column: int) -> bool:
    """The naive answer for object 100 in schema 10."""
    object_owner, schema_owner = owners
    if object_owner == USER:
        return True
    allowed = object_owner == ROLE or schema_owner in (USER, ROLE)
    mine = [e for e in kept if e.grantee in (USER, ROLE, PUBLIC)]
    of_column = {
        e.state for e in mine if column and (e.securable, e.major, e.minor, e.name) == (1, 100, column, wanted)
    }
    if DENIED in of_column:
        return False
    for entry in mine:
        kind = next(kind for kind, number in NUMBERS.items() if number == entry.securable)
        if entry.minor or entry.major != IDS[kind] or not implies(kind, entry.name, "OBJECT", wanted):
            continue
        overridden = bool(of_column) and (kind, entry.name) == ("OBJECT", wanted)
        if entry.state == DENIED and not overridden:
            return False
        allowed = allowed or entry.state != DENIED
    return allowed or bool(of_column)


def answer(kept: list[Permission], owners: tuple[int, int], wanted: str, column: int) -> bool:
    """What rights.py says."""
    schema = Securable("SCHEMA", 10, owners[1], DATABASE_SECURABLE)
    rights = Rights(principals=frozenset({USER, ROLE, PUBLIC}), owners=frozenset({USER}))
    rights.add(kept)
    return rights.holds(wanted, Securable("OBJECT", 100, owners[0], schema), column)


@settings(max_examples=400, deadline=None)
@given(kept=KEPT, owners=st.tuples(OWNERS, OWNERS), wanted=st.sampled_from(NAMES), column=st.sampled_from([0, 1]))
def test_rights_are_those_of_the_rules(
    kept: list[Permission], owners: tuple[int, int], wanted: str, column: int
) -> None:
    column = column if wanted in ("SELECT", "UPDATE") else 0
    assert answer(kept, owners, wanted, column) == holds(kept, owners, wanted, column)


@settings(max_examples=200, deadline=None)
@given(kept=KEPT, added=entries(), owners=st.tuples(OWNERS, OWNERS), wanted=st.sampled_from(["SELECT", "CONTROL"]))
def test_a_grant_takes_nothing_and_a_denial_gives_nothing(
    kept: list[Permission], added: Permission, owners: tuple[int, int], wanted: str
) -> None:
    before = answer(kept, owners, wanted, 0)
    assert answer([*kept, replace(added, state="G")], owners, wanted, 0) >= before
    assert answer([*kept, replace(added, state=DENIED)], owners, wanted, 0) <= before
