"""Proof of origin: procedures that pin a key run what that key has sealed, whatever somebody writes into the tables."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

import pymlsql
from pymlsql import deployment, models, proofs, scripts, signature
from pymlsql.cli import main as cli
from pymlsql.errors import DatabaseError, RuntimeMismatch
from pymlsql.examples.pdm.declaration import FEATURES, PROJECT
from pymlsql.features.reference import compute
from pymlsql.registry import seals
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract import pdm
from tests.contract.people import People, outcome, people
from tests.machines import odd_frames

pytestmark = pytest.mark.timeout(300)

NAMES = ["comp1", "voltmean_24h"]
SCORE = "EXEC dbo.PredictFailures @persist = 0"


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.running() as found:
        yield found


@pytest.fixture(scope="module")
def rows(db: Toolkit) -> pd.DataFrame:
    return compute(FEATURES, odd_frames())


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with pymlsql.connect(target.sqlalchemy_url) as found:
        pdm.enable_scripts(found.engine)
        found.upgrade()
        pdm.prepare(found.engine, odd_frames())
        yield found


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the accounts' folders lie."""
    return tmp_path_factory.mktemp("accounts")


@pytest.fixture
def account(accounts: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bytes]:
    """Become another account, with a key of its own; the key."""

    def become(name: str) -> bytes:
        monkeypatch.setenv("XDG_DATA_HOME", str(accounts / name))
        return proofs.own_key() or proofs.create_key()

    return become


@pytest.fixture
def key(db: Toolkit, account: Callable[[str], bytes]) -> bytes:
    """The key of the release account, which the database trusts."""
    found = account("release")
    with db.engine.connect() as connection:
        if deployment.read_trusted(connection) != {found}:
            db.apply(PROJECT, trusted=[found], check=False)
    return found


@pytest.fixture
def unpinned(db: Toolkit, key: bytes) -> Iterator[None]:
    """The database trusts no key, for as long as a test lasts."""
    db.apply(PROJECT, trusted=(), check=False)
    yield
    db.apply(PROJECT, trusted=[key], check=False)


def packed(rows: pd.DataFrame, depth: int = 3) -> models.PackedModel:
    truth = np.array(["none", "comp3", "comp1"])[np.arange(len(rows)) % 3]
    frame = rows[NAMES].astype("float64")
    estimator = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(frame, truth)
    types = {column.name: column.sql_type for column in FEATURES.features}
    return models.pack(estimator, signature.infer(frame, estimator, sql_types=types), sample=frame)


def number_of(call: Callable[[], Any]) -> int | None:
    """The error's number, None where there is none."""
    try:
        call()
    except DatabaseError as error:
        return error.number
    return None


def test_a_sealed_model_runs_and_an_unsealed_one_does_not(db: Toolkit, rows: pd.DataFrame, key: bytes) -> None:
    model = packed(rows)
    version = db.push(model, alias="champion")
    assert len(db.predict(persist=False))
    assert seals.is_sealed_by(db, "failures", version.version, frozenset([key]))
    db.execute("UPDATE ml.model_versions SET seal = NULL, seal_key = NULL")
    assert number_of(lambda: db.predict(persist=False)) == 51050
    assert "carries no seal" in (db.check("failures").reason or "")
    seals.seal_stored(db, "FAILURES", version.version)
    assert len(db.predict(persist=False))
    assert db.check("failures").reason is None


def test_another_account_s_seal_does_not_count(
    db: Toolkit, rows: pd.DataFrame, key: bytes, account: Callable[[str], bytes]
) -> None:
    account("somebody")
    version = db.push(packed(rows, 2), alias="champion")
    with pytest.raises(DatabaseError, match="does not trust") as caught:
        db.predict(persist=False)
    assert caught.value.number == 51051
    account("release")
    seals.seal_stored(db, "failures", version.version)
    assert len(db.predict(persist=False))


CHANGES = {
    "bytes": "UPDATE ml.blobs SET data = data + 0x00, sha256 = HASHBYTES('SHA2_256', data + 0x00)",
    "signature": "UPDATE ml.model_versions SET signature = REPLACE(signature, N'}', N'} ')",
    "packages": "UPDATE ml.model_versions SET packages = N'{}'",
    "sample": "UPDATE ml.model_versions SET sample = N''",
    "python": "UPDATE ml.model_versions SET python_version = N'3.7.2'",
    "format": "UPDATE ml.model_versions SET format = N'joblib'",
    "name": "UPDATE ml.models SET name = N'Failures'",
    "seal": "UPDATE ml.model_versions SET seal = CAST(REPLICATE(CAST(0x01 AS varbinary(max)), 64) AS varbinary(64))",
}


