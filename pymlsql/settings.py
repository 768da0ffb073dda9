"""Where the server is: the only module that reads the environment.

The target is the first of: the `--url` option, `PYMLSQL_URL`, `[database] url` of `pymlsql.toml` in the current
directory, and `embedded`: the server of the default data directory, found by its `server.json`; `embedded:DIR` is the
server of another data directory. Any other plain word is one of the project's `[environments]`, where
NAME = "VARIABLE" says which environment variable holds the URL.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymlsql.errors import ServerNotRunning, SettingsError

EMBEDDED = "embedded"
"""The word that stands for the server of the default data directory."""

CONFIG_FILE = "pymlsql.toml"

_ENVIRONMENT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_URL_PASSWORD = re.compile(r"(?<=://)([^:/@?#]*):(\S*)@")
_ODBC_PASSWORD = re.compile(r"(?i)\b(pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")
_ODBC_PASSWORD_QUOTED = re.compile(
    r"(?i)(?:\b|(?<=%3b))(pwd|password)(=|%3d)(?:%7b(?:(?!%7d).|%7d%7d)*%7d|(?:(?!%3b|[;&\s]).)*)"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A server to talk to: a SQLAlchemy URL or an ODBC connection string, and where it was named.

    `url` may carry a password and stays out of `repr`; `display` never does.
    """

    url: str = field(repr=False)
    source: str

    @property
    def display(self) -> str:
        """The target as it may be printed."""
        return redact(self.url)


@dataclass(frozen=True, slots=True)
class ServerFile:
    """What a running server wrote into its `server.json`."""

    path: Path
    host: str
    port: int
    database: str
    user: str
    pid: int
    odbc: str = field(repr=False)
    sqlalchemy_url: str = field(repr=False)


def redact(text: str) -> str:
    """Replace every password in a URL, an ODBC string or an error message by `***`."""
    text = _URL_PASSWORD.sub(r"\1:***@", text)
    text = _ODBC_PASSWORD.sub(r"\1=***", text)
    return _ODBC_PASSWORD_QUOTED.sub(r"\1\2***", text)


def data_home() -> Path:
    """`$XDG_DATA_HOME/pymlsql`, by default `~/.local/share/pymlsql`."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "pymlsql"


def default_data_dir() -> Path:
    """The data directory of the server that `embedded` means."""
    return data_home() / "default"


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a child process, with `changes`."""
    return {**os.environ, **changes}


def signing_key(*, create: bool) -> bytes | None:
    """The 32 secret bytes of this account's Ed25519 key, mode 0600; made on first use if `create`, else None."""
    path = _signing_key_path()
    if not path.exists():
        if not create:
            return None
        with contextlib.suppress(FileExistsError):  # the first one wins; replacing would break another's seals
            _write_secret(path)
    key = path.read_bytes()
    if len(key) != 32:
        raise SettingsError(f"{path} must hold 32 bytes and does not. Remove it; older model files then need --trust.")
    return key


def create_signing_key() -> bytes:
    """Make this account's key. Raises SettingsError where there is one already."""
    path = _signing_key_path()
    try:
        _write_secret(path)
    except FileExistsError:
        raise SettingsError(f"{path} is there already, and what it has sealed would lose its proof.") from None
    return path.read_bytes()


def _signing_key_path() -> Path:
    return data_home() / "signing.key"


