"""sp_getapplock between sessions: which modes go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import error_number
from tests.servers import Target

MODES = ("IntentShared", "Shared", "Update", "IntentExclusive", "Exclusive")
TOGETHER = {
    "IntentShared": {"IntentShared", "Shared", "Update", "IntentExclusive"},
    "Shared": {"IntentShared", "Shared", "Update"},
    "Update": {"IntentShared", "Shared"},
    "IntentExclusive": {"IntentShared", "IntentExclusive"},
    "Exclusive": set(),
}
"""By the mode that is held, those that another session is granted (the guide to locking, "Lock compatibility")."""


@pytest.fixture
def sessions(server: Target) -> Iterator[tuple[Any, Any]]:
    one, other = (pyodbc.connect(server.odbc, autocommit=True, timeout=20) for _ in range(2))
    yield one.cursor(), other.cursor()
    one.close()
    other.close()


def granted(cursor: Any, mode: str, owner: str = "Session") -> int:
    """What sp_getapplock returns that does not wait."""
    sql = "SET NOCOUNT ON; DECLARE @r int; EXEC @r = sp_getapplock 'modes', ?, ?, 0; SELECT @r"
    return int(cursor.execute(sql, mode, owner).fetchval())


def release(cursor: Any, owner: str = "Session") -> None:
    cursor.execute("EXEC sp_releaseapplock 'modes', ?", owner)


@pytest.mark.parametrize("held", MODES)
def test_modes_go_together_as_documented(sessions: tuple[Any, Any], held: str) -> None:
    one, other = sessions
    assert granted(one, held) == 0
    for mode in MODES:
        assert granted(other, mode) == (0 if mode in TOGETHER[held] else -1), mode
        if mode in TOGETHER[held]:
            release(other)
    release(one)


def test_a_second_mode_is_added_and_stays(sessions: tuple[Any, Any]) -> None:
    one, other = sessions
    assert (granted(one, "Shared"), granted(one, "Exclusive")) == (0, 0)
    release(one)
    assert granted(other, "IntentShared") == -1
    release(one)
    assert granted(other, "IntentShared") == 0
    release(other)


def test_the_owner_is_part_of_the_lock(sessions: tuple[Any, Any]) -> None:
    one, _ = sessions
    assert granted(one, "Shared") == 0
    one.execute("BEGIN TRAN")
    with pytest.raises(pyodbc.Error) as caught:
        release(one, "Transaction")
    assert error_number(caught.value) == 1223
    one.execute("ROLLBACK")
    release(one)


def test_a_transaction_owns_locks_as_long_as_it_lasts(sessions: tuple[Any, Any]) -> None:
    one, other = sessions
    with pytest.raises(pyodbc.Error) as caught:
        granted(one, "Shared", "Transaction")
    assert error_number(caught.value) == 3918
    one.execute("BEGIN TRAN")
    assert granted(one, "Exclusive", "Transaction") == 0
    assert granted(other, "Shared") == -1
    one.execute("COMMIT")
    assert granted(other, "Shared") == 0
    release(other)
