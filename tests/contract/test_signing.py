"""Certificates and signed procedures with real logins: whose rights count where, and when a signature is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.people import People, outcome, people, values
from tests.servers import Target

SECRET = "Qm7-secret-of-a-test"
SIGN = f"BY CERTIFICATE sg_cert WITH PASSWORD = '{SECRET}'"
SCHEMA = (
    "CREATE SCHEMA sg",
    "CREATE TABLE sg.t (id int NOT NULL); INSERT sg.t VALUES (1)",
    "CREATE VIEW sg.v AS SELECT id FROM sg.t",
    "CREATE USER sg_bare WITHOUT LOGIN",
    "CREATE ROLE sg_readers",
    f"CREATE CERTIFICATE sg_cert ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'of a test', "
    "START_DATE = '20200101', EXPIRY_DATE = '20991231'",
    "CREATE USER sg_cert FROM CERTIFICATE sg_cert",
    "CREATE PROCEDURE sg.dynamic AS EXEC ('SELECT COUNT(*) FROM sg.t')",
    "CREATE PROCEDURE sg.prepared AS EXEC sp_executesql N'SELECT COUNT(*) FROM sg.t'",
    "CREATE PROCEDURE sg.deeper AS EXEC ('EXEC (''SELECT COUNT(*) FROM sg.t'')')",
    "CREATE PROCEDURE sg.through AS EXEC ('SELECT COUNT(*) FROM sg.v')",
    "CREATE PROCEDURE sg.inner_p AS EXEC ('SELECT COUNT(*) FROM sg.t')",
    "CREATE PROCEDURE sg.outer_p AS EXEC sg.inner_p",
    "CREATE PROCEDURE sg.afterwards AS BEGIN EXEC sg.nothing; EXEC ('SELECT COUNT(*) FROM sg.t') END",
    "CREATE PROCEDURE sg.nothing AS RETURN",
    "CREATE PROCEDURE sg.switched AS EXECUTE AS USER = 'sg_bare'; EXEC ('SELECT COUNT(*) FROM sg.t')",
    "CREATE PROCEDURE sg.reverted AS EXECUTE AS USER = 'sg_bare'; REVERT; EXEC ('SELECT COUNT(*) FROM sg.t')",
    "CREATE PROCEDURE sg.as_bare WITH EXECUTE AS 'sg_bare' AS EXEC ('SELECT COUNT(*) FROM sg.t')",
    "CREATE PROCEDURE sg.names AS SELECT USER_NAME(), SUSER_SNAME(), ORIGINAL_LOGIN()",
)
PROCEDURES = ("dynamic", "prepared", "deeper", "through", "inner_p", "outer_p", "afterwards", "nothing", "switched",
              "reverted", "as_bare", "names")  # fmt: skip
SIGNED = tuple(name for name in PROCEDURES if name not in ("inner_p", "nothing"))
GONE = (
    f"DROP PROCEDURE {', '.join('sg.' + name for name in PROCEDURES)}",
    "DROP VIEW sg.v",
    "DROP TABLE sg.t",
    "DROP SCHEMA sg",
    "DROP USER sg_cert",
    "DROP CERTIFICATE sg_cert",
    "DROP USER sg_bare",
    "DROP ROLE sg_readers",
)


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """sg_user may execute schema sg's procedures, of which SIGNED are signed, and take the place of sg_bare."""
    with people(server) as made:
        made.run(*SCHEMA)
        made.run(*(f"ADD SIGNATURE TO sg.{name} {SIGN}" for name in SIGNED))
        made.make("sg_user")
        made.run("GRANT EXECUTE ON SCHEMA::sg TO sg_user", "GRANT IMPERSONATE ON USER::sg_bare TO sg_user")
        yield made
        made.run(*GONE)


@pytest.fixture(scope="module")
def user(somebody: People) -> Any:
    """sg_user's connection."""
    return somebody.connect("sg_user")


@pytest.fixture
def rights(somebody: People) -> Iterator[People]:
    """SELECT for the certificate's user, for as long as a test lasts."""
    somebody.run("GRANT SELECT ON SCHEMA::sg TO sg_cert")
    yield somebody
    somebody.run("REVOKE SELECT ON SCHEMA::sg FROM sg_cert")


# Whose rights count -------------------------------------------------------------------------------------------------

