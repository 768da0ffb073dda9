"""T-SQL judged by Microsoft's own parser (ScriptDom, 2019 grammar) and model validator (DacFx), without a server.

    python -m tests.tsqlcheck install                   the tools, about 150 MB, into .cache/tsqlcheck
    python -m tests.tsqlcheck [--model] FILE.sql ...    exit status 0 clean, 1 findings, 2 could not judge

Tests call `judge`, which runs this file in a process of its own: a missing ICU or OpenSSL aborts the process, and the
.NET runtime's settings cannot change once it is loaded. The libraries come inside `mssql-cli` and `dotnetcore2`; they
are Microsoft's, a download for tests and never part of the package.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOOLS = Path(os.environ.get("TSQLCHECK_TOOLS") or ROOT / ".cache" / "tsqlcheck").resolve()
ASSEMBLIES = TOOLS / "mssqlcli/mssqltoolsservice/bin"
DOTNET = TOOLS / "dotnetcore2/bin"
BRIDGE = "pythonnet==3.2.1"
PACKAGES = ("mssql-cli==1.0.0", "dotnetcore2==3.1.23", "psycopg2-binary==2.9.5")  # psycopg2 for its OpenSSL 1.1
ICU_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib")

SQLCMD_LINE = re.compile(r"^:.*$", re.MULTILINE)
TIMEOUT_S = 90


@dataclass(frozen=True)
class Finding:
    """One complaint: which script (from 0; None where DacFx does not say), where, and what."""

    script: int | None
    line: int
    number: str
    message: str


def judge(scripts: Sequence[str], *, model: bool = False) -> list[Finding]:
    """What Microsoft's parser, or with `model` its model validator, finds in the scripts; [] where they are valid.

    `model` builds one database of all CREATE statements, in whatever order, and resolves every name in it.
    """
    command = [sys.executable, str(Path(__file__).resolve()), *(["--model"] if model else []), "--stdin"]
    done = subprocess.run(
        command, input=json.dumps(list(scripts)), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"tsqlcheck could not judge (status {done.returncode}): {done.stderr.strip()[-2000:]}")
    return [Finding(**finding) for finding in json.loads(done.stdout)]


def outlines(scripts: Sequence[str]) -> list[list[str] | None]:
    """The kinds of the statements of each script, those inside of others too, in the order of the text, as names of
    ScriptDom's classes; None where the script is no T-SQL."""
    command = [sys.executable, str(Path(__file__).resolve()), "--outline", "--stdin"]
    done = subprocess.run(
        command, input=json.dumps(list(scripts)), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"tsqlcheck could not judge (status {done.returncode}): {done.stderr.strip()[-2000:]}")
    found: list[list[str] | None] = json.loads(done.stdout)
    return found


@lru_cache
def unavailable(model: bool = False) -> str | None:
    """Why the tools cannot run here, for pytest.skip; None where they can."""
    if importlib.util.find_spec("pythonnet") is None:
        return f"no {BRIDGE}"
    if not (ASSEMBLIES / "Microsoft.SqlServer.TransactSql.ScriptDom.dll").is_file():
        return "Microsoft's T-SQL parser is not installed: python -m tests.tsqlcheck install"
    if not list(DOTNET.glob("host/fxr/*/libhostfxr.so")):
        return "the .NET runtime of the T-SQL parser is not installed: python -m tests.tsqlcheck install"
    if model and not _icu_version():
        return "no ICU library on this system (Debian: libicu72)"
    if model and not list((TOOLS / "psycopg2_binary.libs").glob("libssl*.so.1.1")):
        return "no OpenSSL 1.1: python -m tests.tsqlcheck install"
    return None


def install() -> int:
    """Install the tools with this interpreter's pip, unless they are there; the exit status."""
    if unavailable() is None and list((TOOLS / "psycopg2_binary.libs").glob("libssl*.so.1.1")):
        return 0
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in ([BRIDGE], ["--no-deps", "--upgrade", "--target", str(TOOLS), *PACKAGES]):
        status = subprocess.run([*pip, *arguments], check=False).returncode
        if status:
            return status
    return 0


# --- in the process that judges --------------------------------------------------------------------------------------


def _icu_version() -> str | None:
    """Highest major version of the system's ICU; .NET Core 3.1 does not find one as new as today's by itself."""
    found = [
        int(match[1])
        for folder in ICU_FOLDERS
        for path in Path(folder).glob("libicuuc.so.*")
        if (match := re.search(r"\.so\.(\d+)$", path.name))
    ]
    return str(max(found)) if found else None


def _load_openssl() -> None:
    """Load psycopg2-binary's OpenSSL 1.1 under the name for which .NET looks.

    The wheel's libssl carries a hash in its SONAME; dlopen compares names with the SONAMEs that are loaded already,
    so a copy with the plain name put back is enough.
    """
    libraries = TOOLS / "psycopg2_binary.libs"
    ctypes.CDLL(str(next(libraries.glob("libcrypto*.so.1.1"))))
    ssl = next(libraries.glob("libssl*.so.1.1"))
    hashed, plain = ssl.name.encode() + b"\0", b"libssl.so.1.1\0"
    data = ssl.read_bytes()
    if data.count(hashed) != 1:
        raise RuntimeError(f"unexpected layout of {ssl}")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "libssl.so.1.1"
        copy.write_bytes(data.replace(hashed, plain.ljust(len(hashed), b"\0")))
        ctypes.CDLL(str(copy))


