"""What of the catalog a login sees: what it has rights on, and no more; the same text is another answer for another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.contract.people import People, outcome, people, values
from tests.servers import Target

SCHEMA = (
    "CREATE SCHEMA mr",
    "CREATE TABLE mr.t (id int NOT NULL CONSTRAINT PK_mr_t PRIMARY KEY, a int CONSTRAINT DF_mr_t DEFAULT 5, "
    "b int CONSTRAINT CK_mr_t CHECK (b > 0))",
    "CREATE INDEX ix_mr ON mr.t (a) WHERE a > 1",
    "CREATE TABLE mr.child (id int IDENTITY PRIMARY KEY, t int CONSTRAINT FK_mr_child REFERENCES mr.t (id))",
    "CREATE VIEW mr.v AS SELECT id, a FROM mr.t",
    "CREATE FUNCTION mr.f (@id int) RETURNS TABLE AS RETURN SELECT a FROM mr.t WHERE id = @id",
    "CREATE PROCEDURE mr.p @x int AS SELECT @x AS x",
    "CREATE PROCEDURE mr.looks AS SELECT COUNT(*) AS n FROM sys.tables WHERE name = 'child'",
)
GONE = (
    "DROP PROCEDURE mr.p, mr.looks",
    "DROP FUNCTION mr.f",
    "DROP VIEW mr.v",
    "DROP TABLE mr.child",
    "DROP TABLE mr.t",
    "DROP SCHEMA mr",
)


@pytest.fixture(scope="module")
def somebody(server: Target) -> Iterator[People]:
    """Logins mr_user and mr_other with users, and a role mr_role that mr_other is in."""
    with people(server) as made:
        made.run(*SCHEMA)
        made.make("mr_user", "mr_other")
        made.run("CREATE ROLE mr_role", "ALTER ROLE mr_role ADD MEMBER mr_other")
        yield made
        made.run("ALTER ROLE mr_role DROP MEMBER mr_other", "DROP ROLE mr_role", *GONE)


@pytest.fixture(scope="module")
def theirs(somebody: People) -> Any:
    return somebody.connect("mr_user")


@pytest.fixture
def granted(somebody: People, theirs: Any) -> Any:
    """Grants (or denies) to mr_user until the test is over; gives mr_user's connection."""
    given: list[str] = []

    def grant(*permissions: str, verb: str = "GRANT") -> Any:
        for permission in permissions:
            somebody.run(f"{verb} {permission} TO mr_user")
            given.append(permission)
        return theirs

    yield grant
    for permission in given:
        somebody.run(f"REVOKE {permission} FROM mr_user")


OBJECTS = "SELECT name FROM sys.objects WHERE schema_id = SCHEMA_ID('mr')"
OF_T = {"t", "PK_mr_t", "DF_mr_t", "CK_mr_t"}
OF_T_ROWS = [
    ("SELECT COUNT(*) FROM sys.tables WHERE name = 't'", 1),
    ("SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('mr.t')", 3),
    ("SELECT COUNT(*) FROM sys.indexes WHERE name = 'ix_mr'", 1),
    ("SELECT COUNT(*) FROM sys.index_columns WHERE object_id = OBJECT_ID('mr.t')", 2),
    ("SELECT COUNT(*) FROM sys.key_constraints WHERE name = 'PK_mr_t'", 1),
    ("SELECT COUNT(*) FROM sys.check_constraints WHERE name = 'CK_mr_t'", 1),
    ("SELECT COUNT(*) FROM sys.all_objects WHERE name = 'CK_mr_t'", 1),
    ("SELECT COUNT(*) FROM sys.all_columns WHERE object_id = OBJECT_ID('mr.t')", 3),
    ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 't' AND TABLE_SCHEMA = 'mr'", 1),
    ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 't' AND TABLE_SCHEMA = 'mr'", 3),
    ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = 'mr'", 2),
    ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = 'mr'", 1),
    ("SELECT ISNULL(COL_LENGTH('mr.t', 'id'), 0)", 4),
    ("SELECT CASE WHEN OBJECT_ID('mr.CK_mr_t') IS NULL THEN 0 ELSE 1 END", 1),
]