CALLS = [
    ("dynamic", 0), ("prepared", 0), ("deeper", 0), ("through", 0), ("afterwards", 0), ("reverted", 0), ("as_bare", 0),
    ("inner_p", 229), ("outer_p", 229), ("switched", 229),
]  # fmt: skip


@pytest.mark.parametrize(("procedure", "number"), CALLS)
def test_certificate_s_rights_count_in_the_signed_procedure_only(
    rights: People, user: Any, procedure: str, number: int
) -> None:
    assert outcome(user, f"EXEC sg.{procedure}") == number
    assert outcome(user, "SELECT * FROM sg.t") == 229


@pytest.mark.parametrize("procedure", [name for name, number in CALLS if not number])
def test_without_rights_of_its_user_a_signature_gives_none(somebody: People, user: Any, procedure: str) -> None:
    assert outcome(user, f"EXEC sg.{procedure}") == 229


def test_names_stay_those_of_the_caller(user: Any) -> None:
    assert values(user, "EXEC sg.names") == [("sg_user", "sg_user", "sg_user")]


def test_a_denial_of_either_wins(rights: People, user: Any) -> None:
    for denied in ("sg_user", "sg_cert"):
        rights.run(f"DENY SELECT ON sg.t TO {denied}")
        assert outcome(user, "EXEC sg.dynamic") == 229
        rights.run(f"REVOKE SELECT ON sg.t FROM {denied}")
    assert outcome(user, "EXEC sg.dynamic") == 0


def test_roles_of_the_certificate_s_user_count_too(somebody: People, user: Any) -> None:
    somebody.run("GRANT SELECT ON sg.t TO sg_readers", "ALTER ROLE sg_readers ADD MEMBER sg_cert")
    assert outcome(user, "EXEC sg.dynamic") == 0
    somebody.run("ALTER ROLE sg_readers DROP MEMBER sg_cert", "REVOKE SELECT ON sg.t FROM sg_readers")
    assert outcome(user, "EXEC sg.dynamic") == 229


def test_a_countersignature_keeps_what_the_caller_was_given(rights: People, user: Any) -> None:
    rights.run(f"ADD COUNTER SIGNATURE TO sg.inner_p {SIGN}")
    assert outcome(user, "EXEC sg.outer_p") == 0
    assert outcome(user, "EXEC sg.inner_p") == 229
    rights.run("DROP COUNTER SIGNATURE FROM sg.inner_p BY CERTIFICATE sg_cert")
    assert outcome(user, "EXEC sg.outer_p") == 229


# What a signature is worth ------------------------------------------------------------------------------------------

STATE = """\
SELECT IS_OBJECTSIGNED('OBJECT', OBJECT_ID('sg.{0}'), 'certificate', thumbprint),
    (SELECT COUNT(*) FROM sys.crypt_properties AS p WHERE p.major_id = OBJECT_ID('sg.{0}'))
FROM sys.certificates WHERE name = 'sg_cert'"""


def state(somebody: People, procedure: str) -> tuple[Any, Any]:
    """What IS_OBJECTSIGNED says, and how many signatures there are."""
    found = values(somebody.administrator, STATE.format(procedure))[0]
    return found[0], found[1]


@pytest.mark.parametrize("verb", ["ALTER", "CREATE OR ALTER"])
def test_every_change_takes_the_signature(somebody: People, verb: str) -> None:
    assert state(somebody, "dynamic") == (1, 1)
    somebody.run("BEGIN TRANSACTION", f"{verb} {SCHEMA[7].removeprefix('CREATE ')}")
    assert state(somebody, "dynamic") == (None, 0)
    somebody.run("ROLLBACK")
    assert state(somebody, "dynamic") == (1, 1)


def test_a_procedure_made_anew_is_not_signed(somebody: People) -> None:
    somebody.run("BEGIN TRANSACTION", "DROP PROCEDURE sg.dynamic", SCHEMA[7])
    assert state(somebody, "dynamic") == (None, 0)
    somebody.run("ROLLBACK")


def test_another_owner_makes_the_signature_of_execute_as_owner_invalid(somebody: People) -> None:
    somebody.run("CREATE PROCEDURE sg.owned WITH EXECUTE AS OWNER AS SELECT 1", f"ADD SIGNATURE TO sg.owned {SIGN}")
    assert state(somebody, "owned") == (1, 1)
    somebody.run("ALTER AUTHORIZATION ON OBJECT::sg.owned TO sg_bare")
    assert state(somebody, "owned") == (0, 1)
    somebody.run("ALTER AUTHORIZATION ON OBJECT::sg.owned TO SCHEMA OWNER")
    assert state(somebody, "owned") == (1, 1)
    somebody.run("DROP PROCEDURE sg.owned")


