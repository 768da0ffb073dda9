"""External libraries: wheels that scripts import, in the server's own Python and in a real Python 3.7."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from tests import servers
from tests.contract.cases import error_number, fetch
from tests.contract.people import people
from tests.contract.test_scripts import call
from tests.interpreters import require_python37
from tests.servers import Target
from tests.wheels import make_wheel, make_zip

WORD = ", @params = N'@w nvarchar(max) OUTPUT', @w = @w OUTPUT"
HELLO = make_wheel("hello", {"hello/__init__.py": "from hello.part import word\n", "hello/part.py": "word = 'one'\n"})
LATER = make_wheel("hello", {"hello/__init__.py": "word = 'two'\n", "hello/table.csv": "a,b\n"}, version="2.0")
HELLO_SCRIPT = "import hello\nw = hello.word"


@pytest.fixture(scope="module")
def home() -> Path:
    """The virtual environment of Python 3.7."""
    return require_python37().parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the data directory, and a folder of files that T-SQL may name."""
    made = tmp_path_factory.mktemp("libraries")
    (made / "files").mkdir()
    (made / "files" / "hello.whl").write_bytes(HELLO)
    return made


@pytest.fixture(scope="module")
def server(home: Path, folder: Path) -> Iterator[Target]:
    """An embedded server that may use Python 3.7, over a data directory."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    options = ("--python", str(home), "--allow-files", str(folder / "files"))
    with servers.running(folder / "data", options=options) as target:
        yield target


@pytest.fixture(scope="module")
def connected(server: Target, home: Path) -> Iterator[Any]:
    made = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    made.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
    made.execute(f"CREATE EXTERNAL LANGUAGE Python37 FROM (CONTENT = 0xAB, FILE_NAME = 'libPythonExtension.so.1.2', "
                 f"ENVIRONMENT_VARIABLES = N'{json.dumps({'PYTHONHOME': str(home)})}')")  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def connection(connected: Any) -> Iterator[Any]:
    """A connection; the libraries that a test leaves are dropped."""
    yield connected
    for (name,) in connected.execute("SELECT name FROM sys.external_libraries").fetchall():
        connected.execute(f"DROP EXTERNAL LIBRARY [{name}]")


def create(connection: Any, name: str, data: bytes, language: str = "Python") -> None:
    """CREATE EXTERNAL LIBRARY, its bytes as a parameter, as sqlmlutils does it."""
    sql = f"CREATE EXTERNAL LIBRARY [{name}] FROM (CONTENT = ?) WITH (LANGUAGE = '{language}')"
    connection.execute(sql, pyodbc.Binary(data))


def word(connection: Any, script: str, language: str = "Python") -> Any:
    """What the script leaves in w."""
    text = call(script, WORD).replace("N'Python'", f"N'{language}'", 1)
    with closing(connection.cursor()) as cursor:
        return fetch(cursor, f"DECLARE @w nvarchar(max); {text}; SELECT @w")[-1][0][0]


def refused(connection: Any, script: str, language: str = "Python") -> bool:
    """Whether the script ends with a module that is missing."""
    with pytest.raises(pyodbc.Error) as caught:
        word(connection, script, language)
    return error_number(caught.value) in (39004, 39019)


@pytest.mark.parametrize("language", ["Python", "Python37"])
def test_scripts_of_a_language_import_its_libraries(connection: Any, language: str) -> None:
    other = ({"Python", "Python37"} - {language}).pop()
    create(connection, "hello", make_zip({"hello-1.0-py3-none-any.whl": HELLO}), language)
    assert word(connection, HELLO_SCRIPT, language) == "one"
    assert refused(connection, HELLO_SCRIPT, other)
    connection.execute(f"ALTER EXTERNAL LIBRARY hello SET (CONTENT = ?) WITH (LANGUAGE = '{language}')", LATER)
    script = "import pkgutil\nw = pkgutil.get_data('hello', 'table.csv').decode()"
    assert word(connection, HELLO_SCRIPT, language) == "two"
    assert word(connection, script, language) == "a,b\n"
    connection.execute("DROP EXTERNAL LIBRARY hello")
    assert refused(connection, HELLO_SCRIPT, language)


def test_content_is_a_file_of_an_allowed_folder(connection: Any, folder: Path) -> None:
    path = folder / "files" / "hello.whl"
    connection.execute(f"CREATE EXTERNAL LIBRARY hello FROM (CONTENT = N'{path}') WITH (LANGUAGE = 'Python')")
    path.unlink()
    assert word(connection, HELLO_SCRIPT) == "one"


def test_a_wheel_for_another_python_is_refused_with_a_sentence(connection: Any) -> None:
    native = make_wheel("native", {"native.so": b"\x7fELF"}, tags=("cp311-cp311-manylinux2014_x86_64",))
    with pytest.raises(pyodbc.Error, match=r"Failed to create external library 'native': the wheel native 1.0 is for "
                       r"cp311-cp311-manylinux2014_x86_64, and Python37 runs on Python 3\.7\.\d+ \(cp37m"):  # fmt: skip
        create(connection, "native", native, "Python37")
    newer = make_wheel("newer", {"newer.py": ""}, requires=">=3.8")
    with pytest.raises(pyodbc.Error, match=r"the wheel newer 1.0 requires Python >=3.8, and Python37 runs on"):
        create(connection, "newer", newer, "Python37")
    create(connection, "newer", newer)
    assert word(connection, "import newer\nw = newer.__name__") == "newer"


def test_a_language_that_has_become_another_python_says_so_at_the_call(connection: Any, home: Path) -> None:
    file = "(CONTENT = 0xAB, FILE_NAME = 'libPythonExtension.so.1.2'{})"
    variables = f", ENVIRONMENT_VARIABLES = N'{json.dumps({'PYTHONHOME': str(home)})}'"
    connection.execute(f"CREATE EXTERNAL LANGUAGE Moving FROM {file.format('')}")
    create(connection, "newer", make_wheel("newer", {"newer.py": ""}, requires=">=3.8"), "Moving")
    assert word(connection, "import newer\nw = 'x'", "Moving") == "x"
    connection.execute(f"ALTER EXTERNAL LANGUAGE Moving SET {file.format(variables)}")
    with pytest.raises(pyodbc.Error, match=r"Failed to install external library 'newer': the wheel newer 1\.0 req"):
        word(connection, "w = 'x'", "Moving")
    with pytest.raises(pyodbc.Error, match="referenced by external library 'newer'"):
        connection.execute("DROP EXTERNAL LANGUAGE Moving")
    connection.execute("DROP EXTERNAL LIBRARY newer; DROP EXTERNAL LANGUAGE Moving")


def test_a_library_counts_more_than_what_is_loaded_ahead_of_time(connection: Any) -> None:
    script = "import joblib\nw = joblib.__version__"
    before = word(connection, script)
    create(connection, "joblib", make_wheel("joblib", {"joblib/__init__.py": "__version__ = 'mine'\n"}))
    assert word(connection, script) == "mine"
    with pytest.raises(pyodbc.Error, match="brings pandas, which every script of Python has from its interpreter"):
        create(connection, "pandas", make_wheel("pandas", {"pandas/__init__.py": ""}))
    connection.execute("DROP EXTERNAL LIBRARY joblib")
    assert word(connection, script) == before != "mine"


def test_a_library_is_seen_within_its_transaction_and_gone_with_it(connection: Any, server: Target) -> None:
    other = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    connection.execute("BEGIN TRANSACTION")
    create(connection, "hello", HELLO)
    assert word(connection, HELLO_SCRIPT) == "one"
    assert refused(other, HELLO_SCRIPT)
    connection.execute("IF @@TRANCOUNT > 0 ROLLBACK")
    assert refused(connection, HELLO_SCRIPT)
    assert fetch(connection.cursor(), "SELECT count(*) FROM sys.external_libraries")[0][0] == (0,)
    other.close()


def test_a_user_s_own_library_comes_before_dbo_s_and_is_nobody_else_s(connection: Any, server: Target) -> None:
    create(connection, "hello", HELLO)
    with people(server) as made:
        made.make("Lib_Ann", "Lib_Bob")
        for name in ("Lib_Ann", "Lib_Bob"):
            made.run(f"GRANT EXECUTE ANY EXTERNAL SCRIPT TO {name}")
        made.run("GRANT CREATE EXTERNAL LIBRARY TO Lib_Ann")
        ann, bob = made.connect("Lib_Ann"), made.connect("Lib_Bob")
        create(ann, "hello", LATER)
        create(ann, "mine", make_wheel("mine", {"mine.py": ""}))
        assert [word(one, HELLO_SCRIPT) for one in (connection, ann, bob)] == ["one", "two", "one"]
        assert word(ann, "import mine\nw = 'x'") == "x"
        seen = "SELECT count(*) FROM sys.external_libraries l JOIN sys.external_library_files f " \
               "ON f.external_library_id = l.external_library_id"  # fmt: skip
        assert [one.execute(seen).fetchval() for one in (connection, ann, bob)] == [3, 2, 0]
        assert refused(bob, "import mine")
        assert refused(connection, "import mine")
        made.run(
            "DROP EXTERNAL LIBRARY hello AUTHORIZATION Lib_Ann", "DROP EXTERNAL LIBRARY mine AUTHORIZATION Lib_Ann"
        )
        assert word(ann, HELLO_SCRIPT) == "one"


def test_nothing_of_a_library_runs_before_a_script_imports_it(connection: Any, folder: Path) -> None:
    mark = folder / "ran"
    touch = f"open({str(mark)!r}, 'w').close()\n"
    files = dict.fromkeys(("eager/__init__.py", "sitecustomize.py", "usercustomize.py"), touch)
    if importlib.util.find_spec("sitecustomize") is not None:  # Debian's Python has one, which nothing may replace
        refused = make_wheel("eager", {"sitecustomize.py": files.pop("sitecustomize.py")})
        with pytest.raises(pyodbc.Error, match="39048"):
            create(connection, "eager", refused)
    files["eager.pth"] = f"import os; {touch}"
    files["eager-1.0.data/scripts/setup.py"] = touch
    create(connection, "eager", make_wheel("eager", files))
    assert word(connection, "w = 'x'") == "x"
    assert not mark.exists()


def test_a_script_reads_the_libraries_that_it_is_told_of(connection: Any, server: Target) -> None:
    """It may not write there, nor look what else there is."""
    create(connection, "hello", HELLO)
    script = """
