"""All generated T-SQL before Microsoft's own parser and model validator (level 150), without a server."""

from __future__ import annotations

import re

import pytest

from pymlsql import batches, deployment, migrate, project, templates
from pymlsql.examples.pdm.declaration import PROJECT
from pymlsql.features.modules import render_features
from pymlsql.registry import modules
from tests import forms, tsqlcheck
from tests.golden.cases import CASES, HOSTILE_FEATURES, HOSTILE_OWN_ROWS, HOSTILE_PROCEDURE, HOSTILE_SOURCES

OF_HOSTILE_BATCH = ("table-hostile", "served-hostile", "batch-hostile", "evaluations-hostile", "confusion-hostile",
                    "evaluate-hostile", "purge-hostile")  # fmt: skip

EXTERNAL_SCRIPT = """\
CREATE PROCEDURE dbo.sp_execute_external_script
    @language sysname, @script nvarchar(max), @input_data_1 nvarchar(max), @params nvarchar(max),
    @model varbinary(max), @signature nvarchar(max), @columns nvarchar(max), @classes nvarchar(max),
    @refusal nvarchar(max) OUTPUT, @failure nvarchar(max) OUTPUT, @format nvarchar(20), @statement nvarchar(max),
    @seal nvarchar(128), @seal_key nvarchar(64), @trusted nvarchar(max), @forgery nvarchar(max) OUTPUT,
    @python_version nvarchar(20), @packages nvarchar(max), @sample nvarchar(max), @found nvarchar(max) OUTPUT,
    @problem nvarchar(max) OUTPUT, @rule nvarchar(max), @parallel bit
AS RETURN;
"""
APPLICATION_LOCK = """\
CREATE PROCEDURE dbo.sp_getapplock
    @Resource nvarchar(255), @LockMode varchar(32), @LockOwner varchar(32), @LockTimeout int
AS RETURN 0;
"""
SYSTEM_VIEWS = (
    "CREATE VIEW sys.columns AS SELECT 1 AS object_id, N'' AS name;",
    EXTERNAL_SCRIPT,
    APPLICATION_LOCK,
)
"""DacFx knows no system objects; these stand for those that the generated text uses."""


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    why_not = tsqlcheck.unavailable(model=True)
    if why_not:
        pytest.skip(why_not)


def creations() -> list[str]:
    """The CREATE batches of the history, with the columns that were added since: DacFx does not look at ALTER TABLE."""
    history = [re.sub(r"^--.*\n+", "", batch) for batch in batches.split(migrate.render_sql())]
    found = {batch.split(" (")[0]: batch for batch in history if batch.startswith(("CREATE TABLE ", "CREATE INDEX "))}
    for batch in history:
        added = re.match(r"ALTER TABLE (\S+) ADD\n(.*?);?$", batch, re.DOTALL)
        if added:
            table = f"CREATE TABLE {added[1]}"
            head, _, tail = found[table].rpartition("\n)")
            found[table] = f"{head},\n{added[2]}\n){tail}"
    return ["CREATE SCHEMA ml;", *found.values()]


def test_all_texts_pass_the_parser() -> None:
    names = [*CASES, "upgrade", "apply", "registry"]
    texts = [templates.render(template, **variables) for template, variables in CASES.values()]
    texts += [migrate.render_sql(), *(deployment.render_script(one) for one in (PROJECT.modules, modules.render_all()))]
    found = tsqlcheck.judge(texts)
    assert [(names[finding.script or 0], finding) for finding in found] == []


def test_the_parser_finds_an_error_and_its_line() -> None:
    (found,) = tsqlcheck.judge(["SELECT 1;", "SELECT 1;\nSELECT FROM WHERE;"])
    assert (found.script, found.line) == (1, 2)


def test_text_beyond_level_150_is_found() -> None:
    assert tsqlcheck.judge(["SELECT a FROM t WINDOW w AS (PARTITION BY a);"]) != []


def test_all_names_resolve_in_the_database_that_the_migrations_make() -> None:
    scripts = [*SYSTEM_VIEWS, *creations(), *(module.text for module in (*modules.render_all(), *PROJECT.modules))]
    assert tsqlcheck.judge(scripts, model=True) == []


def test_a_column_that_no_table_has_is_found() -> None:
    scripts = [*SYSTEM_VIEWS, *creations(), *(module.text for module in (*modules.render_all(), *PROJECT.modules))]
    broken = [script.replace("t.[vibration]", "t.[vibrations]") for script in scripts]
    assert any("vibrations" in finding.message for finding in tsqlcheck.judge(broken, model=True))


def test_hostile_names_resolve_too() -> None:
    tables = [
        *HOSTILE_SOURCES,
        "CREATE TABLE odd.[O'Brien's] ([asset]]id] nvarchar(40), [time stamp] datetime, predicted nvarchar(10),"
        " [p_no'ne] float, [p_e'1] float, model_version int, run_id bigint, scored_at datetime);",
    ]
    modules = [module.text for one in (HOSTILE_FEATURES, HOSTILE_OWN_ROWS) for module in render_features(one)]
    modules.append(templates.render("procedures/predict.sql.j2", procedure=HOSTILE_PROCEDURE, script="pass\n"))
    modules.append(templates.render("views/predictions.sql.j2", procedure=HOSTILE_PROCEDURE))
    modules += [templates.render(CASES[name][0], **CASES[name][1]) for name in OF_HOSTILE_BATCH]
    assert tsqlcheck.judge([*SYSTEM_VIEWS, *creations(), *tables, *modules], model=True) == []


def test_names_of_every_form_resolve() -> None:
    modules = [module.text for features in forms.FORMS.values() for module in render_features(features)]
    assert tsqlcheck.judge([APPLICATION_LOCK, *forms.TABLES, *modules], model=True) == []


@pytest.mark.parametrize("name", ["bank", "demand"])
def test_names_of_an_example_resolve(name: str) -> None:
    tables = batches.split((project.example_folder(name) / "tables.sql").read_text(encoding="utf-8"))
    modules = [module.text for module in project.example(name).modules]
    assert tsqlcheck.judge([*SYSTEM_VIEWS, *creations(), *tables, *modules], model=True) == []
