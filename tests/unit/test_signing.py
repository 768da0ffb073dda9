"""How procedures are signed: the certificate's name, the batch, and its place in the script."""

from __future__ import annotations

import re

import pytest

from pymlsql import batches, deployment, quoting, signing
from pymlsql.examples.pdm.declaration import PROCEDURE, PROJECT
from pymlsql.signing import Signing
from tests import tsqlcheck
from tests.golden.cases import HOSTILE_SIGNING, TABLE_PROCEDURE
from tests.meta.sources import ROOT

LITERAL = re.compile(r"N'((?:[^']|'')*)'")


def dynamic_statements(batch: str) -> list[str]:
    """What the batch puts together with its password, the password being `secret`."""
    found = []
    for text in re.findall(r"SET @statement = CONCAT\((.*?)\);\n", batch, flags=re.DOTALL):
        filled = text.replace("@password", "N'secret'")
        found.append("".join(part.replace("''", "'") for part in LITERAL.findall(filled)))
    return found


def test_certificate_is_named_after_the_procedure() -> None:
    assert PROCEDURE.signing.certificate == "pymlsql signs dbo.PredictFailures"
    assert HOSTILE_SIGNING.certificate == "pymlsql signs odd.score]s"


def test_names_that_are_too_long_stay_apart() -> None:
    long = ["dbo." + "p" * 120 + end for end in ("1", "2")]
    names = [Signing(name).certificate for name in long]
    assert all(quoting.ident(name) for name in names)
    assert names[0] != names[1]


def test_subject_fits_sql_server_on_linux() -> None:
    assert len(signing.SUBJECT) <= 64


def test_procedure_s_own_query_reads_a_temporary_table_and_needs_no_select() -> None:
    assert PROCEDURE.signing == Signing("dbo.PredictFailures", looked_up=("dbo.FeaturesAndLabels",))
    assert TABLE_PROCEDURE.signing.looked_up == ("dbo.FeatureRows",)
    assert "GRANT SELECT" not in signing.render(PROCEDURE.signing)


@pytest.mark.parametrize("found", [PROCEDURE.signing, HOSTILE_SIGNING], ids=["plain", "hostile"])
def test_statements_with_the_password_pass_the_parser(found: Signing) -> None:
    statements = dynamic_statements(signing.render(found))
    assert [statement.split(" [")[0].split("::")[0] for statement in statements] == [
        "CREATE CERTIFICATE", "ADD SIGNATURE TO OBJECT"]  # fmt: skip
    assert all("= N'secret'" in statement for statement in statements)
    why_not = tsqlcheck.unavailable()
    if why_not:
        pytest.skip(why_not)
    assert tsqlcheck.judge(statements) == []


def test_batch_holds_no_password_and_is_the_same_each_time() -> None:
    batch = signing.render(PROCEDURE.signing)
    assert batch == signing.render(PROCEDURE.signing)
    assert re.findall(r"PASSWORD = N''([^'])", batch) == []
    assert "CRYPT_GEN_RANDOM(48)" in batch


def test_key_goes_last_and_after_the_signature() -> None:
    batch = signing.render(PROCEDURE.signing)
    assert batch.index("ADD SIGNATURE") < batch.index("REMOVE PRIVATE KEY")
    assert batch.rstrip().endswith("REMOVE PRIVATE KEY;")


def test_script_signs_each_procedure_in_a_transaction_behind_all_modules() -> None:
    modules = PROJECT.modules
    all_batches = batches.split(deployment.render_script(modules))
    signed = [module.signing for module in modules if module.signing is not None]
    assert len(signed) == 5
    last = all_batches[-3 * len(signed) :]
    for before, batch, after, one in zip(last[::3], last[1::3], last[2::3], signed, strict=True):
        assert before.split("\n") == ["SET XACT_ABORT ON;", "BEGIN TRANSACTION;"]
        assert batch == signing.render(one).rstrip()
        assert after.startswith("COMMIT TRANSACTION;")
    assert "SIGNATURE" not in deployment.render_script(modules, sign=False)


def test_statements_in_the_document_are_those_that_run() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sql\n(CREATE CERTIFICATE.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    batch = signing.render(PROCEDURE.signing)
    plain = re.findall(r"^(?:CREATE USER|GRANT|ALTER CERTIFICATE)[^;]*;", batch, re.MULTILINE)
    shown = [" ".join(text.split()).replace("<random>", "secret") + ";" for text in block.strip().split(";") if text]
    assert sorted(shown) == sorted(" ".join(text.split()) for text in [*dynamic_statements(batch), *plain])
