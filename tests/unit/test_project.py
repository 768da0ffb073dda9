"""The project file: what it declares, and how it says where a mistake is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pymlsql import initialising, project, settings
from pymlsql.errors import DeclarationError, SettingsError, UsageError
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.demand import generator as demand
from pymlsql.examples.pdm.declaration import FEATURES
from pymlsql.features.reference import compute
from pymlsql.toml_lines import find_line


@pytest.fixture(params=sorted(project.EXAMPLES))
def example(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def write(folder: Path, example: str, old: str = "", new: str = "") -> Path:
    """A project of an example with one text replaced, and its file."""
    initialising.initialise(folder, example)
    path = folder / settings.CONFIG_FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_each_example_makes_a_project_that_can_be_read(tmp_path: Path, example: str) -> None:
    written = initialising.initialise(tmp_path / "new", example)
    assert {"pymlsql.toml", "README.md"} <= {path.name for path in written}
    assert len(project.read(tmp_path / "new").features) == 1


def test_project_of_predictive_maintenance_is_the_demo(tmp_path: Path) -> None:
    initialising.initialise(tmp_path, "pdm")
    assert project.read(tmp_path).features == {"failures": FEATURES}


def test_project_without_a_server_leaves_it_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    initialising.initialise(tmp_path, "bank")
    monkeypatch.chdir(tmp_path)
    assert settings.resolve_target(None, {"PYMLSQL_URL": "mssql://elsewhere"}).url == "mssql://elsewhere"
    assert settings._configured_url(Path(settings.CONFIG_FILE)) is None


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"README\.md is there already"):
        initialising.initialise(tmp_path, "bank")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    with pytest.raises(UsageError, match=r"no example demant \(did you mean demand"):
        initialising.initialise(tmp_path / "x", "demant")


MISTAKES = {
    "misspelt source": ('source = "promotions"', 'source = "promotion"', "counts.0.source: no source is"),
    "window without time": ('time_type = "date" }\npromotions', "static = true }\npromotions", "the view has a time"),
    "unknown word": ('none = 0', 'nothing = 0', "features.demand.label.nothing: there is no such key"),
    "no window": ('over = ["7d", "28d"]', 'over = ["7d", "28 days ago"]', "windows.0.over.1: '28 days ago'"),
    "cycle": ('"dbo.DemandSales"', '"dbo.demandfeatures"', "features.demand.sources.sales.table: a cycle"),
    "unknown table": ("[features.demand]", "[feature.demand]", "did you mean features"),
    "static events": ('sources]\n', 'sources]\nother = { table = "dbo.x" }\n', None),
    "label looking back": ('ahead = "7d"', 'ahead = "0d"', "features.demand.label.ahead: '0d' is not a length of time"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_names_file_line_and_key(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    path = write(tmp_path, "demand", old, new)
    if message is None:
        assert "other" in project.read(path).features["demand"].sources
        return
    with pytest.raises(DeclarationError) as caught:
        project.read(path)
    line = path.read_text(encoding="utf-8").split(new)[0].count("\n") + 1 + new.split("\n")[0].count("\n")
    assert message in str(caught.value)
    assert f"{path}, line {line}, " in str(caught.value)


def test_what_is_known_with_the_label_is_refused_among_the_features(tmp_path: Path) -> None:
    for name in ("duration", "y"):
        path = write(tmp_path / name, "bank", '{ name = "balance",', f'{{ name = "{name}",')
        with pytest.raises(DeclarationError, match=rf"attributes\.0: {name} is the label, or becomes known with it"):
            project.read(path)


SECOND = """
[features.second]
view = "dbo.Second"
entity = [{ name = "callID", type = "int", parameter = "call_id" }]
time = "called_at"
rows = "first"
sources = { first = { table = "dbo.BankFeatures" } }
attributes = [{ source = "first", columns = [{ name = "COLUMN", type = "int" }] }]
"""


def test_view_may_read_another_but_not_its_label_and_not_in_a_circle(tmp_path: Path) -> None:
    path = write(tmp_path, "bank")
    first = path.read_text(encoding="utf-8")
    path.write_text(SECOND.replace("COLUMN", "age") + first, encoding="utf-8")
    assert list(project.read(path).features) == ["calls", "second"]
    path.write_text(first + SECOND.replace("COLUMN", "Y"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"features\.second\.attributes\.0: y is the label of features\.calls"):
        project.read(path)
    circle = first.replace("dbo.BankCalls", "dbo.Second") + SECOND.replace("COLUMN", "age")
    path.write_text(circle, encoding="utf-8")
    with pytest.raises(DeclarationError, match="a cycle of feature views: calls -> second -> calls"):
        project.read(path)


BETWEEN = """
[features.between]
view = "dbo.Between"
entity = [{ name = "callID", type = "int", parameter = "call_id" }]
rows = "all"
sources = { all = { table = "dbo.BankCalls", static = true } }
expressions = [{ name = "made", type = "int", sql = "COLUMN * 2" }]

[[features.between.attributes]]
source = "all"
one_hot = [{ column = "y", values = ["yes"] }]
columns = [{ name = "age", type = "int" }, { name = "Duration", type = "int" }]

