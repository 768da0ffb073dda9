"""External libraries in the catalog and on disk: what CREATE, ALTER and DROP leave, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.engine.extensibility import libraries, rights
from pymlsql.embedded.engine.extensibility.contents import Allowed
from pymlsql.embedded.engine.extensibility.folders import LibraryFolders
from pymlsql.embedded.satellite.pool import SatellitePool
from pymlsql.embedded.tds.requests import Login, SqlBatch
from pymlsql.embedded.tds.responses import Message, Response
from tests.unit.engine.conftest import Client
from tests.wheels import literal, make_wheel, make_zip

ONE = make_wheel("one", {"one.py": "x = 1\n"})
TWO = make_zip({"two.whl": make_wheel("two", {"two.py": ""}), "three.whl": make_wheel("three", {"three.py": ""})})
NATIVE = make_wheel("native", {"native.so": b"\x7fELF"}, tags=("cp37-cp37m-manylinux2014_x86_64",))
WITH = "WITH (LANGUAGE = 'Python')"
CREATE = f"CREATE EXTERNAL LIBRARY one FROM (CONTENT = {literal(ONE)}) {WITH}"
WINDOWS = "(CONTENT = 0xEF, PLATFORM = WINDOWS)"
LIBRARIES = "SELECT name, principal_id, language, scope, scope_desc FROM sys.external_libraries ORDER BY name"
FILES = "SELECT platform_desc, content FROM sys.external_library_files ORDER BY platform"
ROW = ("one", 1, "Python", 0, "PUBLIC")
JAVA = "CREATE EXTERNAL LANGUAGE Java FROM (CONTENT = 0xAB, FILE_NAME = 'javaextension.so')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder whose files CONTENT may name."""
    made = tmp_path / "files"
    made.mkdir()
    (made / "one.whl").write_bytes(ONE)
    (made / "folder").mkdir()
    return made


@pytest.fixture
def engine(tmp_path: Path, folder: Path) -> Iterator[Engine]:
    pool = SatellitePool(n_spares=1, preload=())
    made = Engine(tmp_path / "data.duckdb", password="p", allowed=Allowed((folder,)), satellites=pool)
    yield made
    made.close()


def listable(root: Path) -> Path:
    """The folder of folders, which nobody may list, opened for the test."""
    root.chmod(0o700)
    return root


def on_disk(engine: Engine, pattern: str = "*/*.py") -> set[str]:
    """The modules that lie unpacked."""
    root = engine.libraries._root
    assert root is not None
    return {path.name for path in listable(root).glob(pattern)} if root.exists() else set()


STEPS = [
    ([CREATE], [ROW], [("LINUX", ONE)], {"one.py"}),
    ([CREATE.replace(" WITH", f", {WINDOWS} WITH")], [ROW], [("WINDOWS", b"\xef"), ("LINUX", ONE)], {"one.py"}),
    ([CREATE, f"ALTER EXTERNAL LIBRARY ONE ADD {WINDOWS} {WITH}"], [ROW], [("WINDOWS", b"\xef"), ("LINUX", ONE)],
     {"one.py"}),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one SET (CONTENT = {literal(TWO)}) {WITH}"], [ROW], [("LINUX", TWO)],
     {"two.py", "three.py"}),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one AUTHORIZATION DBO SET (CONTENT = {literal(ONE)}) {WITH.upper()}"],
     [ROW], [("LINUX", ONE)], {"one.py"}),
    ([CREATE, "DROP EXTERNAL LIBRARY One"], [], [], set()),
    ([CREATE, "DROP EXTERNAL LIBRARY one AUTHORIZATION dbo"], [], [], set()),
    ([CREATE, "BEGIN TRAN", "DROP EXTERNAL LIBRARY one", "ROLLBACK"], [ROW], [("LINUX", ONE)], {"one.py"}),
    (["BEGIN TRAN", CREATE, "SAVE TRAN s", "DROP EXTERNAL LIBRARY one", "ROLLBACK TRAN s", "COMMIT"], [ROW],
     [("LINUX", ONE)], None),
    (["BEGIN TRAN", CREATE, "SELECT 1 AS a", "COMMIT"], [ROW], [("LINUX", ONE)], {"one.py"}),
    (["BEGIN TRAN", CREATE, "ROLLBACK"], [], [], None),
    (["DECLARE @x varbinary(max) = 0x; " + CREATE.replace("0x", "@x + 0x")], [ROW], [("LINUX", ONE)], {"one.py"}),
    ([JAVA, "CREATE EXTERNAL LIBRARY one FROM (CONTENT = 0xCAFE) WITH (LANGUAGE = 'java')"],
     [("one", 1, "Java", 0, "PUBLIC")], [("LINUX", b"\xca\xfe")], set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("batches", "names", "files", "modules"), STEPS, ids=[batches[-1][:50] for batches, *_ in STEPS]
)
def test_views_and_folders_show_what_statements_left(
    client: Client, engine: Engine, batches: list[str], names: object, files: list[object], modules: object
) -> None:
    for batch in batches:
        client.run(batch)
        assert client.errors == []
    assert client.run(LIBRARIES) == names
    assert client.run(FILES) == files
    if modules is not None:
        assert on_disk(engine) == modules
    n_languages = 1 if batches[0] == JAVA else 0
    assert client.session.store.run("SELECT count(*) FROM store.contents").fetchall() == [(len(files) + n_languages,)]


