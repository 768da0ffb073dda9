"""Archives that nobody can trust, and wheels that fit an interpreter or do not."""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from pymlsql.embedded.engine.extensibility import archives, wheels
from pymlsql.embedded.engine.extensibility.archives import Broken
from pymlsql.embedded.engine.extensibility.interpreters import Build, describe_interpreter
from tests.interpreters import require_python37
from tests.wheels import make_wheel, make_zip

GOOD = make_wheel("good", {"good/__init__.py": "x = 1\n", "good/part.py": "y = 2\n", "single.py": "", "note.txt": "n"})


def with_member(**changes: object) -> bytes:
    """A wheel with one strange member."""
    member = zipfile.ZipInfo("strange")
    for name, value in changes.items():
        setattr(member, name, value)
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(member, b"../../etc/passwd")
    return buffer.getvalue()


def twice() -> bytes:
    """A wheel with one name twice."""
    buffer = io.BytesIO(GOOD)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("single.py", b"x")
    return buffer.getvalue()


def altered(data: bytes, name: bytes, other: bytes) -> bytes:
    """An archive in which a name, or other bytes, are others of the same length."""
    assert len(name) == len(other)
    assert name in data
    return data.replace(name, other)


def torn() -> bytes:
    """A stored file with a byte that its checksum does not know."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, zipfile.ZipFile(io.BytesIO(GOOD)) as good:
        for member in good.infolist():
            archive.writestr(member.filename, good.read(member))
    return altered(buffer.getvalue(), b"y = 2\n", b"y = 3\n")


def large_directory() -> bytes:
    """An archive that says its directory is 17 MB long."""
    at = GOOD.rfind(b"PK\x05\x06")
    return GOOD[: at + 12] + struct.pack("<L", 17 << 20) + GOOD[at + 16 :]


LINK = (stat.S_IFLNK | 0o777) << 16
UNSAFE = [
    (b"", "no wheel and no zip"),
    (b"\x7fELF" + GOOD, "no wheel and no zip"),
    (GOOD[:-4], "no wheel and no zip"),
    (make_wheel("up", {"../up.py": ""}), "leads out"),
    (make_wheel("up", {"a/../../up.py": ""}), "leads out"),
    (make_wheel("absolute", {"/absolute.py": ""}), "leads out"),
    (make_wheel("drive", {"C:/a.py": ""}), "leads out"),
    (make_wheel("here", {"./a.py": ""}), "leads out"),
    (make_wheel("twice", {"a//b.py": ""}), "leads out"),
    (make_wheel("back", {"a\\..\\b.py": ""}), "leads out"),
    (make_wheel("data", {"data-1.0.data/purelib/a/../../../b.py": ""}), "leads out"),
    (make_wheel("data", {"data-1.0.data/elsewhere/b.py": ""}), "no place that wheels install into"),
    (make_wheel("data", {"data-1.0.data/purelib/a.py": "", "a.py": ""}), "installs a.py twice"),
    (make_wheel("line", {"a\nb.py": ""}), "cannot be the name"),
    (make_wheel("long", {"a" * 256: ""}), "cannot be the name"),
    (make_wheel("long", {"a/" * 600 + "b": ""}), "cannot be the name"),
    (altered(make_wheel("nul", {"a_b.py": ""}), b"a_b.py", b"a\0b.py"), "cannot be the name"),
    (make_wheel("below", {"a": "", "a/b": ""}), "lies below a file"),
    (with_member(external_attr=LINK), "neither a file nor a folder"),
    (with_member(external_attr=(stat.S_IFIFO | 0o600) << 16), "neither a file nor a folder"),
    (with_member(compress_type=zipfile.ZIP_LZMA), "compressed in a way"),
    (twice(), "holds single.py twice"),
    (large_directory(), "more than 50000 files"),
    (make_wheel("bomb", {"zeros": bytes(80 << 20)}), "too large"),
    (make_zip({"good.whl": GOOD, "bomb.whl": make_wheel("bomb", {"zeros": bytes(80 << 20)})}), "too large"),
    (make_zip({"readme.txt": "x"}), "holds readme.txt; it must be a wheel"),
    (make_zip({"a-1.0.tar.gz": "x"}), "it must be a wheel"),
    (make_zip({}), "holds no wheel"),
    (make_zip({"a.whl": make_zip({"a.py": ""})}), "a.whl: it has no .dist-info/WHEEL"),
    (make_zip({"a.whl": b"no"}), "a.whl: it is no wheel|no wheel and no zip"),
    (make_zip({"a.whl": GOOD, "b.whl": GOOD}), "is in two of its wheels"),
    (make_zip({"a-1.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n"}), "has no a-1.dist-info/METADATA"),
    (make_zip({"a-1.dist-info/WHEEL": "Wheel-Version: 2.0\n", "a-1.dist-info/METADATA": ""}), "is 2.0, not 1"),
    (make_zip({"a-1.dist-info/WHEEL": "", "b-1.dist-info/WHEEL": ""}), "two .dist-info"),
    (make_wheel("tags", {}, tags=()), "tags are missing"),
    (make_wheel("tags", {}, tags=("py3",)), "tags are py3"),
    (make_wheel("python", {}, requires="three"), "Requires-Python is three"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "why"), UNSAFE, ids=[f"{n} {why}" for n, (_, why) in enumerate(UNSAFE)])
def test_what_is_not_safe_or_no_wheel_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Broken, match=why):
        wheels.read_wheels(data)


def test_bounds_of_files_and_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 5)
    with pytest.raises(Broken, match="more than 5 files"):
        wheels.read_wheels(GOOD)


def test_a_file_that_is_not_what_the_archive_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="damaged"):
        wheels.unpack(wheels.read_wheels(torn()), tmp_path)
    data = make_wheel("sizes", {"sizes.py": "a" * 1000})
    (wheel,) = wheels.read_wheels(data)
    wheel.files["sizes.py"].file_size = 2000
    with pytest.raises(Broken, match=r"shorter|damaged"):
        list(archives.pieces_of(wheel.archive, wheel.files["sizes.py"]))


def test_unpacked_files_are_as_they_were_and_can_only_be_read(tmp_path: Path) -> None:
    program = zipfile.ZipInfo("good/tool")
    program.external_attr = (stat.S_IFREG | 0o755) << 16
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(program, b"tool")
        archive.writestr("good-1.0.data/purelib/good/more.py", "z = 3\n")
        archive.writestr("good-1.0.data/scripts/command", "#!python\n")
        archive.writestr("good-1.0.data/data/share/table.csv", "a,b\n")
    found = wheels.read_wheels(buffer.getvalue())
    assert wheels.modules_of(found) == ("good", "single")
    wheels.unpack(found, tmp_path)
    texts = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {"good/__init__.py", "good/part.py", "good/more.py", "share/table.csv", "good-1.0.dist-info/WHEEL"} < set(
        texts
    )
    assert not any("scripts" in name for name in texts)
    assert texts["good/part.py"].read_text() == "y = 2\n"
    for path in (tmp_path, *tmp_path.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o222, path
    assert os.access(texts["good/tool"], os.X_OK)
    assert not stat.S_IMODE(texts["good/part.py"].stat().st_mode) & 0o111


NATIVE = "manylinux2014_x86_64"
OLD = Build("3.7.17", "cp37m", "linux-x86_64", frozenset({"numpy", "six"}), frozenset({"sklearn"}))
NEW = Build("3.11.4", "cp311", "linux-x86_64", frozenset({"numpy"}), frozenset({"sklearn"}))
OTHER = Build("3.11.4", "cp311", "linux-riscv64", frozenset(), frozenset())
FITS = [
    (("py3-none-any",), "", OLD, ""),
    (("py2-none-any", "py3-none-any"), "", OLD, ""),
    (("py2.py3-none-any",), ">=2.7, !=3.0.*", OLD, ""),
    (("py3-none-any",), ">=3.8", OLD, "requires Python >=3.8, and Py runs on Python 3.7.17"),
    (("py3-none-any",), "<3.11", NEW, "requires Python"),
    (("py2-none-any",), "", NEW, "is for py2-none-any, and Py runs on Python 3.11.4 .cp311"),
    ((f"cp311-cp311-{NATIVE}",), "", OLD, f"is for cp311-cp311-{NATIVE}, and Py runs on Python 3.7.17 .cp37m"),
    ((f"cp37-cp37m-{NATIVE}",), "", NEW, "is for cp37-cp37m"),
    ((f"cp36-abi3-{NATIVE}",), "", NEW, ""),
    ((f"cp312-abi3-{NATIVE}",), "", NEW, "is for cp312-abi3"),
    (("cp311-cp311-win_amd64",), "", NEW, "is for cp311-cp311-win_amd64"),
    (("cp311-cp311-macosx_11_0_arm64",), "", NEW, "is for"),
    (("cp311-cp311-manylinux_2_999_x86_64",), "", NEW, "is for"),
    (("py3-none-any",), "", OTHER, ""),
    (("cp311-none-any",), "", NEW, ""),
    ((f"cp311-cp311-{NATIVE}",), "", OTHER, "linux-riscv64"),
]


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="the rows are of Linux on x86-64")
@pytest.mark.parametrize(("tags", "requires", "build", "why"), FITS)
def test_wheels_fit_an_interpreter_or_say_why_not(tags: tuple[str, ...], requires: str, build: Build, why: str) -> None:
    facts = [wheel.facts for wheel in wheels.read_wheels(make_wheel("a", {}, tags=tags, requires=requires))]
    if not why:
        assert wheels.check_fit(facts, (), "Py", build) is False
        return
    with pytest.raises(Broken, match=why):
        wheels.check_fit(facts, (), "Py", build)


def test_modules_that_a_script_has_already_are_refused_or_keep_a_process_bare() -> None:
    assert wheels.check_fit((), ("a", "six"), "Py", NEW) is False
    assert wheels.check_fit((), ("a", "sklearn"), "Py", NEW) is True
    with pytest.raises(Broken, match="brings numpy, six, which every script of Py has"):
        wheels.check_fit((), ("a", "numpy", "six"), "Py", OLD)


def test_interpreters_say_what_they_are() -> None:
    own = describe_interpreter(sys.executable)
    assert own.version_info == sys.version_info[:2]
    assert own.same_platform
    assert {"numpy", "pandas", "pyarrow", "json"} <= own.needed
    assert "sklearn" in own.preloaded
    old = describe_interpreter(str(require_python37()))
    assert (old.version_info, old.abi) == ((3, 7), "cp37m")
