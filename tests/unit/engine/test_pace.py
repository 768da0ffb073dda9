"""Plans that have been quick run on one thread, and what else there is to be decided on threads stays as it was."""

from __future__ import annotations

from pymlsql.embedded.engine.pace import N_RUNS, QUICK_S, Pace
from tests.unit.engine.conftest import Client


def test_only_quick_runs_in_a_row_count() -> None:
    pace = Pace()
    for _ in range(N_RUNS - 1):
        pace.ran(QUICK_S / 2)
    assert not pace.is_quick
    pace.ran(QUICK_S)
    pace.ran(QUICK_S / 2)
    assert not pace.is_quick
    for _ in range(N_RUNS):
        pace.ran(QUICK_S / 2)
    assert pace.is_quick
    pace.ran(1.0)
    assert not pace.is_quick


def test_what_was_wrongly_taken_for_quick_is_tried_again_later() -> None:
    pace = Pace()
    for wanted in (N_RUNS, 2 * N_RUNS, 4 * N_RUNS):
        for _ in range(wanted):
            assert not pace.is_quick
            pace.ran(0)
        assert pace.is_quick
        pace.ran(QUICK_S)


def test_each_plan_has_a_pace_of_its_own_and_gives_the_same_however_often(client: Client) -> None:
    client.run("CREATE TABLE t (a int); INSERT INTO t SELECT value FROM GENERATE_SERIES(1, 300000)")
    found = [client.run("DECLARE @n int = 5; SELECT COUNT(*), SUM(a * 1.0) FROM t WHERE a <= @n") for _ in range(6)]
    assert client.errors == []
    assert found == [found[0]] * 6
    plans = [plan for plan in client.session.engine.plans._plans.values() if hasattr(plan, "pace")]
    assert len({id(plan.pace) for plan in plans}) == len(plans) > 0