def _load(model: bool) -> None:
    """Start .NET and refer to the assemblies."""
    why = unavailable(model)
    if why:
        raise RuntimeError(why)
    if model:
        os.environ["CLR_ICU_VERSION_OVERRIDE"] = str(_icu_version())
        os.environ.pop("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", None)
        _load_openssl()
    pythonnet: Any = importlib.import_module("pythonnet")
    clr_loader: Any = importlib.import_module("clr_loader")
    options = {
        "tfm": "netcoreapp3.1",
        "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
        "configProperties": {"System.Globalization.Invariant": not model},
    }
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tsqlcheck.runtimeconfig.json"
        config.write_text(json.dumps({"runtimeOptions": options}), encoding="utf-8")
        pythonnet.set_runtime(clr_loader.get_coreclr(runtime_config=str(config), dotnet_root=str(DOTNET)))
        clr: Any = importlib.import_module("clr")
    sys.path.append(str(ASSEMBLIES))  # where the assemblies that these refer to are looked for
    for name in ("TransactSql.ScriptDom", *(("Dac", "Dac.Extensions") if model else ())):
        clr.AddReference(str(ASSEMBLIES / f"Microsoft.SqlServer.{name}.dll"))


def _parse(sql: str) -> tuple[Any, Any]:
    """ScriptDom's tree and errors; lines for sqlcmd are blanked, GO separates."""
    script_dom: Any = importlib.import_module("Microsoft.SqlServer.TransactSql.ScriptDom")
    reader: Any = importlib.import_module("System.IO").StringReader(SQLCMD_LINE.sub("", sql))
    tree, errors = script_dom.TSql150Parser(True).Parse(reader, None)  # True: QUOTED_IDENTIFIER ON
    return tree, errors


def _plain_create(sql: str) -> str:
    """CREATE OR ALTER as CREATE, by ScriptDom's tokens: DacFx passes CREATE OR ALTER over in silence."""
    tokens = [(str(token.TokenType), token.Text) for token in _parse(sql)[0].ScriptTokenStream if token.Text]
    blank = {"WhiteSpace", "SingleLineComment", "MultilineComment"}
    code = [i for i, (kind, _) in enumerate(tokens) if kind not in blank]
    for triple in zip(code, code[1:], code[2:], strict=False):
        if [tokens[i][0] for i in triple] == ["Create", "Or", "Alter"]:
            tokens[triple[1]] = tokens[triple[2]] = ("", "")
    return "".join(text for _, text in tokens)


def _syntax(scripts: Sequence[str]) -> list[Finding]:
    return [
        Finding(n, int(error.Line), str(error.Number), str(error.Message))
        for n, sql in enumerate(scripts)
        for error in _parse(sql)[1]
    ]


def _outline(sql: str) -> list[str] | None:
    tree, errors = _parse(sql)
    if list(errors):
        return None
    return [name for batch in tree.Batches for statement in batch.Statements for name in _nested(statement)]


def _nested(statement: Any) -> list[str]:
    """A statement's class and those of the statements in it."""
    kind = str(statement.GetType().Name)
    names = [kind]
    parts = {
        "IfStatement": ("ThenStatement", "ElseStatement"),
        "WhileStatement": ("Statement",),
        "TryCatchStatement": ("TryStatements", "CatchStatements"),
    }.get(kind, ("StatementList",))
    for part in parts:
        inner = getattr(statement, part, None)
        if inner is not None:
            for one in getattr(inner, "Statements", [inner]):
                names += _nested(one)
    return names


def _model(scripts: Sequence[str]) -> list[Finding]:
    """DacFx's errors on a database of these scripts; a statement that creates nothing is a finding."""
    dac: Any = importlib.import_module("Microsoft.SqlServer.Dac.Model")
    found: list[Finding] = []
    model = dac.TSqlModel(dac.SqlServerVersion.Sql150, dac.TSqlModelOptions())
    try:
        for n, sql in enumerate(scripts):
            statements = [statement for batch in _parse(sql)[0].Batches for statement in batch.Statements]
            for statement in statements:
                kind = statement.GetType().Name
                if not kind.startswith("Create"):
                    found.append(Finding(n, int(statement.StartLine), "", f"DacFx does not look at a {kind}"))
            try:
                model.AddObjects(_plain_create(sql))
            except dac.DacModelException as error:
                found += [_message(n, message) for message in error.Messages]
        found += [_message(None, m) for m in model.Validate() if str(m.MessageType) == "Error"]
    finally:
        model.Dispose()
    return found


def _message(script: int | None, message: Any) -> Finding:
    return Finding(script, 0, f"{message.Prefix}{message.Number}", str(message.Message))


def main(arguments: list[str]) -> int:
    """The command line; see the top of the file."""
    if arguments == ["install"]:
        return install()
    model = "--model" in arguments
    files = [argument for argument in arguments if not argument.startswith("--")]
    from_stdin = "--stdin" in arguments
    if not files and not from_stdin:
        print(__doc__, file=sys.stderr)
        return 2
    scripts = json.load(sys.stdin) if from_stdin else [Path(f).read_text(encoding="utf-8-sig") for f in files]
    _load(model)
    if "--outline" in arguments:
        print(json.dumps([_outline(sql) for sql in scripts]))
        return 0
    found = _syntax(scripts)
    if model and not found:
        found = _model(scripts)
    if from_stdin:
        print(json.dumps([vars(finding) for finding in found]))
    else:
        for finding in found:
            name = "" if finding.script is None else files[finding.script]
            print(f"{name}:{finding.line}: {finding.number}: {finding.message}")
    return int(bool(found))


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Exception as error:
        print(f"tsqlcheck: {type(error).__name__}: {error}", file=sys.stderr)
        status = 2
    sys.exit(status)
