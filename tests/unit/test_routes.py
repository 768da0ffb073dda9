"""Routes as a project file declares them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pymlsql import project
from pymlsql.errors import DeclarationError

BANK = Path(project.__file__).parent / "examples" / "bank" / "project.toml"

WRONG = {
    "sum": ('model = "bank"\nshares = { champion = 90, challenger = 20 }', "add up to 110, not to 100", 3),
    "zero": ('model = "bank"\nshares = { champion = 100, challenger = 0 }', "the share of challenger is above 0", 3),
    "negative": ('model = "bank"\nshares = { champion = 110, challenger = -10 }', "champion is above 0 and at most", 3),
    "decimals": ('model = "bank"\nshares = { a = 33.333, b = 66.667 }', "with two decimals at most", 3),
    "none": ('model = "bank"\nshares = {}', "routes.calls.shares", 3),
    "shadow": ('model = "bank"\nshares = { a = 100 }\nshadow = ["A"]', "the alias a is named twice", 1),
    "model": ('model = "bnak"\nshares = { a = 100 }', r"no procedure of this project uses bnak.*bank", 2),
    "key": ('model = "bank"\nshare = { a = 100 }', "routes.calls", None),
    "name": ('model = "bank"\nshares = { " a" = 100 }', "no blanks at the ends", None),
}


def read(folder: Path, text: str) -> project.Project:
    path = folder / "pymlsql.toml"
    path.write_text(BANK.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    return project.read(path)


@pytest.mark.parametrize(("text", "message", "line"), WRONG.values(), ids=WRONG)
def test_what_is_no_route_names_its_line(tmp_path: Path, text: str, message: str, line: int | None) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        read(tmp_path, f"[routes.calls]\n{text}\n")
    before = len(BANK.read_text(encoding="utf-8").splitlines()) + 1
    if line is not None:
        assert f"line {before + line}," in str(caught.value)


def test_a_route_is_read_and_two_of_one_model_are_refused(tmp_path: Path) -> None:
    one = '[routes.{}]\nmodel = "bank"\nshares = {{ champion = 66.67, challenger = 33.33 }}\nshadow = ["candidate"]\n'
    (found,) = read(tmp_path, one.format("calls")).routes.values()
    assert (found.model, found.shadow) == ("bank", ("candidate",))
    assert found.shares == {"champion": 66.67, "challenger": 33.33}
    with pytest.raises(DeclarationError, match="is a route of bank too"):
        read(tmp_path, one.format("calls") + one.format("more"))