def _write_secret(path: Path) -> None:
    """32 new secret bytes, whole or not at all. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def trusted_keys(path: Path | None = None) -> tuple[bytes, ...]:
    """The public keys of `[security] trusted_keys` in pymlsql.toml: 64 hex digits each, none where it names none.

    Raises SettingsError where the list cannot be read.
    """
    path = Path(CONFIG_FILE) if path is None else path
    named = _read_config(path).get("security", {})
    texts = named.get("trusted_keys", []) if isinstance(named, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) and _KEY.fullmatch(text) for text in texts):
        raise SettingsError(f"{path}: [security] trusted_keys must be a list of public keys, 64 hex digits each.")
    return tuple(bytes.fromhex(text) for text in texts)


def read_server_file(data_dir: Path) -> ServerFile | None:
    """The `server.json` of a data directory, or None where no server wrote one."""
    path = data_dir / "server.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return ServerFile(
            path=path,
            host=str(values["host"]),
            port=int(values["port"]),
            database=str(values["database"]),
            user=str(values["user"]),
            pid=int(values["pid"]),
            odbc=str(values["odbc"]),
            sqlalchemy_url=str(values["sqlalchemy_url"]),
        )
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{path} is not a server's file ({error}). Remove it and start the server again.") from None


def resolve_target(url: str | None = None, environ: Mapping[str, str] | None = None) -> Target:
    """Decide which server is meant.

    `url` is what the caller named explicitly. Raises SettingsError for an unreadable pymlsql.toml and
    ServerNotRunning where `embedded` is meant and its data directory shows no server.
    """
    environ = os.environ if environ is None else environ
    configured = None if url or environ.get("PYMLSQL_URL") else _configured_url(Path(CONFIG_FILE))
    named = find_named_target(url, environ) or (Target(configured, CONFIG_FILE) if configured else None)
    if named is not None and _ENVIRONMENT.fullmatch(named.url) and named.url != EMBEDDED:
        named = _environment_target(named.url, Path(CONFIG_FILE), environ)
    if named is None:
        return _embedded_target("default")
    if named.url == EMBEDDED:
        return _embedded_target(named.source)
    prefix, _, folder = named.url.partition(":")
    return _embedded_target(named.source, Path(folder).expanduser()) if prefix == EMBEDDED and folder else named


def find_named_target(url: str | None = None, environ: Mapping[str, str] | None = None) -> Target | None:
    """The target that the caller or PYMLSQL_URL names, if any; the demo starts a server of its own else."""
    environ = os.environ if environ is None else environ
    if url:
        return Target(url, "--url")
    value = environ.get("PYMLSQL_URL")
    return Target(value, "PYMLSQL_URL") if value else None


def _environment_target(name: str, path: Path, environ: Mapping[str, str]) -> Target:
    """The server of `[environments]`: the word embedded, or the value of the variable that is named there."""
    named = _read_config(path).get("environments", {})
    known = ", ".join(named) if isinstance(named, dict) else ""
    value = named.get(name) if isinstance(named, dict) else None
    if not isinstance(value, str):
        raise SettingsError(
            f"{name} is neither a URL nor an environment of {path}{f' (there are {known})' if known else ''}: add "
            f'{name} = "VARIABLE" to its [environments], the name of the variable that holds the URL.'
        )
    if value.partition(":")[0] == EMBEDDED:
        return Target(value, f"{path}, environments.{name}")
    if not _VARIABLE.fullmatch(value):
        raise SettingsError(
            f"{path}: environments.{name} must be the name of an environment variable, or embedded: URLs and their "
            "passwords do not belong into this file."
        )
    if not environ.get(value):
        raise SettingsError(f"The environment {name} takes its URL from the variable {value}, which is not set.")
    return Target(environ[value], f"{value}, the environment {name}")


def _embedded_target(source: str, data_dir: Path | None = None) -> Target:
    server = read_server_file(data_dir or default_data_dir())
    if server is None and data_dir is not None:
        raise ServerNotRunning(
            f"No embedded server runs over {data_dir}: run pymlsql server start --data-dir {data_dir}."
        )
    if server is None:
        raise ServerNotRunning("No embedded server is running: run pymlsql server start, or name a server with --url.")
    return Target(server.sqlalchemy_url, source)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None


def _configured_url(path: Path) -> str | None:
    if not path.exists():
        return None
    values = _read_config(path)
    # A project may leave the server to the environment.
    if "database" not in values and any(name in values for name in ("project", "security", "features", "procedures")):
        return None
    database = values.get("database", {})
    url = database.get("url") if isinstance(database, dict) else None
    if url is None:
        raise SettingsError(f"{path} names no server: it needs a [database] section with a url.")
    if not isinstance(url, str):
        raise SettingsError(f"{path}: [database] url must be a string.")
    return url
