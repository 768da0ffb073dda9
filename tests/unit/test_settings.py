"""Where the target comes from, and that no password is ever shown."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from pymlsql import settings
from pymlsql.errors import ServerNotRunning, SettingsError

FACTS = {
    "host": "127.0.0.1",
    "port": 14330,
    "database": "pymlsql",
    "user": "sa",
    "password": "s3cret",
    "odbc": "DRIVER=x;PWD=s3cret",
    "sqlalchemy_url": "mssql+pyodbc://sa:s3cret@127.0.0.1:14330/pymlsql",
    "pid": 1,
}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("PYMLSQL_URL", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def write_server_file(place: Path | None = None) -> None:
    place = place or settings.default_data_dir()
    place.mkdir(parents=True)
    (place / "server.json").write_text(json.dumps(FACTS))


def test_the_option_wins_over_the_environment_and_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pymlsql.toml").write_text('[database]\nurl = "mssql://from-file"\n')
    assert settings.resolve_target().url == "mssql://from-file"
    monkeypatch.setenv("PYMLSQL_URL", "mssql://from-environment")
    assert settings.resolve_target() == settings.Target("mssql://from-environment", "PYMLSQL_URL")
    assert settings.resolve_target("mssql://from-option") == settings.Target("mssql://from-option", "--url")


def test_an_option_makes_a_broken_file_irrelevant() -> None:
    Path("pymlsql.toml").write_text("[database\n")
    assert settings.resolve_target("mssql://x").url == "mssql://x"
    with pytest.raises(SettingsError, match=r"pymlsql\.toml cannot be read"):
        settings.resolve_target()


def test_a_server_is_named_by_its_data_directory(tmp_path: Path) -> None:
    with pytest.raises(ServerNotRunning, match=f"--data-dir {tmp_path / 'else'}"):
        settings.resolve_target(f"embedded:{tmp_path / 'else'}")
    write_server_file(tmp_path / "else")
    assert settings.resolve_target(f"embedded:{tmp_path / 'else'}").url == FACTS["sqlalchemy_url"]


def test_without_a_word_the_embedded_server_is_meant() -> None:
    with pytest.raises(ServerNotRunning, match="run pymlsql server start"):
        settings.resolve_target()
    write_server_file()
    assert settings.resolve_target().url == FACTS["sqlalchemy_url"]


@pytest.mark.parametrize("source", ["option", "environment", "file"])
def test_embedded_can_be_named_anywhere(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_server_file()
    if source == "environment":
        monkeypatch.setenv("PYMLSQL_URL", "embedded")
    if source == "file":
        Path("pymlsql.toml").write_text('[database]\nurl = "embedded"\n')
    target = settings.resolve_target("embedded" if source == "option" else None)
    assert target.url == FACTS["sqlalchemy_url"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no server"),
        ("[database]\n", "names no server"),
        ("database = 3\n", "names no server"),
        ("[database]\nurl = 3\n", "must be a string"),
        ("[database\n", "cannot be read"),
        ("[database]\nurl = '\x00'\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(text: str, sentence: str) -> None:
    Path("pymlsql.toml").write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        settings.resolve_target()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": 1}', "\x00"])
def test_a_damaged_server_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(text)
    with pytest.raises(SettingsError, match="Remove it and start the server again"):
        settings.read_server_file(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "mssql+pyodbc://sa:s3cret@127.0.0.1:1433/db?driver=x",
        "DRIVER={x};SERVER=h;UID=sa;PWD=s3cret;Encrypt=yes",
        "driver=x; pwd = {s3;cr}}et s3cret};server=h",
        "PASSWORD=s3cret",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cret%3BUID%3Dsa",
        "Login failed for mssql+pyodbc://sa:s3cret@h/db, sorry",
    ],
)
def test_a_password_is_never_shown(text: str) -> None:
    assert "s3cret" not in settings.redact(text)
    assert "s3cret" not in settings.Target(text, "test").display
    assert "s3cret" not in repr(settings.Target(text, "test"))


def test_what_is_not_a_password_stays() -> None:
    text = "DRIVER={x};SERVER=h;UID=sa;PWD=s3cret;Encrypt=yes"
    assert settings.redact(text) == "DRIVER={x};SERVER=h;UID=sa;PWD=***;Encrypt=yes"


def test_the_signing_key_is_made_once_and_private() -> None:
    assert settings.signing_key(create=False) is None
    first = settings.signing_key(create=True)
    assert first is not None
    assert len(first) == 32
    assert settings.signing_key(create=True) == first
    with pytest.raises(SettingsError, match="is there already"):
        settings.create_signing_key()
    path = settings.data_home() / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["signing.key"]
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="32 bytes"):
        settings.signing_key(create=False)