def test_signatures_can_be_checked_all_at_once(somebody: People) -> None:
    query = """\
        DECLARE @t varbinary(20) = (SELECT thumbprint FROM sys.certificates WHERE name = 'sg_cert');
        SELECT o.name, f.type, f.is_signed, f.is_signature_valid
        FROM sys.fn_check_object_signatures('certificate', @t) AS f JOIN sys.objects AS o ON o.object_id = f.entity_id
        WHERE o.name IN ('dynamic', 'inner_p') ORDER BY o.name"""
    assert values(somebody.administrator, query) == [
        ("dynamic", "SQL_STORED_PROCEDURE", 1, 1), ("inner_p", "SQL_STORED_PROCEDURE", 0, 0)]  # fmt: skip


def test_bits_made_elsewhere_sign_without_the_key(somebody: People) -> None:
    query = "SELECT crypt_property FROM sys.crypt_properties WHERE major_id = OBJECT_ID('sg.nothing')"
    somebody.run(f"ADD SIGNATURE TO sg.nothing {SIGN}")
    bits = values(somebody.administrator, query)[0][0]
    assert len(bits) == 256
    somebody.run("DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_cert")
    add = "ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_cert WITH SIGNATURE = 0x"
    assert outcome(somebody.administrator, add + bytes(256).hex()) == 15299
    assert outcome(somebody.administrator, add + bits.hex()) == 0
    assert state(somebody, "nothing") == (1, 1)
    somebody.run("DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_cert")


# Certificates -------------------------------------------------------------------------------------------------------


def test_the_catalog_shows_certificate_signature_and_user(somebody: People) -> None:
    (found,) = values(
        somebody.administrator,
        "SELECT c.pvt_key_encryption_type_desc, c.subject, c.issuer_name, DATALENGTH(c.thumbprint), "
        "CONVERT(char(8), c.start_date, 112), CONVERT(char(8), c.expiry_date, 112), "
        "CASE WHEN c.certificate_id = CERT_ID('sg_cert') THEN 1 END, u.type, u.type_desc "
        "FROM sys.certificates AS c JOIN sys.database_principals AS u ON u.sid = c.sid WHERE c.name = 'sg_cert'",
    )
    assert found == ("ENCRYPTED_BY_PASSWORD", "of a test", "of a test", 20, "20200101", "20991231", 1, "C",
                     "CERTIFICATE_MAPPED_USER")  # fmt: skip
    (signature,) = values(
        somebody.administrator,
        "SELECT class, class_desc, crypt_type, crypt_type_desc FROM sys.crypt_properties AS p "
        "WHERE p.major_id = OBJECT_ID('sg.dynamic')",
    )
    assert signature == (1, "OBJECT_OR_COLUMN", "SPVC", "SIGNATURE BY CERTIFICATE")


def test_certificates_and_signatures_are_seen_by_who_has_rights_on_them(somebody: People, user: Any) -> None:
    certificates = "SELECT COUNT(*) FROM sys.certificates"
    checked = (
        "SELECT p.thumbprint, IS_OBJECTSIGNED('OBJECT', p.major_id, 'certificate', p.thumbprint) "
        "FROM sys.crypt_properties AS p WHERE p.major_id = OBJECT_ID('sg.dynamic')"
    )
    assert values(user, certificates) == [(0,)]
    assert [state for _, state in values(user, checked)] == [None]  # it may execute the procedure, and so sees it
    somebody.run("GRANT VIEW DEFINITION ON CERTIFICATE::sg_cert TO sg_user")
    assert values(user, certificates) == [(1,)]
    assert [state for _, state in values(user, checked)] == [1]
    somebody.run("REVOKE VIEW DEFINITION ON CERTIFICATE::sg_cert FROM sg_user")