ERRORS = [
    ([CREATE, CREATE.upper().replace("0X", "0x")], 39047),
    ([CREATE.replace("FROM", "AUTHORIZATION nobody FROM")], 39046),
    ([CREATE.replace("'Python'", "'Perl'")], 39007),
    ([CREATE.replace("'Python'", "'R'")], 40510),
    ([CREATE.replace(literal(ONE), "0x")], 39042),
    ([CREATE.replace(literal(ONE), "NULL")], 39042),
    ([CREATE.replace(literal(ONE), "NONE")], 39042),
    ([CREATE.replace(literal(ONE), "7")], 39042),
    ([CREATE.replace(literal(ONE), "'/etc/passwd'")], 39044),
    ([CREATE.replace(literal(ONE), "0xABCD")], 39048),
    ([CREATE.replace(literal(ONE), literal(NATIVE))], 39048),
    ([CREATE.replace(literal(ONE), literal(make_wheel("numpy", {"numpy/__init__.py": ""})))], 39048),
    ([CREATE.replace(literal(ONE), literal(make_wheel("up", {"../up.py": ""})))], 39048),
    ([f"ALTER EXTERNAL LIBRARY one SET {WINDOWS} {WITH}"], 15151),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one AUTHORIZATION nobody SET {WINDOWS} {WITH}"], 15151),
    ([CREATE, JAVA, f"ALTER EXTERNAL LIBRARY one SET {WINDOWS} WITH (LANGUAGE = 'Java')"], 15151),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one SET {WINDOWS} {WITH}"], 39115),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one ADD (CONTENT = {literal(TWO)}) {WITH}"], 39112),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one SET (CONTENT = {literal(NATIVE)}) {WITH}"], 39048),
    ([CREATE, f"ALTER EXTERNAL LIBRARY one SET (CONTENT = NULL) {WITH}"], 39042),
    (["DROP EXTERNAL LIBRARY one"], 15151),
    ([CREATE, "DROP EXTERNAL LIBRARY one AUTHORIZATION guest"], 15151),
    ([JAVA, "CREATE EXTERNAL LIBRARY one FROM (CONTENT = 0xCAFE) WITH (LANGUAGE = 'Java')",
      "DROP EXTERNAL LANGUAGE Java"], 39129),
    (["USE master", CREATE], 40510),
]  # fmt: skip


@pytest.mark.parametrize(("batches", "number"), ERRORS, ids=[f"{n} {batches[-1][-60:]}" for batches, n in ERRORS])
def test_statement_is_refused_and_leaves_nothing(client: Client, batches: list[str], number: int) -> None:
    for batch in batches[:-1]:
        client.run(batch)
        assert client.errors == []
    before = client.run(f"{LIBRARIES}; {FILES}")
    client.run(batches[-1])
    assert client.errors == [number]
    assert client.run(f"{LIBRARIES}; {FILES}") == before


def test_content_may_be_a_file_of_an_allowed_folder(client: Client, folder: Path) -> None:
    def run(name: str) -> list[int]:
        client.run(CREATE.replace(literal(ONE), f"N'{folder}/{name}'"))
        return client.errors

    assert run("folder") == [39045]
    assert run("missing") == [39044]
    assert run("a" * 5000) == [39043]
    assert run("one.whl") == []
    assert client.run(FILES) == [("LINUX", ONE)]


