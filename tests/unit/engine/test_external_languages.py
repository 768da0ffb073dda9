"""External languages in the catalog: what CREATE, ALTER and DROP leave, and what they refuse."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.engine.extensibility import runtimes
from pymlsql.embedded.engine.extensibility.contents import Allowed
from pymlsql.embedded.engine.extensibility.interpreters import Unusable, check_interpreter, find_interpreter
from pymlsql.embedded.engine.extensibility.runtimes import Runtimes
from pymlsql.embedded.satellite.calls import RuntimeUnavailable
from pymlsql.embedded.satellite.pool import SatellitePool
from pymlsql.embedded.tds.requests import Login
from tests.unit.engine.conftest import Client

FILE = "(CONTENT = 0xABCD, FILE_NAME = 'libPythonExtension.so.1.2')"
WINDOWS = "(CONTENT = 0xEF, FILE_NAME = 'pythonextension.dll', PLATFORM = WINDOWS)"
CREATE = f"CREATE EXTERNAL LANGUAGE Py37 FROM {FILE}"
NAMES = "SELECT language FROM sys.external_languages WHERE external_language_id > 2"
FILES = "SELECT platform_desc, content FROM sys.external_language_files ORDER BY platform"
HOME = Path(sys.prefix)


@pytest.fixture
def allowed(tmp_path: Path) -> Allowed:
    """A folder of files with one in it, and this interpreter."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "extension.zip").write_bytes(b"zipped")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    return Allowed((folder,), (HOME,))


@pytest.fixture
def engine(allowed: Allowed) -> Iterator[Engine]:
    made = Engine(None, password="p", allowed=allowed)
    yield made
    made.close()


def with_variables(**variables: object) -> str:
    """CREATE with these ENVIRONMENT_VARIABLES."""
    return f"{CREATE[:-1]}, ENVIRONMENT_VARIABLES = N'{json.dumps(variables)}')"


STEPS = [
    ([CREATE], [("Py37",)], [("LINUX", b"\xab\xcd")]),
    ([f"{CREATE}, {WINDOWS}"], [("Py37",)], [("WINDOWS", b"\xef"), ("LINUX", b"\xab\xcd")]),
    ([CREATE, f"ALTER EXTERNAL LANGUAGE PY37 ADD {WINDOWS}", "ALTER EXTERNAL LANGUAGE py37 REMOVE PLATFORM LINUX"],
     [("Py37",)], [("WINDOWS", b"\xef")]),
    ([CREATE, f"ALTER EXTERNAL LANGUAGE py37 SET {FILE.replace('0xABCD', '0x01')}"], [("Py37",)],
     [("LINUX", b"\x01")]),
    ([CREATE, "DROP EXTERNAL LANGUAGE py37"], [], []),
    (["BEGIN TRAN", CREATE, "ROLLBACK"], [], []),
    (["BEGIN TRAN", CREATE, "SAVE TRAN s", "DROP EXTERNAL LANGUAGE Py37", "ROLLBACK TRAN s", "COMMIT"],
     [("Py37",)], [("LINUX", b"\xab\xcd")]),
    (["DECLARE @x varbinary(max) = 0x0102; " + CREATE.replace("0xABCD", "@x + 0x03")], [("Py37",)],
     [("LINUX", b"\x01\x02\x03")]),
    ([with_variables(PYTHONHOME=str(HOME), A="b")], [("Py37",)], [("LINUX", b"\xab\xcd")]),
]  # fmt: skip


@pytest.mark.parametrize(("batches", "names", "files"), STEPS, ids=[batches[-1][:60] for batches, _, _ in STEPS])
def test_views_show_what_statements_left(client: Client, batches: list[str], names: object, files: object) -> None:
    for batch in batches:
        client.run(batch)
        assert client.errors == []
    assert client.run(NAMES) == names
    assert client.run(FILES) == files
    assert client.session.store.run("SELECT count(*) FROM store.contents").fetchall() == [(len(client.rows),)]


ERRORS = [
    ([CREATE.replace("Py37", "python")], 39130),
    ([CREATE, CREATE.upper()], 39122),
    ([CREATE.replace("FROM", "AUTHORIZATION nobody FROM")], 39121),
    (["CREATE EXTERNAL LANGUAGE a FROM (CONTENT = 0xAB)"], 39123),
    ([CREATE.replace("0xABCD", "NULL")], 39117),
    ([CREATE.replace("0xABCD", "0x")], 39117),
    ([CREATE.replace("0xABCD", "NONE")], 39117),
    ([CREATE.replace("0xABCD", "1")], 39117),
    ([CREATE.replace("0xABCD", "N'/etc/passwd'")], 39119),
    ([with_variables(PYTHONHOME="/usr")], 39029),
    ([with_variables(PYTHONHOME="usr")], 39029),
    ([with_variables(PYTHONHOME=str(HOME / "lib"))], 39029),
    ([with_variables(A=1)], 39133),
    ([f"{CREATE[:-1]}, ENVIRONMENT_VARIABLES = N'[1]')"], 39133),
    ([f"{CREATE[:-1]}, ENVIRONMENT_VARIABLES = N'x')"], 39133),
    ([with_variables(LD_PRELOAD="x.so")], 40510),
    ([with_variables(PYTHONPATH="x")], 40510),
    ([f"ALTER EXTERNAL LANGUAGE a SET {FILE}"], 15151),
    ([f"ALTER EXTERNAL LANGUAGE r SET {FILE}"], 39131),
    ([CREATE, f"ALTER EXTERNAL LANGUAGE Py37 SET {WINDOWS}"], 39124),
    ([CREATE, f"ALTER EXTERNAL LANGUAGE Py37 ADD {FILE}"], 39125),
    ([CREATE, "ALTER EXTERNAL LANGUAGE Py37 REMOVE PLATFORM LINUX"], 39126),
    ([CREATE, "ALTER EXTERNAL LANGUAGE Py37 REMOVE PLATFORM WINDOWS"], 39124),
    (["DROP EXTERNAL LANGUAGE a"], 15151),
    (["DROP EXTERNAL LANGUAGE Python"], 39131),
    (["USE master", CREATE], 40510),
]  # fmt: skip