@pytest.mark.parametrize(("query", "expected"), OF_T_ROWS)
def test_subcomponents_are_seen_with_their_table(granted: Any, query: str, expected: int) -> None:
    assert values(granted(), query) == [(0,)]
    assert values(granted("INSERT ON mr.t"), query) == [(expected,)]


SEEN: list[tuple[str, set[str]]] = [
    ("SELECT ON mr.t", OF_T),
    ("SELECT ON mr.t (a)", OF_T),
    ("REFERENCES ON mr.t", OF_T),
    ("VIEW DEFINITION ON mr.v", {"v"}),
    ("EXECUTE ON mr.p", {"p"}),
    ("SELECT ON mr.f", {"f"}),
]


@pytest.mark.parametrize(("permission", "expected"), SEEN)
def test_any_permission_shows_an_object(granted: Any, permission: str, expected: set[str]) -> None:
    assert {name for (name,) in values(granted(permission), OBJECTS)} == expected


@pytest.mark.parametrize("permission", ["SELECT ON SCHEMA::mr", "VIEW DEFINITION", "CONTROL ON SCHEMA::mr"])
def test_permission_on_what_contains_them_shows_all(somebody: People, granted: Any, permission: str) -> None:
    assert sorted(values(granted(permission), OBJECTS)) == sorted(values(somebody.administrator, OBJECTS))


def test_a_denial_hides(granted: Any) -> None:
    granted("EXECUTE ON SCHEMA::mr")
    assert ("p",) in values(granted(), OBJECTS)
    assert ("p",) not in values(granted("EXECUTE ON mr.p", verb="DENY"), OBJECTS)


DEFINITIONS = [
    ("mr.p", "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID('mr.p')"),
    ("mr.p", "SELECT OBJECT_DEFINITION(OBJECT_ID('mr.p'))"),
    ("mr.p", "SELECT ROUTINE_DEFINITION FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_NAME = 'p'"),
    ("mr.v", "SELECT VIEW_DEFINITION FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_NAME = 'v'"),
    ("mr.t", "SELECT definition FROM sys.check_constraints WHERE name = 'CK_mr_t'"),
    ("mr.t", "SELECT definition FROM sys.default_constraints WHERE name = 'DF_mr_t'"),
    ("mr.t", "SELECT filter_definition FROM sys.indexes WHERE name = 'ix_mr'"),
    ("mr.t", "SELECT CHECK_CLAUSE FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS WHERE CONSTRAINT_NAME = 'CK_mr_t'"),
    ("mr.t", "SELECT COLUMN_DEFAULT FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 't' AND COLUMN_NAME = 'a'"),
]


@pytest.mark.parametrize(("name", "query"), DEFINITIONS)
def test_a_definition_is_null_without_view_definition(somebody: People, granted: Any, name: str, query: str) -> None:
    shown = values(somebody.administrator, query)
    assert shown != [(None,)]
    permission = "EXECUTE" if name == "mr.p" else "SELECT"
    assert values(granted(f"{permission} ON {name}"), query) == [(None,)]
    assert values(granted(f"VIEW DEFINITION ON {name}"), query) == shown


def test_changing_rights_show_a_definition_unless_it_is_denied(granted: Any) -> None:
    assert values(granted("ALTER ON mr.p"), "SELECT OBJECT_DEFINITION(OBJECT_ID('mr.p'))") != [(None,)]
    granted("VIEW DEFINITION ON mr.p", verb="DENY")
    assert values(granted(), "SELECT OBJECT_DEFINITION(OBJECT_ID('mr.p'))") == [(None,)]


def test_sp_helptext_says_that_there_is_none(granted: Any) -> None:
    assert outcome(granted(), "EXEC sp_helptext 'mr.p'") == 15009
    assert outcome(granted("EXECUTE ON mr.p"), "EXEC sp_helptext 'mr.p'") == 15197
    assert outcome(granted("VIEW DEFINITION ON mr.p"), "EXEC sp_helptext 'mr.p'") == 0