@pytest.mark.parametrize("part", CHANGES)
def test_whatever_is_changed_in_the_tables_the_bytes_are_not_loaded(
    db: Toolkit, rows: pd.DataFrame, key: bytes, part: str
) -> None:
    """The change is rolled back after the call, so that each begins with the same sealed champion."""
    db.push(packed(rows), alias="champion")
    with db.engine.connect() as connection:
        execute = connection.exec_driver_sql
        execute("ALTER TABLE ml.model_versions DROP CONSTRAINT FK_model_versions_blobs")
        execute("DELETE FROM ml.run_artifacts")
        execute(CHANGES[part])
        if part == "bytes":
            execute("UPDATE ml.model_versions SET sha256 = (SELECT TOP (1) sha256 FROM ml.blobs)")
        try:
            execute(SCORE)
        except Exception as error:
            assert "51051" in str(error), error
            assert "was changed" in str(error)
        else:
            pytest.fail("the changed model ran")
        connection.rollback()


class Tells:
    """Pickles as code that raises when it is loaded."""

    def __reduce__(self) -> Any:
        return exec, ("raise ValueError('it was loaded')",)


def replace_bytes(db: Toolkit, version: int, data: bytes) -> None:
    """What somebody with rights on the tables may do, sha256 included."""
    sha256 = hashlib.sha256(data).digest()
    db.execute("INSERT INTO ml.blobs (sha256, data, size_bytes) SELECT ?, ?, ? WHERE NOT EXISTS "
               "(SELECT 1 FROM ml.blobs WHERE sha256 = ?)", (sha256, data, len(data), sha256))  # fmt: skip
    db.execute("UPDATE ml.model_versions SET sha256 = ? WHERE version = ?", (sha256, version))


def test_the_bytes_are_not_even_unpickled(db: Toolkit, rows: pd.DataFrame, key: bytes) -> None:
    """A pickle that would tell if it was loaded, with a right sha256."""
    data = pickle.dumps(Tells())
    version = db.push(packed(rows), alias="champion").version
    replace_bytes(db, version, data)
    with pytest.raises(DatabaseError, match="was changed") as caught:
        db.predict(persist=False)
    assert caught.value.number == 51051
    assert "was changed" in (db.check("failures", version).reason or "")


def test_without_a_pinned_key_the_tables_decide_what_runs(db: Toolkit, rows: pd.DataFrame, unpinned: None) -> None:
    """What the pinned key is for: the same change, and the bytes are loaded."""
    data = pickle.dumps(Tells())
    version = db.push(packed(rows), alias="champion").version
    replace_bytes(db, version, data)
    with pytest.raises(DatabaseError, match="it was loaded"):
        db.predict(persist=False)


def test_the_policy_wants_a_key_in_the_procedure(db: Toolkit, rows: pd.DataFrame, unpinned: None) -> None:
    db.push(packed(rows), alias="champion")
    db.execute("EXEC ml.SetPolicy N'require_signature', N'1'")
    try:
        assert number_of(lambda: db.predict(persist=False)) == 51052
    finally:
        db.execute("EXEC ml.SetPolicy N'require_signature', N'0'")


def test_the_policy_wants_a_valid_seal_at_promotion(db: Toolkit, rows: pd.DataFrame, key: bytes) -> None:
    version = db.push(packed(rows), alias="champion").version
    promote = "EXEC ml.PromoteModel N'failures', ?, N'other'"
    db.execute("EXEC ml.SetPolicy N'require_signature', N'1'")
    try:
        assert len(db.predict(persist=False))
        db.execute("UPDATE ml.model_versions SET seal = NULL, seal_key = NULL")
        assert number_of(lambda: db.execute(promote, (version,))) == 51043
        db.execute("EXEC ml.SealVersion N'failures', ?, ?, ?", (version, bytes(32), bytes(64)))
        assert number_of(lambda: db.execute(promote, (version,))) == 51043
        with pytest.raises(RuntimeMismatch, match="does not trust"):
            db.promote("failures", version, alias="other")
        seals.seal_stored(db, "failures", version)
        assert "other" in db.promote("failures", version, alias="other").aliases
    finally:
        db.execute("EXEC ml.SetPolicy N'require_signature', N'0'")


