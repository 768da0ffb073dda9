"""The history as T-SQL, as a DBA gets it from `pymlsql db sql`."""

from __future__ import annotations

import re

import pytest

from pymlsql import batches, migrate
from pymlsql.errors import MigrationError
from pymlsql.schema import METADATA
from tests.golden.cases import check_golden


def test_upgrade_script_is_its_golden_text() -> None:
    check_golden("upgrade", migrate.render_sql())


def test_script_is_safe_for_sqlcmd() -> None:
    """It stops at an error, sets what indexes need, and no batch of the transaction runs without it."""
    head, *rest = batches.split(migrate.render_sql())
    assert ":on error exit" in head
    for option in ("SET QUOTED_IDENTIFIER ON", "SET ANSI_NULLS ON", "SET XACT_ABORT ON"):
        assert option in head
    assert rest[0].startswith("BEGIN TRANSACTION")
    assert rest[-2:] == ["COMMIT;", "SET NOEXEC OFF;"]
    inside = rest[1:-1]
    assert inside[::2] == [migrate.GUARD] * (len(inside) // 2)
    assert migrate.GUARD not in inside[1::2]


def test_every_constraint_and_index_of_the_history_is_named() -> None:
    script = migrate.render_sql()
    keyword = r"PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK|DEFAULT"
    named = re.findall(rf"CONSTRAINT (\w+) (?:{keyword})", script)
    assert len(named) == len(re.findall(rf"\b(?:{keyword})\b", script)) > 30
    assert len(set(named)) == len(named)


def test_history_creates_exactly_the_tables_of_the_metadata() -> None:
    created = set(re.findall(r"CREATE TABLE (\S+) \(", migrate.render_sql()))
    declared = {f"{table.schema or 'dbo'}.{table.name}" for table in METADATA.tables.values()}
    assert created == declared | {"ml.alembic_version"}


def test_each_branch_stands_alone() -> None:
    package, example = migrate.render_sql("pymlsql@head"), migrate.render_sql("pdm@head")
    assert "ml.scoring_runs" in package
    assert "PdM_" not in package
    assert "dbo.FailurePredictions" in example
    assert "ml.scoring_runs" not in example


def test_heads_are_one_revision_a_branch() -> None:
    assert migrate.heads() == ("ml_0006", "pdm_0002")


def test_unknown_target_is_refused_with_what_there_is() -> None:
    with pytest.raises(MigrationError, match="heads, base"):
        migrate.render_sql("tomorrow")