def test_sp_tables_lists_what_one_sees(granted: Any) -> None:
    cursor = granted("SELECT ON mr.v").cursor()
    assert [row.table_name for row in cursor.tables(schema="mr")] == ["v"]
    cursor.close()


def test_functions_of_names_and_ids_know_nothing_unseen(somebody: People, granted: Any) -> None:
    [(table, child)] = values(somebody.administrator, "SELECT OBJECT_ID('mr.t'), OBJECT_ID('mr.child')")
    query = (
        f"SELECT OBJECT_NAME({table}), OBJECT_SCHEMA_NAME({table}), COL_NAME({table}, 1), OBJECT_ID('mr.child'), "
        f"OBJECT_NAME({child}), IDENT_CURRENT('mr.child')"
    )
    assert values(granted(), query) == [(None,) * 6]
    assert values(granted("SELECT ON mr.t"), query) == [("t", "mr", "id", None, None, None)]


def test_a_foreign_key_is_seen_with_its_own_table(somebody: People, granted: Any) -> None:
    [(target,)] = values(somebody.administrator, "SELECT OBJECT_ID('mr.t')")
    query = (
        "SELECT referenced_object_id, OBJECT_NAME(referenced_object_id) FROM sys.foreign_keys WHERE name LIKE 'FK_mr%'"
    )
    assert values(granted("SELECT ON mr.t"), query) == []
    granted("SELECT ON mr.t", verb="REVOKE")
    assert values(granted("SELECT ON mr.child"), query) == [(target, None)]
    names = (
        "SELECT UNIQUE_CONSTRAINT_NAME FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'mr'"
    )
    assert values(granted(), names) == [(None,)]


def test_a_procedure_sees_what_its_caller_sees(somebody: People, granted: Any) -> None:
    granted("EXECUTE ON mr.looks")
    assert values(granted(), "EXEC mr.looks") == [(0,)]
    assert values(granted("SELECT ON mr.child"), "EXEC mr.looks") == [(1,)]
    assert values(somebody.administrator, "EXEC mr.looks") == [(1,)]


def test_everybody_sees_schemas_databases_and_types(somebody: People, theirs: Any) -> None:
    for view in ("schemas", "databases", "types", "configurations", "partitions"):
        query = f"SELECT COUNT(*) FROM sys.{view}"
        assert values(theirs, query) == values(somebody.administrator, query), view


PRINCIPALS = (
    "SELECT name FROM sys.database_principals "
    "WHERE name IN ('dbo', 'public', 'db_owner', 'mr_user', 'mr_other', 'mr_role')"
)
ALWAYS = {"dbo", "public", "db_owner", "mr_user"}


@pytest.mark.parametrize(
    ("permission", "more"),
    [
        ("", set()),
        ("ALTER ANY USER", {"mr_other"}),
        ("ALTER ANY ROLE", {"mr_role"}),
        ("VIEW DEFINITION", {"mr_role", "mr_other"}),
    ],
)
def test_principals_one_sees(granted: Any, permission: str, more: set[str]) -> None:
    connection = granted(permission) if permission else granted()
    assert {name for (name,) in values(connection, PRINCIPALS)} == ALWAYS | more


def test_members_permissions_and_logins_of_others_are_not_shown(somebody: People, granted: Any) -> None:
    grantees = "SELECT DISTINCT USER_NAME(grantee_principal_id) FROM sys.database_permissions WHERE class = 0"
    members = (
        "SELECT USER_NAME(member_principal_id) FROM sys.database_role_members "
        "WHERE role_principal_id = USER_ID('mr_role')"
    )
    logins = "SELECT name FROM sys.server_principals WHERE name LIKE 'mr[_]%' UNION SELECT name FROM sys.sql_logins"
    assert ("mr_other",) not in values(granted(), grantees)
    assert ("mr_user",) in values(granted(), grantees)
    assert values(granted(), members) == []
    assert set(values(granted(), logins)) == {("mr_user",), ("sa",)}
    assert ("mr_other",) in values(granted("VIEW DEFINITION"), grantees)
    assert values(granted(), members) == [("mr_other",)]
    theirs = somebody.connect("mr_other")
    assert values(theirs, "SELECT name FROM sys.database_principals WHERE name LIKE 'mr[_]r%'") == [("mr_role",)]
    assert ("mr_other",) in values(somebody.administrator, logins)