def test_the_policy_scan_refuses_what_is_not_clean(db: Toolkit, rows: pd.DataFrame) -> None:
    import dataclasses

    from pymlsql import scanning
    from pymlsql.errors import RegistryError

    model = packed(rows)
    db.execute("EXEC ml.SetPolicy N'scan', N'refuse'")
    try:
        unknown = dataclasses.replace(model, scan=scanning.ScanReport("pickle", "unknown"))
        for bad in (unknown, dataclasses.replace(model, scan=None)):
            with pytest.raises(RegistryError, match="The policy scan refuses"):
                db.push(bad, "scanned")
        assert db.push(model, "scanned").version == 1
    finally:
        db.execute("EXEC ml.SetPolicy N'scan', N'report'")


def test_keys_stay_until_others_are_named(
    db: Toolkit, key: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = f"N'{key.hex()}'"
    text = "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)"

    def pins(wanted: str) -> bool:
        return all(f"@trusted nvarchar(max) = {wanted};" in db.scalar(text, (name,))
                   for name in ("ml.CheckModel", "dbo.PredictFailures"))  # fmt: skip

    db.upgrade()
    db.apply(PROJECT)
    assert pins(pinned)
    db.apply(PROJECT, trusted=())
    assert pins("N''")
    monkeypatch.chdir(tmp_path)
    Path("pymlsql.toml").write_text(f'[security]\ntrusted_keys = ["{key.hex()}"]\n')
    db.apply(PROJECT)
    assert pins(pinned)


def test_the_command_line(db: Toolkit, target: servers.Target, rows: pd.DataFrame, tmp_path: Path,
                          monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("PYMLSQL_URL", target.sqlalchemy_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "cli"))

    def run(line: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(line.split())
        captured = capsys.readouterr()
        return code, captured.out.strip(), captured.err

    assert run("keys show")[0] == 2
    code, made, _ = run("keys create")
    assert code == 0
    assert run("keys show")[1] == made
    assert run("keys create")[0] == 2
    assert json.loads(run("keys show --json")[1]) == {"public_key": made}
    assert run("apply --example pdm --trust-key nonsense")[0] == 2
    assert f"N'{made}'" in run(f"render --example pdm --trust-key {made}")[1]
    version = db.push(packed(rows), "by hand").version
    assert run("model seal")[0] == 2
    code, text, _ = run("model check failures --json")
    assert json.loads(text)["check"]["version"] == db.show("failures").version
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"cos\nsystem\n(S'id'\ntR.")
    code, text, _ = run(f"model scan {path}")
    assert code == 1
    assert "dangerous: loading it calls or takes os.system" in text
    models.write_model_file(tmp_path / "good.pkl", packed(rows))
    assert run(f"model scan {tmp_path / 'good.pkl'}")[0] == 0
    assert version == 1


# Who may do what ------------------------------------------------------------------------------------------------------

ACTIONS = {
    "check": "EXEC ml.CheckModel N'rights', 1",
    "seal": "EXEC ml.SealVersion N'rights', 1, 0x00, 0x00",
    "read bytes": "SELECT data FROM ml.blobs",
    "read the length of bytes": "SELECT size_bytes FROM ml.blobs",
    "read checks": "SELECT passed FROM ml.model_checks",
    "write checks": "INSERT INTO ml.model_checks (model_version_id, language, passed) VALUES (1, N'Python', 1)",
    "write seals": "UPDATE ml.model_versions SET seal = 0x00",
    "change events": "DELETE FROM ml.events",
    "write policies": "UPDATE ml.policies SET value = N'0'",
    "run Python": "EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1'",
}
MAY = {
    "ml_reader": set(),
    "ml_scorer": set(),
    "ml_publisher": {"check", "seal", "read the length of bytes", "read checks"},
    "ml_approver": {"check", "read the length of bytes", "read checks"},
    "ml_admin": {"check", "seal", "read the length of bytes", "read checks"},
}


@pytest.fixture(scope="module")
def members(target: servers.Target, db: Toolkit, rows: pd.DataFrame) -> Iterator[People]:
    """A login in each role, by the role's name with an m before it."""
    db.push(packed(rows), "rights")
    with people(target) as made:
        for role in MAY:
            made.make(f"m{role}")
            made.run(f"ALTER ROLE {role} ADD MEMBER m{role}")
        yield made


@pytest.mark.parametrize("role", MAY)
def test_each_role_may_do_what_it_is_for(members: People, role: str) -> None:
    connection = members.connect(f"m{role}")
    found = {action for action, sql in ACTIONS.items() if outcome(connection, sql) not in (229, 230, 262)}
    assert found == MAY[role]


def test_the_scripts_are_ascii_and_name_no_module_of_the_toolkit() -> None:
    for name in scripts.PARTS:
        text = scripts.read(name)
        assert text.isascii()
        assert "import pymlsql" not in text