def test_look_ups_in_a_signed_procedure_see_what_the_certificate_s_user_sees(somebody: People, user: Any) -> None:
    somebody.run(
        "CREATE TABLE dbo.sg_hidden (id int)",
        "CREATE PROCEDURE sg.looks AS SELECT OBJECT_ID('dbo.sg_hidden'), COL_LENGTH('dbo.sg_hidden', 'id')",
        f"ADD SIGNATURE TO sg.looks {SIGN}",
    )
    assert values(user, "EXEC sg.looks") == [(None, None)]
    somebody.run("GRANT VIEW DEFINITION ON dbo.sg_hidden TO sg_cert")
    assert [row is not None for row in values(user, "EXEC sg.looks")[0]] == [True, True]
    assert values(user, "SELECT OBJECT_ID('dbo.sg_hidden')") == [(None,)]
    somebody.run("DROP PROCEDURE sg.looks", "DROP TABLE dbo.sg_hidden")


ERRORS = [
    ("ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_cert", 15334),
    ("ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_cert WITH PASSWORD = 'another Passw0rd'", 15466),
    (f"ADD SIGNATURE TO sg.dynamic {SIGN}", 15557),
    (f"ADD SIGNATURE TO sg.t {SIGN}", 15560),
    (f"ADD SIGNATURE TO sg.nobody {SIGN}", 15151),
    ("ADD SIGNATURE TO sg.nothing BY CERTIFICATE nobody", 15151),
    ("DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_cert", 15558),
    ("DROP CERTIFICATE nobody", 15151),
    ("DROP CERTIFICATE sg_cert", 15559),
    (f"CREATE CERTIFICATE sg_cert ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'x'", 15232),
    ("CREATE CERTIFICATE sg_new ENCRYPTION BY PASSWORD = 'short' WITH SUBJECT = 'x'", 15116),
    ("CREATE CERTIFICATE sg_new ENCRYPTION BY PASSWORD = 'allofonekind' WITH SUBJECT = 'x'", 15118),
    ("CREATE CERTIFICATE sg_new FROM BINARY = 0x0102", 15297),
    ("CREATE USER sg_new FROM CERTIFICATE sg_cert", 15063),
    ("CREATE USER sg_new FROM CERTIFICATE nobody", 15151),
    ("EXECUTE AS USER = 'sg_cert'", 15517),
    ("ALTER CERTIFICATE nobody REMOVE PRIVATE KEY", 15151),
]


@pytest.mark.parametrize(("batch", "number"), ERRORS)
def test_what_cannot_be_is_refused(somebody: People, batch: str, number: int) -> None:
    assert outcome(somebody.administrator, batch) == number


NEEDS = [
    (f"CREATE CERTIFICATE sg_own ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'x'; DROP CERTIFICATE sg_own",
     15247, ("CREATE CERTIFICATE",)),
    (f"ADD SIGNATURE TO sg.nothing {SIGN}; DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_cert", 15151,
     ("ALTER ON sg.nothing", "CONTROL ON CERTIFICATE::sg_cert")),
    (f"ALTER CERTIFICATE sg_cert WITH PRIVATE KEY (DECRYPTION BY PASSWORD = '{SECRET}', "
     f"ENCRYPTION BY PASSWORD = '{SECRET}')", 15151, ("ALTER ON CERTIFICATE::sg_cert",)),
]  # fmt: skip


@pytest.mark.parametrize(("batch", "number", "permissions"), NEEDS)
def test_each_statement_wants_its_permissions(
    somebody: People, user: Any, batch: str, number: int, permissions: tuple[str, ...]
) -> None:
    for left_out in permissions:
        granted = [name for name in permissions if name != left_out]
        somebody.run(*(f"GRANT {name} TO sg_user" for name in granted))
        assert outcome(user, batch) == number
        somebody.run(*(f"REVOKE {name} FROM sg_user" for name in granted))
    somebody.run(*(f"GRANT {name} TO sg_user" for name in permissions))
    assert outcome(user, batch) == 0
    somebody.run(*(f"REVOKE {name} FROM sg_user" for name in permissions))


def test_a_key_that_is_removed_signs_no_more_and_its_signatures_hold(somebody: People) -> None:
    make = f"CREATE CERTIFICATE sg_once ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'once'"
    sign = f"ADD SIGNATURE TO sg.{{}} BY CERTIFICATE sg_once WITH PASSWORD = '{SECRET}'"
    somebody.run(make, sign.format("nothing"), "ALTER CERTIFICATE sg_once REMOVE PRIVATE KEY")
    assert outcome(somebody.administrator, sign.format("inner_p")) == 15556
    query = """\
        SELECT pvt_key_encryption_type, IS_OBJECTSIGNED('OBJECT', OBJECT_ID('sg.nothing'), 'certificate', thumbprint)
        FROM sys.certificates WHERE name = 'sg_once'"""
    assert values(somebody.administrator, query) == [("NA", 1)]
    assert outcome(somebody.administrator, "DROP CERTIFICATE sg_once") == 15352
    somebody.run("DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_once", "DROP CERTIFICATE sg_once")


