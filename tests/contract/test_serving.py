"""The views for reports over what batch procedures serve: their rows, and queries as Power BI sends them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

from pymlsql import connect, project
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.people import outcome, people, values
from tests.contract.trained import Example, examples, pipeline

LATEST, RISK, DAILY = "dbo.CallPredictionsLatest", "dbo.CallPredictionsAtRisk", "dbo.CallPredictionsDaily"


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    """Two runs that succeeded, of two versions, a failed one, and one that was a shadow's."""
    with examples(target) as made:
        example = Example(made, "bank", "score")
        example.fit(pipeline(example.features, LogisticRegression(max_iter=500)))
        made.execute("EXEC dbo.ScoreCalls @unscored = 1, @return_rows = 0")
        example.fit(pipeline(example.features, LogisticRegression(max_iter=50, C=0.01)))
        alerted = made.scalar("SELECT MIN(callID) FROM dbo.CallPredictions WHERE alert = 1")
        made.execute("EXEC dbo.ScoreCalls @call_id = ?, @return_rows = 0", (alerted,))
        for status, is_shadow in (("failed", 0), ("running", 0), ("succeeded", 1)):
            made.execute(_OTHER, (status, is_shadow))
        yield made


_OTHER = """\
DECLARE @run bigint;
INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status, is_shadow, finished_at, duration_s, error)
SELECT TOP (1) model_version_id, procedure_name, ?, ?, GETUTCDATE(), 1.5, REPLICATE(N'x', 4000)
FROM ml.scoring_runs ORDER BY run_id;
SET @run = SCOPE_IDENTITY();
INSERT INTO dbo.CallPredictions (callID, called_at, predicted, p_no, p_yes, alert, model_version, run_id, scored_at)
SELECT TOP (5) callID, called_at, N'yes', 0, 1, 1, 9, @run, '2999-01-01'
FROM dbo.CallPredictions WHERE run_id = 1 ORDER BY callID;"""


@pytest.fixture(scope="module")
def reader(target: servers.Target, db: Toolkit) -> Iterator[Any]:
    with people(target) as made:
        made.make("powerbi")
        made.run("ALTER ROLE ml_reader ADD MEMBER powerbi")
        yield made.connect("powerbi")


def test_each_entity_has_its_latest_prediction_of_runs_that_succeeded(db: Toolkit) -> None:
    rows = db.rows(f"SELECT callID, model_version, scored_at FROM {LATEST}")
    assert len({row.callID for row in rows}) == len(rows) == 900
    assert sorted(row.model_version for row in rows) == [1] * 899 + [2]
    assert max(row.scored_at for row in rows) < datetime.datetime(2999, 1, 1)


def test_those_at_risk_are_the_alerts_among_them(db: Toolkit) -> None:
    risk = {row.callID for row in db.rows(f"SELECT callID FROM {RISK}")}
    assert risk == {row.callID for row in db.rows(f"SELECT callID FROM {LATEST} WHERE alert = 1")}
    again = db.rows("SELECT callID, alert FROM dbo.ServedCallPredictions WHERE model_version = 2")
    assert [row.alert for row in again] == [False]  # it has had its alert
    assert again[0].callID in risk


def test_counts_by_day_and_version_add_up(db: Toolkit) -> None:
    rows = db.rows(f"SELECT day, model_version, n_predictions, n_at_risk FROM {DAILY}")
    assert len({(row.day, row.model_version) for row in rows}) == len(rows)
    assert isinstance(rows[0].day, datetime.date)
    by_version = {n: sum(row.n_predictions for row in rows if row.model_version == n) for n in (1, 2)}
    assert by_version == {1: 900, 2: 1}
    wanted = db.scalar("SELECT COUNT(*) FROM dbo.ServedCallPredictions WHERE alert = 1 AND model_version < 9")
    assert sum(row.n_at_risk for row in rows) == wanted


def test_history_has_the_runs_that_have_ended(db: Toolkit) -> None:
    rows = db.rows("SELECT * FROM ml.scoring_history ORDER BY run_id")
    found = [(row.procedure_name, row.model, row.model_version, row.status, row.is_failed) for row in rows]
    name = "dbo.ScoreCalls"
    assert [(one[0].replace("[", "").replace("]", ""), *one[1:]) for one in found] == [
        (name, "bank", 1, "succeeded", 0), (name, "bank", 2, "succeeded", 0), (name, "bank", 1, "failed", 1)
    ]  # fmt: skip
    assert (rows[0].n_rows, rows[2].duration_s, len(rows[2].error)) == (900, 1.5, 400)


TABLE = "((select [$Table].[callID] as [callID], [$Table].[called_at] as [called_at],\
 [$Table].[predicted] as [predicted], [$Table].[p_yes] as [p_yes], [$Table].[alert] as [alert],\
 [$Table].[model_version] as [model_version]\
 from [dbo].[CallPredictionsLatest] as [$Table]))"
