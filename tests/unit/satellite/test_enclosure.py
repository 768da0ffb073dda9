"""What of the file system a script sees, worked out on a folder of the test's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pymlsql.embedded.satellite import enclosure


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A prefix with a library, a data directory inside of it, and links that lead there."""
    for name in ("prefix/lib/a.py", "prefix/data/password", "prefix/data/venv/b.py", "prefix/readme", "other/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("prefix/lib")
    (tmp_path / "absolute").symlink_to(tmp_path / "link")
    (tmp_path / "prefix/lib/back").symlink_to("../../other")
    return tmp_path.resolve()


def shown(tree: Path, paths: list[str], secrets: list[str]) -> set[str]:
    """What of ``paths`` is readable, relative to ``tree``."""
    found = enclosure.readable_paths([str(tree / path) for path in paths], [str(tree / path) for path in secrets])
    return {path.removeprefix(f"{tree}/") for path in found if path.startswith(str(tree))}


SHOWN = [
    (["prefix"], [], {"prefix"}),
    (["prefix"], ["elsewhere"], {"prefix"}),
    (["prefix"], ["prefix/data"], {"prefix/lib", "prefix/readme"}),
    (["prefix"], ["prefix/not-there-yet"], {"prefix/lib", "prefix/data", "prefix/readme"}),
    (["prefix"], ["prefix/data/password"], {"prefix/lib", "prefix/readme", "prefix/data/venv"}),
    (["prefix/data/venv"], ["prefix/data"], {"prefix/data/venv"}),
    (["prefix"], ["prefix"], set()),
    (["link"], ["prefix/lib/a.py"], {"prefix/lib/back"}),
    (["no-such-folder"], [], set()),
]


@pytest.mark.parametrize(("paths", "secrets", "expected"), SHOWN)
def test_a_secret_is_cut_out_of_what_is_shown(
    tree: Path, paths: list[str], secrets: list[str], expected: set[str]
) -> None:
    assert shown(tree, paths, secrets) == expected


def test_the_interpreter_is_shown_with_its_libraries() -> None:
    layout = enclosure.Layout(enclosure.readable_paths([], []))
    for path in (Path(sys.executable).resolve(), Path(pytest.__file__).resolve()):
        assert layout.holds(str(path))
    assert not layout.holds("/etc/shadow")


def test_a_layout_keeps_real_trees_and_the_links_to_them(tree: Path) -> None:
    layout = enclosure.Layout(
        [str(tree / name) for name in ("absolute", "prefix/lib/back/c", "other", "prefix/lib/../readme")]
    )
    assert sorted(layout.trees) == sorted(str(tree / name) for name in ("prefix/lib", "other", "prefix/readme"))
    assert layout.links == {str(tree / "absolute"): str(tree / "link"), str(tree / "link"): "prefix/lib"}
    assert layout.holds(str(tree / "other/c"))
    assert not layout.holds(str(tree / "other"))