def test_the_master_key_protects_what_no_password_does(somebody: People) -> None:
    run = somebody.administrator
    assert outcome(run, "CREATE CERTIFICATE sg_mk WITH SUBJECT = 'x'") == 15581
    somebody.run(f"CREATE MASTER KEY ENCRYPTION BY PASSWORD = '{SECRET}'")
    assert outcome(run, f"CREATE MASTER KEY ENCRYPTION BY PASSWORD = '{SECRET}'") == 15578
    somebody.run("CREATE CERTIFICATE sg_mk WITH SUBJECT = 'x'")
    assert outcome(run, "ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_mk WITH PASSWORD = 'Passw0rd-123'") == 15147
    assert outcome(run, "DROP MASTER KEY") == 15580
    somebody.run("ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_mk",
                 "DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_mk")  # fmt: skip
    found = values(run, "SELECT name, algorithm_desc, key_length FROM sys.symmetric_keys WHERE symmetric_key_id = 101")
    assert found == [("##MS_DatabaseMasterKey##", "AES_256", 256)]
    assert values(run, "SELECT is_master_key_encrypted_by_server FROM sys.databases WHERE name = DB_NAME()") == [
        (True,)]  # fmt: skip
    somebody.run("DROP CERTIFICATE sg_mk", "DROP MASTER KEY")


def test_a_certificate_travels_with_its_key_as_binary(somebody: People) -> None:
    somebody.run(f"CREATE CERTIFICATE sg_go ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'travels'")
    (found,) = values(
        somebody.administrator,
        f"SELECT CERTENCODED(CERT_ID('sg_go')), CERTPRIVATEKEY(CERT_ID('sg_go'), 'Carry-1t', '{SECRET}'), "
        "(SELECT thumbprint FROM sys.certificates WHERE name = 'sg_go')",
    )
    encoded, key, thumbprint = found
    assert outcome(somebody.administrator, f"CREATE CERTIFICATE sg_twin FROM BINARY = 0x{encoded.hex()}") == 15232
    create = (
        f"CREATE CERTIFICATE sg_twin FROM BINARY = 0x{encoded.hex()} WITH PRIVATE KEY (BINARY = 0x{key.hex()}, "
        f"DECRYPTION BY PASSWORD = '{{}}', ENCRYPTION BY PASSWORD = '{SECRET}')"
    )
    somebody.run("DROP CERTIFICATE sg_go")
    assert outcome(somebody.administrator, create.format("wrong")) == 15465
    somebody.run(create.format("Carry-1t"))
    assert values(somebody.administrator, "SELECT thumbprint FROM sys.certificates WHERE name = 'sg_twin'") == [
        (thumbprint,)]  # fmt: skip
    somebody.run(
        f"ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_twin WITH PASSWORD = '{SECRET}'",
        "DROP SIGNATURE FROM sg.nothing BY CERTIFICATE sg_twin", "DROP CERTIFICATE sg_twin",
    )  # fmt: skip


def test_rolled_back_signing_leaves_nothing(somebody: People) -> None:
    somebody.run(
        "BEGIN TRANSACTION",
        f"CREATE CERTIFICATE sg_back ENCRYPTION BY PASSWORD = '{SECRET}' WITH SUBJECT = 'x'",
        "CREATE USER sg_back FROM CERTIFICATE sg_back",
        f"ADD SIGNATURE TO sg.nothing BY CERTIFICATE sg_back WITH PASSWORD = '{SECRET}'",
        "ROLLBACK",
    )
    assert values(somebody.administrator, "SELECT name FROM sys.certificates WHERE name = 'sg_back'") == []
    assert state(somebody, "nothing") == (None, 0)


def test_random_bytes_are_as_many_as_asked_for_and_others_each_time(somebody: People) -> None:
    (found,) = values(somebody.administrator, "SELECT CRYPT_GEN_RANDOM(16), CRYPT_GEN_RANDOM(16), CRYPT_GEN_RANDOM(0)")
    assert len(found[0]) == len(found[1]) == 16
    assert found[0] != found[1]
    assert found[2] is None