@pytest.mark.parametrize(("batches", "number"), ERRORS, ids=[f"{n} {batches[-1][-70:]}" for batches, n in ERRORS])
def test_statement_is_refused_and_leaves_nothing(client: Client, batches: list[str], number: int) -> None:
    for batch in batches[:-1]:
        client.run(batch)
        assert client.errors == []
    before = client.run(f"{NAMES}; {FILES}")
    client.run(batches[-1])
    assert client.errors == [number]
    assert client.run(f"{NAMES}; {FILES}") == before


def test_content_may_be_a_file_of_an_allowed_folder_and_no_other(client: Client, allowed: Allowed) -> None:
    folder = allowed.files[0]
    client.run(CREATE.replace("0xABCD", f"N'{folder}/extension.zip'"))
    assert client.run(FILES) == [("LINUX", b"zipped")]
    for name in ("link", "../secret", "missing", "."):
        client.run(CREATE.replace("Py37", "other").replace("0xABCD", f"N'{folder}/{name}'"))
        assert client.errors == [39119], name


def test_others_see_a_language_when_it_is_committed(client: Client, other: Client) -> None:
    client.run(f"BEGIN TRAN; {CREATE}")
    assert other.run(NAMES) == []
    client.run("COMMIT")
    assert other.run(NAMES) == [("Py37",)]


def test_languages_outlive_the_server(tmp_path: Path) -> None:
    for first in (True, False):
        engine = Engine(tmp_path / "data.duckdb", password="p")
        client = Client(engine.login(Login(user="sa", password="p"), client_host="here"))
        if first:
            client.run(f"{CREATE}, {WINDOWS}")
        else:
            assert client.run(NAMES) == [("Py37",)]
            assert client.run(FILES) == [("WINDOWS", b"\xef"), ("LINUX", b"\xab\xcd")]
        engine.close()


# Interpreters and pools --------------------------------------------------------------------------------------------


def test_unusable_interpreters_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="may not use: start it with --python"):
        find_interpreter(str(tmp_path), ())
    with pytest.raises(Unusable, match=r"no Python below .*bin/python3 and bin/python"):
        find_interpreter(str(tmp_path), (tmp_path,))
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho '[[3, 6, 8], []]'\n")
    python.chmod(0o700)
    assert find_interpreter(str(tmp_path), (tmp_path,)) == str(python)
    with pytest.raises(Unusable, match=r"Python 3\.6\.8; scripts need 3\.7"):
        check_interpreter(str(python))
    python.write_text('#!/bin/sh\necho \'[[3, 8, 1], ["pandas", "pyarrow"]]\'\n')
    with pytest.raises(Unusable, match=r"has no pandas, pyarrow; scripts need numpy, pandas, pyarrow"):
        check_interpreter(str(python))
    python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(Unusable, match="cannot be run as a Python"):
        check_interpreter(str(python))
    check_interpreter(sys.executable)


def make_pool(python: str, bare: bool) -> SatellitePool:
    """A pool that starts no process as long as nobody calls it."""
    return SatellitePool(python=python, n_spares=0, preload=())


def test_pools_are_bounded_and_the_idle_one_gives_way() -> None:
    found = Runtimes(SatellitePool(), make_pool, lambda: frozenset(map(str, range(9))))
    with found.using("0") as first, found.using("0") as same, found.using("0", bare=True) as bare:
        assert first is same
        assert bare is not first
        with found.using("1"), found.using("2"):
            assert found.n_pools == runtimes.MAX_POOLS
            with pytest.raises(RuntimeUnavailable, match="try again later"), found.using("3"):
                pass
        with found.using("3"):
            assert found.n_pools == runtimes.MAX_POOLS
        with found.using("2"):
            pass
    with found.using(""):
        assert found.n_pools == runtimes.MAX_POOLS
    found.close()
    with pytest.raises(RuntimeUnavailable, match="stopping"), found.using("1"):
        pass


def test_pool_of_a_dropped_language_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "_SWEEP_S", 0.01)
    wanted = {"a", "b"}
    found = Runtimes(SatellitePool(), make_pool, lambda: frozenset(wanted))
    with found.using("a"), found.using("b"):
        wanted.clear()
        thread = found._sweeper
    assert thread is not None
    thread.join(20)
    assert found.n_pools == 0
    with found.using("b"):
        assert found.n_pools == 1
    found.close()


def test_a_language_keeps_its_owner(client: Client) -> None:
    client.run("CREATE USER keeper WITHOUT LOGIN")
    client.run(CREATE.replace("FROM", "AUTHORIZATION keeper FROM"))
    client.run("ALTER USER keeper WITH NAME = holder")
    owner = "SELECT USER_NAME(principal_id) FROM sys.external_languages WHERE language = 'Py37'"
    assert client.run(owner) == [("holder",)]
    client.run("DROP USER holder")
    assert client.errors == [15138]
    client.run("DROP EXTERNAL LANGUAGE Py37; DROP USER holder")
    assert client.errors == []