DIRECT_QUERIES = {
    "a column's values": f"""
SELECT TOP (1000001) [t0].[predicted]
FROM {TABLE} AS [t0]
GROUP BY [t0].[predicted]""",
    "sums by group": """
select top 1000001 [basetable0].[c1] as [c1], [basetable0].[a0] as [a0]
from (select [rows].[model_version] as [c1], sum(cast([rows].[n_predictions] as decimal(38, 4))) as [a0]
    from ((select [day], [model_version], [n_predictions] from [dbo].[CallPredictionsDaily] as [$Table])) as [rows]
    group by [model_version]) as [basetable0]
where not [basetable0].[a0] is null""",
    "a filter over times": f"""
SELECT TOP (1000001) [t0].[callID], [t0].[called_at], SUM([t0].[p_yes]) AS [a0], COUNT_BIG(*) AS [a1]
FROM {TABLE} AS [t0]
WHERE (([t0].[called_at] >= CAST('20080101 00:00:00' AS datetime)) AND ([t0].[predicted] IN (N'no', N'yes')))
GROUP BY [t0].[callID], [t0].[called_at]""",
    "distinct count": f"""
SELECT COUNT_BIG(DISTINCT [t0].[callID]) + MAX(CASE WHEN [t0].[callID] IS NULL THEN 1 ELSE 0 END) AS [a0]
FROM {TABLE} AS [t0]""",
    "top values": """
select top 502 [_].[callID], [_].[p_yes] from (
    select [rows].[callID] as [callID], max([rows].[p_yes]) as [p_yes] from [dbo].[CallPredictionsAtRisk] as [rows]
    group by [rows].[callID]) as [_]
order by [_].[p_yes] desc, [_].[callID]""",
    "failures by procedure": """
select top 1000001 [rows].[procedure_name] as [procedure_name], sum([rows].[is_failed]) as [a0],
    avg([rows].[duration_s]) as [a1], min([rows].[started_at]) as [a2]
from (select [run_id], [procedure_name], [model], [model_version], [started_at], [finished_at], [duration_s],
    [n_rows], [status], [is_failed], [error] from [ml].[scoring_history] as [$Table]) as [rows]
group by [procedure_name]""",
    "a join of two": f"""
SELECT TOP (1000001) [t1].[n_predictions], COUNT_BIG(*) AS [a0]
FROM ({TABLE} AS [t0] LEFT OUTER JOIN (select [$Table].[model_version], [$Table].[n_predictions]
    from [dbo].[CallPredictionsDaily] as [$Table]) AS [t1] ON ([t0].[model_version] = [t1].[model_version]))
GROUP BY [t1].[n_predictions]""",
    "a derived table": "SELECT * FROM (SELECT callID, alert FROM dbo.CallPredictionsAtRisk) AS t",
}
"""Shapes of what a report sends that asks the database itself at each click."""


@pytest.mark.parametrize("name", DIRECT_QUERIES)
def test_a_reader_s_report_gets_its_rows(reader: Any, name: str) -> None:
    assert values(reader, DIRECT_QUERIES[name])


NAVIGATOR = """\
select t.[TABLE_CATALOG], t.[TABLE_SCHEMA], t.[TABLE_NAME], t.[TABLE_TYPE], tv.create_date [CREATED_DATE],
    tv.modify_date [MODIFIED_DATE], cast(e.value as nvarchar(max)) [DESCRIPTION]
from [INFORMATION_SCHEMA].[TABLES] t
join sys.schemas s on s.name = t.[TABLE_SCHEMA]
join sys.objects tv on tv.name = t.[TABLE_NAME] and tv.schema_id = s.schema_id and tv.parent_object_id = 0
left outer join sys.extended_properties e on tv.object_id = e.major_id and e.minor_id = 0 and e.class = 1
    and e.name = 'MS_Description'"""


def test_a_reader_s_navigator_lists_the_views_with_what_they_mean(reader: Any) -> None:
    found = {f"{row[1]}.{row[2]}": row[6] for row in values(reader, NAVIGATOR)}
    assert set(found) == {LATEST, RISK, DAILY, "dbo.ServedCallPredictions", "ml.scoring_history"}
    assert all(found.values())
    bare = values(reader, """
        SELECT OBJECT_NAME(c.object_id), c.name FROM sys.columns AS c
        JOIN sys.views AS v ON v.object_id = c.object_id
        LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = c.object_id AND e.minor_id = c.column_id
            AND e.name = N'MS_Description'
        WHERE e.value IS NULL""")  # fmt: skip
    assert bare == []


def test_types_are_those_of_the_prediction_table(db: Toolkit) -> None:
    types = "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = ?"
    wanted = {tuple(row) for row in db.rows(types, ("CallPredictions",))}
    for view in (LATEST, RISK):
        assert {tuple(row) for row in db.rows(types, (view.removeprefix("dbo."),))} == wanted
    daily = {tuple(row) for row in db.rows(types, ("CallPredictionsDaily",))}
    assert daily == {("day", "date"), ("model_version", "int"), ("n_predictions", "bigint"), ("n_at_risk", "bigint")}


def test_who_reads_views_runs_nothing(reader: Any) -> None:
    assert outcome(reader, "EXEC dbo.ScoreCalls") == 229
    assert outcome(reader, "SELECT * FROM dbo.CallPredictions") == 229


@pytest.mark.parametrize("name", ["pdm", "demand"])
def test_the_other_examples_have_theirs(target: servers.Target, name: str) -> None:
    with connect(target.sqlalchemy_url) as made:
        made.apply(project.example(name), check=False)
        declared = [module for module in project.example(name).modules if module.type == "view"]
        for module in declared:
            made.rows(f"SELECT TOP (1) * FROM {module.name}")
        again = made.plan(project.example(name))
        assert again.is_empty
        views = {module.name for module in declared if module.granted_to == ("ml_reader",)}
        assert len(views) == {"pdm": 4, "demand": 3}[name]
        made.undo(name)
        assert made.scalar("SELECT COUNT(*) FROM sys.views WHERE name LIKE N'%Latest' AND name NOT LIKE N'Call%'") == 0