def test_installed_libraries_are_listed_with_a_version_that_changes(client: Client) -> None:
    listed = "SELECT language_id, principal_id, name, mdversion FROM sys.external_libraries_installed"
    client.run(CREATE)
    (before,) = client.run(listed)
    assert before[:3] == (2, 1, "one")
    client.run(f"ALTER EXTERNAL LIBRARY one SET (CONTENT = {literal(TWO)}) {WITH}")
    (after,) = client.run(listed)
    assert after[3] != before[3]
    client.run(f"CREATE EXTERNAL LIBRARY unused FROM {WINDOWS} {WITH}")
    assert client.run(listed) == [after]


def test_others_see_a_library_when_it_is_committed(client: Client, other: Client) -> None:
    client.run(f"BEGIN TRAN; {CREATE}")
    assert other.run(LIBRARIES) == []
    client.run("COMMIT")
    assert other.run(LIBRARIES) == [ROW]


def test_start_keeps_what_is_wanted_and_removes_the_rest(tmp_path: Path) -> None:
    def opened() -> tuple[Engine, Client]:
        engine = Engine(tmp_path / "data.duckdb", password="p")
        return engine, Client(engine.login(Login(user="sa", password="p"), client_host="here"))

    engine, client = opened()
    client.run(CREATE)
    client.run(f"BEGIN TRAN; {CREATE.replace('one', 'gone').replace(literal(ONE), literal(TWO))}; ROLLBACK")
    kept = engine.libraries._wanted()
    assert len(engine.libraries.present - kept) == 1
    engine.close()
    root = tmp_path / "libraries"
    (root / "new-abc").mkdir()
    (root / "new-abc" / "half.py").touch()
    (root / "file").touch()
    (root / ("0" * 64)).symlink_to(tmp_path)
    engine, client = opened()
    assert not root.stat().st_mode & 0o444
    assert {path.name for path in listable(root).iterdir()} == kept
    assert (tmp_path / "data.duckdb").exists()
    assert client.run(LIBRARIES) == [ROW]
    engine.close()