[features.further]
view = "dbo.Further"
entity = [{ name = "callID", type = "int", parameter = "call_id" }]
rows = "all"
sources = { all = { table = "dbo.between", static = true } }
attributes = [{ source = "all", columns = [{ name = "made", type = "int" }] }]
store = "none"
"""
"""Two views between the calls and the features of a call."""


@pytest.mark.parametrize(("column", "hidden"), [("age", ""), ("y_yes", "y"), ("duration", "duration")])
def test_label_is_found_through_views_and_expressions(tmp_path: Path, column: str, hidden: str) -> None:
    path = write(
        tmp_path, "bank", "calls = { table = \"dbo.BankCalls\" }",
        "calls = { table = \"dbo.BankCalls\" }\nfurther = { table = \"dbo.Further\", static = true }",
    )  # fmt: skip
    text = path.read_text(encoding="utf-8").replace(
        "[features.calls.label]",
        "[[features.calls.attributes]]\nsource = \"further\"\ncolumns = [{ name = \"made\", type = \"int\" }]\n\n"
        "[features.calls.label]",
    )
    between = BETWEEN.replace("COLUMN", column).replace('store = "none"\n', "")
    path.write_text(text + between, encoding="utf-8")
    if not hidden:
        assert list(project.read(path).features) == ["between", "further", "calls"]
        return
    with pytest.raises(DeclarationError) as caught:
        project.read(path)
    line = text[: text.index("[[features.calls.attributes]]\nsource = \"further\"")].count("\n") + 1
    assert str(caught.value) == (
        f"{path}, line {line}, features.calls.attributes.1: made of dbo.Further is made of [{hidden}] of"
        " [dbo].[bankcalls], which is the label or becomes known with it: no feature may use it."
    )


def test_view_with_a_time_is_read_at_that_time(tmp_path: Path) -> None:
    path = write(tmp_path, "bank")
    first = path.read_text(encoding="utf-8")
    second = SECOND.replace("COLUMN", "age")
    for declared, message in (
        ("static = true", "sources.first.static: features.calls has a time"),
        ('time = "age"', "sources.first.time: the rows of features.calls are known at called_at"),
    ):
        sources = f'"dbo.BankFeatures", {declared} }}, own = {{ table = "dbo.Own" }}'
        changed = second.replace('"dbo.BankFeatures" }', sources).replace('rows = "first"', 'rows = "own"')
        path.write_text(first + changed.replace('source = "first"', 'source = "own"'), encoding="utf-8")
        with pytest.raises(DeclarationError, match=f"features.second.{message}"):
            project.read(path)


def test_file_that_is_not_there_or_no_toml_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pymlsql init"):
        project.read(tmp_path)
    (tmp_path / "pymlsql.toml").write_text("a = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        project.read(tmp_path)


TEXT = '''\
# [not.a.table]
top = """
[nor.this]
"""
"quoted key" = 'it''s'.x
[a.b]   # comment
one = [1, [2,
  3], { deep = "]}#" }]
[[a.list]]
x.y = { p = 1, q = { r = 2 } }
[[a.list]]
x = '''.replace("'it''s'.x", "'its'") + "'last'\n"


def test_lines_are_found_in_all_that_toml_allows() -> None:
    tomllib.loads(TEXT)
    places = {
        ("top",): 2, ("quoted key",): 5, ("a", "b"): 6, ("a", "b", "one"): 7, ("a", "b", "one", 1, 1): 8,
        ("a", "b", "one", 2, "deep"): 8, ("a", "list", 0): 9, ("a", "list", 0, "x", "y", "q", "r"): 10,
        ("a", "list", 1, "x"): 12, ("a", "list", 1, "unknown"): 11, ("nowhere",): 1,
    }  # fmt: skip
    assert {path: find_line(TEXT, path) for path in places} == places


def test_examples_have_rows_and_labels_of_every_kind(tmp_path: Path) -> None:
    for name, frames in (("bank", bank.generate()), ("demand", demand.generate())):
        features = next(iter(project.read(write(tmp_path / name, name)).features.values()))
        rows = compute(features, frames)
        assert features.label is not None
        label = rows[features.label.name]
        assert len(rows) > 2_000
        assert label.notna().any() and label.isna().any()
        assert label.dropna().nunique() > 1


def test_same_seed_makes_the_same_data() -> None:
    for generate in (bank.generate, demand.generate):
        first, second = generate(), generate()
        assert all(first[table].equals(second[table]) for table in first)


@pytest.mark.parametrize(
    ("procedure", "arguments", "message"),
    [
        ("score", "unscord = true", r"arguments: dbo\.ScoreCalls has no parameter unscord \(did you mean unscored\?\)"),
        ("score_one", "age = 3", r"steps\.0: dbo\.ScoreCall asks for job, marital, .*: give them as arguments"),
        ("evaluate", "", ""),
        ("score", "UNSCORED = true, return_rows = false", ""),
    ],
)
def test_a_step_gives_its_procedure_what_that_takes(
    tmp_path: Path, procedure: str, arguments: str, message: str
) -> None:
    text = (project.example_folder("bank") / "project.toml").read_text(encoding="utf-8")
    step = f'{{ name = "a", procedure = "{procedure}", arguments = {{ {arguments} }} }}'
    path = tmp_path / "pymlsql.toml"
    path.write_text(f"{text}\n[jobs.nightly]\nsteps = [{step}]\n", encoding="utf-8")
    if not message:
        assert len(project.read(path).jobs) == 1
        return
    with pytest.raises(DeclarationError, match=message):
        project.read(path)