import hello, os
folder = os.path.dirname(os.path.dirname(hello.__file__))
def tries(what, *arguments):
    try:
        return str(what(*arguments))
    except OSError as problem:
        return problem.__class__.__name__ + ' ' + os.strerror(problem.errno)
w = '|'.join([str(sorted(os.listdir(folder))), tries(os.listdir, os.path.dirname(folder)),
              tries(open, os.path.join(folder, 'new.py'), 'w'), tries(os.chmod, folder, 0o777)])
"""
    inside, listing, writing, changing = word(connection, script).split("|")
    assert inside == "['hello', 'hello-1.0.dist-info']"
    log = server.stderr()
    if "sandbox of external scripts: full" in log:
        refusals = ("PermissionError Permission denied", "OSError Read-only file system")
        assert (listing, writing, changing) == (refusals[0], refusals[1], refusals[1])


def test_libraries_outlive_the_server_and_their_unpacked_files(folder: Path) -> None:
    place = folder / "restarted"
    for first in (True, False):
        with servers.running(place) as target:
            connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
            if first:
                connection.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")
                create(connection, "hello", HELLO)
            assert word(connection, HELLO_SCRIPT) == "one"
            connection.close()
        (place / "libraries").chmod(0o700)
        (unpacked,) = (place / "libraries").iterdir()
        if first:
            unpacked.rename(folder / "taken away")