def test_sessions_of_others_need_a_permission_on_the_server(somebody: People, theirs: Any) -> None:
    query = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE login_name <> 'mr_user' AND is_user_process = 1"
    connections = "SELECT COUNT(*) FROM sys.dm_exec_connections"
    assert values(theirs, query) == [(0,)]
    assert outcome(theirs, connections) == 300
    assert outcome(theirs, "SELECT * FROM sys.dm_external_script_requests") == 300
    assert values(theirs, "SELECT COUNT(*) FROM sys.resource_governor_configuration") == [(0,)]
    caught = f"BEGIN TRY {connections} END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH"
    assert values(theirs, caught) == [(297,)]
    somebody.run("USE master; GRANT VIEW SERVER STATE TO mr_user; USE [" + somebody.server.database + "]")
    try:
        assert values(theirs, query) != [(0,)]
        assert outcome(theirs, connections) == 0
    finally:
        somebody.run("USE master; REVOKE VIEW SERVER STATE FROM mr_user; USE [" + somebody.server.database + "]")


def test_same_text_of_two_users_shows_each_his_own(somebody: People, granted: Any) -> None:
    """What is kept of a system view for one is not shown to the other, whoever asks first."""
    other = somebody.connect("mr_other")
    granted("SELECT ON mr.v")
    somebody.run("GRANT SELECT ON mr.t TO mr_role")
    query = "SELECT name FROM sys.objects WHERE schema_id = SCHEMA_ID('mr') AND type IN ('U', 'V', 'P', 'IF')"
    try:
        for _ in range(3):
            assert values(granted(), query) == [("v",)]
            assert values(other, query) == [("t",)]
            assert len(values(somebody.administrator, query)) == 6
        somebody.run("REVOKE SELECT ON mr.t FROM mr_role")
        assert values(other, query) == []
    finally:
        somebody.run("REVOKE SELECT ON mr.t FROM mr_role")


def test_a_login_without_a_user_sees_nothing_of_the_database(somebody: People) -> None:
    somebody.make("mr_guest", user=False)
    theirs = somebody.connect("mr_guest", "master")
    assert outcome(theirs, f"SELECT * FROM [{somebody.server.database}].sys.tables") == 916
    assert outcome(theirs, f"SELECT * FROM [{somebody.server.database}].INFORMATION_SCHEMA.TABLES") == 916
    assert outcome(theirs, "SELECT * FROM sys.databases") == 0


def test_parameters_are_described_to_who_may_run_the_statement(somebody: People, granted: Any) -> None:
    describe = "EXEC sp_describe_undeclared_parameters N'{}'"
    statements = [
        ("SELECT * FROM mr.t WHERE id = @p", "SELECT ON mr.t"),
        ("INSERT mr.t VALUES (@a, @b, @c)", "INSERT ON mr.t"),
        ("EXEC mr.p @q", "EXECUTE ON mr.p"),
    ]
    for statement, permission in statements:
        assert outcome(granted(), describe.format(statement)) == 229, statement
        assert outcome(granted(permission), describe.format(statement)) == 0, statement


def test_a_plain_user_s_driver_works(granted: Any) -> None:
    """fast_executemany describes, prepares and sends; catalog calls of ODBC see the table."""
    cursor = granted("INSERT ON mr.t").cursor()
    cursor.fast_executemany = True
    cursor.executemany("INSERT mr.t (id, a, b) VALUES (?, ?, ?)", [(901, 1, 1), (902, 2, 2)])
    with pytest.raises(pyodbc.Error):
        cursor.execute("SELECT * FROM mr.t")
    cursor.close()
    assert outcome(granted("DELETE, SELECT ON mr.t"), "DELETE mr.t WHERE id > 900") == 0