def test_a_script_that_runs_keeps_a_library_that_is_dropped(engine: Engine) -> None:
    """It prints more than a pipe holds: the rest of the script waits until the server has dropped the library."""
    sessions = [engine.login(Login(user="sa", password="p"), client_host="here") for _ in range(2)]
    client, other = map(Client, sessions)
    client.run("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
    late = make_wheel("late", {"late/__init__.py": "", "late/part.py": "x = 7\n"})
    client.run(f"CREATE EXTERNAL LIBRARY late FROM (CONTENT = {literal(late)}) {WITH}")
    assert client.errors == []
    during: list[set[str]] = []

    def take(response: Response) -> None:
        if isinstance(response, Message) and "ready" in response.text and not during:
            other.run("DROP EXTERNAL LIBRARY late")
            during.append(on_disk(engine, "*/late/part.py"))
        Client._take(client, response)

    script = "import late, pandas\nprint(''ready'')\nprint(''x'' * 1000000)\nimport late.part\n" \
             "OutputDataSet = pandas.DataFrame({''x'': [late.part.x]})"  # fmt: skip
    client.errors, client.rows = [], []
    text = f"EXEC sp_execute_external_script @language = N'Python', @script = N'{script}'"
    client.session.run(SqlBatch(text), take)
    assert (client.rows, client.errors) == ([(7,)], [])
    assert during == [{"part.py"}]
    assert other.run(LIBRARIES) == []
    assert on_disk(engine, "*/late/part.py") == set()


# Owners ------------------------------------------------------------------------------------------------------------


def test_an_owner_s_library_is_private_and_comes_first(client: Client) -> None:
    client.run("CREATE USER Ann WITHOUT LOGIN; CREATE ROLE Bob; CREATE USER Eve WITHOUT LOGIN")
    for owner in ("dbo", "ann", "BOB"):
        client.run(CREATE.replace("FROM", f"AUTHORIZATION {owner} FROM"))
        assert client.errors == []
    client.run(CREATE.replace("LIBRARY one", "LIBRARY more"))
    public = [("dbo", "one"), ("dbo", "more")]
    for user, expected in {"Ann": [("Ann", "one"), *public], "dbo": public, "Eve": public}.items():
        catalog = client.session.catalog
        (number,) = client.run(f"SELECT USER_ID('{user}')")[0]
        found = libraries.visible_libraries(catalog, number, "python")
        assert [(rights.owner_name(client.session, one.owner), one.name) for one in found] == expected
        assert libraries.visible_libraries(catalog, number, "Python37") == []
    (number,) = client.run("SELECT USER_ID('Ann')")[0]
    assert ("one", number, "Python", 1, "PRIVATE") in client.run(LIBRARIES)
    client.run("ALTER USER Ann WITH NAME = Anna; DROP USER Anna")
    assert client.errors == [15138]
    client.run("DROP EXTERNAL LIBRARY one AUTHORIZATION anna; DROP USER Anna")
    assert client.errors == []
    assert len(client.run(LIBRARIES)) == 3


STEPS_OF_ANN = [
    ("", CREATE, 15247),
    ("GRANT CREATE EXTERNAL LIBRARY TO Ann", CREATE, 0),
    ("GRANT CREATE EXTERNAL LIBRARY TO Ann", CREATE.replace("FROM", "AUTHORIZATION dbo FROM"), 15151),
    ("GRANT CREATE EXTERNAL LIBRARY TO Ann", CREATE.replace("FROM", "AUTHORIZATION nobody FROM"), 39046),
    ("GRANT CREATE EXTERNAL LIBRARY TO Ann", CREATE.replace(literal(ONE), "N'one.whl'"), 15247),
    (CREATE, "DROP EXTERNAL LIBRARY one AUTHORIZATION dbo", 15151),
    (CREATE, f"ALTER EXTERNAL LIBRARY one AUTHORIZATION dbo ADD {WINDOWS} {WITH}", 15151),
    (f"{CREATE}; GRANT ALTER ANY EXTERNAL LIBRARY TO Ann", "DROP EXTERNAL LIBRARY one AUTHORIZATION dbo", 0),
    (CREATE.replace("FROM", "AUTHORIZATION Ann FROM"), "DROP EXTERNAL LIBRARY one", 0),
    (CREATE.replace("FROM", "AUTHORIZATION Ann FROM"), f"ALTER EXTERNAL LIBRARY one ADD {WINDOWS} {WITH}", 0),
    ("ALTER ROLE db_owner ADD MEMBER Ann", CREATE.replace("FROM", "AUTHORIZATION dbo FROM"), 0),
]


@pytest.mark.parametrize(("before", "statement", "number"), STEPS_OF_ANN)
def test_who_may_change_what(client: Client, engine: Engine, before: str, statement: str, number: int) -> None:
    client.run(f"CREATE LOGIN Ann WITH PASSWORD = 'p', CHECK_POLICY = OFF; CREATE USER Ann FOR LOGIN Ann; {before}")
    assert client.errors == []
    ann = Client(engine.login(Login(user="Ann", password="p", database="pymlsql"), client_host="here"))
    ann.run(statement)
    assert ann.errors == ([number] if number else [])


# Folders -----------------------------------------------------------------------------------------------------------


def test_a_folder_goes_when_nobody_wants_it_and_nobody_uses_it(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a.py").write_text("x = 1\n")
        folder.chmod(0o555)

    wanted = {"a" * 64}
    folders = LibraryFolders(tmp_path / "libraries", lambda: frozenset(wanted))
    with folders.using([("a" * 64, fill), ("b" * 64, fill)]) as paths:
        wanted.clear()
        folders.sweep()
        assert [(Path(path) / "a.py").read_text() for path in paths] == ["x = 1\n"] * 2
        with folders.using([("a" * 64, fill)]) as same:
            assert same == paths[:1]
        assert len(folders.present) == 2
    assert folders.present == frozenset()
    assert list(listable(tmp_path / "libraries").iterdir()) == []


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a.py").touch()
        raise OSError(28, "No space left on device")

    folders = LibraryFolders(tmp_path / "libraries", frozenset)
    with pytest.raises(OSError, match="No space"):
        folders.make("a" * 64, fill)
    assert list(listable(tmp_path / "libraries").iterdir()) == []


def test_a_server_in_memory_leaves_nothing() -> None:
    folders = LibraryFolders(None, lambda: frozenset({"a" * 64}))
    folders.make("a" * 64, lambda folder: (folder / "a.py").touch())
    root = folders._root
    assert root is not None
    assert root.is_dir()
    folders.close()
    assert not root.exists()


def test_catalog_without_libraries_shows_none() -> None:
    assert libraries.unpacked_contents(Catalog()) == frozenset()
