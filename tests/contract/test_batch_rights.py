"""Who may execute the procedures of a project needs EXECUTE on them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest
from sklearn.linear_model import LogisticRegression

from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.people import People, people
from tests.contract.trained import Example, examples, pipeline

PROCEDURES = ("dbo.ScoreCalls", "dbo.EvaluateCalls", "dbo.PurgeCallPredictions")


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with examples(target) as made:
        example = Example(made, "bank", "score")
        example.fit(pipeline(example.features, LogisticRegression(max_iter=500)))
        yield made


@pytest.fixture(scope="module")
def somebody(target: servers.Target, db: Toolkit) -> Iterator[People]:
    with people(target) as made:
        made.make("batchcaller")
        for name in PROCEDURES:
            made.run(f"GRANT EXECUTE ON {name} TO batchcaller")
        yield made


def first(connection: Any, sql: str) -> Any:
    return connection.cursor().execute(sql).fetchone()


def test_execute_is_enough_for_scoring_evaluation_and_retention(somebody: People, db: Toolkit) -> None:
    connection = somebody.connect("batchcaller")
    assert first(connection, "EXEC dbo.ScoreCalls @unscored = 1").predicted in ("no", "yes")
    assert db.scalar("SELECT COUNT(*) FROM dbo.ServedCallPredictions") == 900
    assert first(connection, "EXEC dbo.EvaluateCalls").n > 0
    assert first(connection, "EXEC dbo.PurgeCallPredictions @days = 5").n_runs == 0
    for table in ("dbo.CallPredictions", "dbo.ServedCallPredictions", "dbo.CallEvaluations", "ml.scoring_runs"):
        with pytest.raises(pyodbc.Error, match="229"):
            connection.execute(f"SELECT * FROM {table}")
