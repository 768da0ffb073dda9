"""What apply asks of the models that its procedures load, before it changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from pymlsql import connect, models, project, signature
from pymlsql.errors import DeclarationError
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.filling import fill
from pymlsql.runtime import ENABLE_SCRIPTS
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.registries import packed

BANK = project.example("bank")
PROCEDURE = "SELECT OBJECT_ID(N'dbo.ScoreCalls')"


@pytest.fixture
def db() -> Iterator[Toolkit]:
    with servers.under_test() as target, connect(target.sqlalchemy_url) as made:
        made.upgrade()
        made.execute_batches(ENABLE_SCRIPTS)
        fill(made, "bank", bank.generate(n_calls=200))
        yield made


def test_a_model_that_takes_other_columns_keeps_apply_from_anything(db: Toolkit) -> None:
    db.push(packed(), "bank", alias="champion")
    with pytest.raises(DeclarationError, match=r"line \d+, procedures\.\w+: version 1 of bank does not fit: .*\ba\b"):
        db.apply(BANK)
    assert db.scalar(PROCEDURE) is None
    assert db.scalar("SELECT COUNT(*) FROM ml.applies") == 0
    db.apply(BANK, check=False)
    assert db.scalar(PROCEDURE) is not None


def test_a_model_that_the_server_cannot_run_keeps_apply_from_anything(db: Toolkit) -> None:
    features = next(iter(BANK.features.values()))
    columns = [one for one in features.features if one.sql_type in ("int", "float")]
    names = [one.name for one in columns]
    rows = pd.DataFrame(np.random.default_rng(1).random((40, len(names))), columns=names)
    fitted = LogisticRegression().fit(rows, ["no", "yes"] * 20)
    made = signature.infer(rows, fitted, sql_types={one.name: one.sql_type for one in columns})
    db.push(models.pack(fitted, made, sample=rows.head(5)), "bank", alias="champion")
    db.execute('UPDATE ml.model_versions SET packages = N\'{"scikit-learn": "0.20.0", "numpy": "1.15.0"}\'')
    with pytest.raises(DeclarationError, match=r"line \d+, procedures\.\w+: Version 1 of bank cannot serve here\."):
        db.apply(BANK)
    assert db.scalar(PROCEDURE) is None


def test_a_model_that_is_not_there_yet_is_said(db: Toolkit) -> None:
    done = db.apply(BANK)
    assert "dbo.ScoreCalls: no version of bank has the alias champion yet" in done.notes
    assert db.scalar(PROCEDURE) is not None


TRUSTED = "SELECT CHARINDEX(?, OBJECT_DEFINITION(OBJECT_ID(N'ml.CheckModel')))"


def test_keys_that_the_champion_is_not_sealed_with_are_refused_whole(db: Toolkit) -> None:
    """The database goes on to trust what it trusted: a refused apply has changed nothing, ml.CheckModel neither."""
    rows = pd.DataFrame(np.random.default_rng(1).random((40, 2)), columns=["age", "balance"])
    fitted = LogisticRegression().fit(rows, ["no", "yes"] * 20)
    made = signature.infer(rows, fitted, sql_types={"age": "int", "balance": "float"})
    db.push(models.pack(fitted, made, sample=rows.head(5)), "bank", alias="champion")
    db.apply(BANK)
    key = bytes.fromhex("ab" * 32)
    with pytest.raises(DeclarationError, match=r"version 1 of bank would not serve any more.*Nothing was changed"):
        db.apply(BANK, trusted=[key])
    assert db.scalar(TRUSTED, (key.hex(),)) == 0
    assert db.plan(BANK).is_empty


def test_undo_takes_keys_back_and_plan_shows_them(db: Toolkit) -> None:
    db.apply(BANK)
    key = bytes.fromhex("ab" * 32)
    found = db.plan(BANK, trusted=[key])
    shared = [step for step in found.changes if step.name.startswith(("ml.", "[ml]"))]
    assert shared
    assert all(key.hex() in step.notes[-1] for step in shared)
    db.apply(BANK, trusted=[key])
    assert db.scalar(TRUSTED, (key.hex(),)) > 0
    assert db.plan(BANK).is_empty
    db.undo("bank")
    assert db.scalar(TRUSTED, (key.hex(),)) == 0
    assert db.plan(BANK).is_empty
    signed = "SELECT COUNT(*) FROM sys.crypt_properties WHERE major_id = OBJECT_ID(N'ml.CheckModel')"
    assert db.scalar(signed) == 1


def test_any_project_may_change_the_keys_that_the_database_trusts(db: Toolkit, tmp_path: Path) -> None:
    """The procedures of schema ml belong to no project, whichever gave them their keys last."""
    first, second = (bytes.fromhex(byte * 32) for byte in ("ab", "cd"))
    db.apply(BANK, trusted=[first])
    (tmp_path / "pymlsql.toml").write_text('[project]\nname = "other"\n')
    other = project.read(tmp_path)
    db.apply(other, trusted=[second])
    assert [db.scalar(TRUSTED, (key.hex(),)) > 0 for key in (first, second)] == [False, True]
    assert db.plan(other).is_empty
