"""`pymlsql apply` signs the procedure: a login that may execute it, and nothing else, scores; no other Python runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

import pymlsql
from pymlsql import deployment, doctor, signing
from pymlsql.errors import DeclarationError
from pymlsql.examples.pdm.declaration import FEATURES, PROCEDURE, PROJECT
from pymlsql.features.reference import compute
from pymlsql.modules import Module
from pymlsql.project import Project
from pymlsql.signing import Signing
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract import pdm
from tests.contract.people import PASSWORD, People, outcome, people, values
from tests.machines import odd_frames

pytestmark = pytest.mark.timeout(300)

SCORE = "EXEC dbo.PredictFailures @persist = 0"
PYTHON = "EXEC sp_execute_external_script @language = N'Python', @script = N'print(1)'"
CERTIFICATE = PROCEDURE.signing.certificate


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.running() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    """A database with everything in it, and a small model as champion."""
    frames = odd_frames()
    with pymlsql.connect(target.sqlalchemy_url) as found:
        pdm.enable_scripts(found.engine)
        found.upgrade()
        pdm.prepare(found.engine, frames)
        rows = compute(FEATURES, frames)
        truth = np.array(["none", "comp3", "comp1"])[np.arange(len(rows)) % 3]
        estimator = DecisionTreeClassifier(max_depth=3, random_state=0)
        estimator.fit(rows[["comp1", "voltmean_24h"]].astype("float64"), truth)
        with found.transaction() as connection:
            pdm.push(connection, estimator)
        yield found


@pytest.fixture(scope="module")
def somebody(target: servers.Target, db: Toolkit) -> Iterator[People]:
    """The login scorer: CONNECT, which a user has, and EXECUTE on the one procedure."""
    with people(target) as made:
        made.make("scorer")
        made.run("GRANT EXECUTE ON dbo.PredictFailures TO scorer")
        yield made


@pytest.fixture
def scorer(somebody: People) -> Any:
    return somebody.connect("scorer")


def find(db: Toolkit, name: str) -> doctor.Finding:
    return next(finding for finding in doctor.examine(db.target.url) if finding.name == name)


# What the login may, and may not ------------------------------------------------------------------------------------


def test_who_may_execute_the_procedure_scores_as_the_administrator_does(db: Toolkit, scorer: Any) -> None:
    said = values(scorer, f"SET NOCOUNT ON; {SCORE}")
    assert said == [tuple(row) for row in db.rows(SCORE)]
    assert len(said) == 4


def test_the_run_is_recorded_in_the_caller_s_name(db: Toolkit, scorer: Any) -> None:
    scored = values(scorer, "SET NOCOUNT ON; EXEC dbo.PredictFailures @machine_id = 1")
    run = db.rows("SELECT TOP (1) login, status, rows FROM ml.scoring_runs ORDER BY run_id DESC")[0]
    assert tuple(run) == ("scorer", "succeeded", len(scored))


@pytest.mark.parametrize(
    ("batch", "number"),
    [
        (PYTHON, 262),
        ("SELECT * FROM dbo.FeaturesAndLabels", 229),
        ("SELECT * FROM dbo.PdM_telemetry", 229),
        ("SELECT * FROM ml.blobs", 229),
        ("INSERT ml.model_aliases (model_id, alias, version) VALUES (1, N'mine', 1)", 229),
        ("DELETE FROM dbo.FailurePredictions", 229),
        ("ALTER PROCEDURE dbo.PredictFailures AS SELECT 1", 3701),
        (f"EXECUTE AS USER = '{CERTIFICATE}'", 15517),
        ("EXECUTE AS USER = 'dbo'", 15517),
        (f"ADD SIGNATURE TO dbo.PredictFailures BY CERTIFICATE [{CERTIFICATE}]", 15151),
        (f"GRANT EXECUTE ANY EXTERNAL SCRIPT TO [{CERTIFICATE}]", 4613),
        ("CREATE PROCEDURE dbo.Mine AS SELECT 1", 262),
    ],
)
def test_it_may_do_nothing_else(scorer: Any, batch: str, number: int) -> None:
    assert outcome(scorer, batch) == number


def test_another_procedure_of_the_owner_gives_it_no_python(somebody: People, scorer: Any) -> None:
    somebody.run(f"CREATE PROCEDURE dbo.Unsigned AS {PYTHON}", "GRANT EXECUTE ON dbo.Unsigned TO scorer")
    assert outcome(scorer, "EXEC dbo.Unsigned") == 262
    somebody.run("DROP PROCEDURE dbo.Unsigned")


def test_each_right_of_the_certificate_s_user_is_needed(somebody: People, scorer: Any) -> None:
    somebody.run(f"REVOKE EXECUTE ANY EXTERNAL SCRIPT FROM [{CERTIFICATE}]")
    assert outcome(scorer, SCORE) == 262
    somebody.run(f"GRANT EXECUTE ANY EXTERNAL SCRIPT TO [{CERTIFICATE}]")
    broken = "ALTER VIEW dbo.FeaturesAndLabels AS SELECT f.machineID, f.datetime FROM {}(NULL, NULL, NULL) AS f"
    before = values(somebody.administrator, "SELECT OBJECT_DEFINITION(OBJECT_ID('dbo.FeaturesAndLabels'))")[0][0]
    somebody.run(broken.format(PROCEDURE.function))
    assert outcome(scorer, SCORE) == 51003
    somebody.run(f"REVOKE VIEW DEFINITION ON dbo.FeaturesAndLabels FROM [{CERTIFICATE}]")
    assert outcome(scorer, SCORE) == 0  # what is missing is not seen, and the procedure reads the function
    somebody.run(f"GRANT VIEW DEFINITION ON dbo.FeaturesAndLabels TO [{CERTIFICATE}]")
    somebody.run(before.replace("CREATE", "ALTER", 1))
    assert outcome(scorer, SCORE) == 0


def test_what_the_script_s_query_reads_is_a_right_to_be_declared(db: Toolkit, somebody: People, scorer: Any) -> None:
    somebody.run(
        "CREATE PROCEDURE dbo.Reads AS EXEC sp_execute_external_script @language = N'Python', "
        "@script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT age FROM dbo.PdM_machines'",
        "GRANT EXECUTE ON dbo.Reads TO scorer",
    )
    for read, number in [((), 229), (("dbo.PdM_machines",), 0)]:
        with db.transaction() as connection:
            signing.sign(connection, Signing("dbo.Reads", read=read))
        assert outcome(scorer, "EXEC dbo.Reads") == number
    somebody.run(
        f"DROP PROCEDURE dbo.Reads; DROP USER [{Signing('dbo.Reads').certificate}]; "
        f"DROP CERTIFICATE [{Signing('dbo.Reads').certificate}]"
    )


# What is left behind ------------------------------------------------------------------------------------------------


def test_nothing_more_can_be_signed_with_the_certificate(db: Toolkit, somebody: People) -> None:
    key = f"SELECT name, pvt_key_encryption_type_desc FROM sys.certificates WHERE name = N'{CERTIFICATE}'"
    assert [tuple(row) for row in db.rows(key)] == [(CERTIFICATE, "NO_PRIVATE_KEY")]
    somebody.run("CREATE PROCEDURE dbo.Other AS SELECT 1")
    assert outcome(somebody.administrator, f"ADD SIGNATURE TO dbo.Other BY CERTIFICATE [{CERTIFICATE}]") == 15556
    somebody.run("DROP PROCEDURE dbo.Other")


def test_no_password_is_written_anywhere(db: Toolkit, target: servers.Target) -> None:
    assert db.scalar("SELECT COUNT(*) FROM ml.deployments WHERE definition LIKE N'%PASSWORD%'") == 0
    assert "Aa1!" not in target.stderr()


def test_a_procedure_that_is_altered_is_signed_with_another_certificate(db: Toolkit, scorer: Any) -> None:
    thumbprint = f"SELECT thumbprint FROM sys.certificates WHERE name = N'{CERTIFICATE}'"
    before = db.rows(thumbprint)
    db.apply(PROJECT)
    assert db.rows(thumbprint) == before
    text = db.scalar("SELECT OBJECT_DEFINITION(OBJECT_ID(N'dbo.PredictFailures'))")
    db.execute(text.replace("CREATE PROCEDURE", "ALTER PROCEDURE", 1) + "-- by hand")
    db.apply(PROJECT, overwrite=True)
    after = db.rows(thumbprint)
    assert len(before) == len(after) == 1
    assert before != after
    assert outcome(scorer, SCORE) == 0


def test_an_apply_that_fails_leaves_the_old_signature(db: Toolkit, scorer: Any) -> None:
    before = db.rows("SELECT thumbprint, pvt_key_encryption_type FROM sys.certificates")
    wrong = Module("[dbo].[Nothing]", "view", "CREATE OR ALTER VIEW dbo.Nothing AS SELECT a FROM dbo.none")

    class More(Project):
        @property
        def modules(self) -> tuple[Module, ...]:
            return (*super().modules, wrong)

    more = More(*(getattr(PROJECT, field.name) for field in dataclasses.fields(PROJECT)))
    with pytest.raises(DeclarationError, match="208"):
        db.apply(more, trusted=[bytes(32)], check=False)  # signs all of them before that
    assert db.rows("SELECT thumbprint, pvt_key_encryption_type FROM sys.certificates") == before
    assert outcome(scorer, SCORE) == 0


def test_a_change_by_hand_takes_the_signature_and_apply_brings_it_back(
    db: Toolkit, somebody: People, scorer: Any
) -> None:
    assert find(db, "signatures").state == "ok"
    text = db.scalar("SELECT OBJECT_DEFINITION(OBJECT_ID(N'dbo.PredictFailures'))")
    db.execute(text.replace("CREATE PROCEDURE", "ALTER PROCEDURE", 1))
    assert outcome(scorer, SCORE) == 262
    db.apply(PROJECT, sign=False)
    assert outcome(scorer, SCORE) == 262
    finding = find(db, "signatures")
    assert (finding.state, finding.advice) == ("warn", "run pymlsql apply")
    assert "is not signed" in finding.detail
    db.apply(PROJECT)
    assert outcome(scorer, SCORE) == 0
    assert find(db, "signatures").state == "ok"


def test_doctor_tells_a_key_that_is_left_and_a_right_that_is_gone(db: Toolkit, somebody: People) -> None:
    somebody.run(f"REVOKE EXECUTE ANY EXTERNAL SCRIPT FROM [{CERTIFICATE}]")
    assert signing.read_state(db, PROCEDURE.signing) == "powerless"
    assert find(db, "signatures").state == "warn"
    batch = signing.render(PROCEDURE.signing)
    kept = batch[: batch.index("ALTER CERTIFICATE")]
    with db.transaction() as connection:
        connection.exec_driver_sql(kept)
    assert signing.read_state(db, PROCEDURE.signing) == "open"
    assert find(db, "signatures").state == "fail"
    db.apply(PROJECT)
    assert signing.read_state(db, PROCEDURE.signing) == "signed"


def test_the_rendered_script_signs_too(db: Toolkit, scorer: Any) -> None:
    db.apply(PROJECT, sign=False)
    rendered = deployment.render_script(PROJECT.modules)
    script = "\n".join(line for line in rendered.splitlines() if not line.startswith(":"))
    db.execute_batches(script)
    assert outcome(scorer, SCORE) == 0
    assert signing.read_state(db, PROCEDURE.signing) == "signed"


def test_who_may_not_sign_is_told_so_and_may_apply_without(db: Toolkit, somebody: People, target: Any) -> None:
    somebody.make("deployer")
    somebody.run(
        "GRANT CONTROL ON SCHEMA::dbo TO deployer",
        "GRANT SELECT, INSERT, VIEW DEFINITION ON SCHEMA::ml TO deployer",
        "GRANT CREATE VIEW, CREATE PROCEDURE, CREATE FUNCTION TO deployer",
    )
    url = target.sqlalchemy_url.replace(target.password, PASSWORD).replace(f"//{target.user}:", "//deployer:")
    with pymlsql.connect(url) as theirs:
        with pytest.raises(pymlsql.errors.DeploymentError, match=r"may not run ml\.CheckModel.*--no-check"):
            theirs.apply(PROJECT)
        with pytest.raises(pymlsql.errors.PymlsqlError, match=r"Msg 15(247|151)"):
            theirs.apply(PROJECT, check=False)
        theirs.apply(PROJECT, sign=False, check=False)
    db.apply(PROJECT)
