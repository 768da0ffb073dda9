"""Procedures that SQL Server brings along and clients, set-up scripts and the toolkit call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.agent.link import AGENT_PROCEDURES
from pymlsql.embedded.engine.answers import argument, check_qualifier, send_table
from pymlsql.embedded.engine.catalog import Module
from pymlsql.embedded.engine.configuration import sp_configure, sp_reconfigure
from pymlsql.embedded.engine.describe import describe_first_result_set, describe_undeclared_parameters
from pymlsql.embedded.engine.extended_properties import (
    sp_addextendedproperty,
    sp_dropextendedproperty,
    sp_updateextendedproperty,
)
from pymlsql.embedded.engine.external import execute_external_script
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.help_objects import sp_help, sp_helpconstraint
from pymlsql.embedded.engine.help_procedures import sp_databases, sp_fkeys, sp_helpindex, sp_pkeys
from pymlsql.embedded.engine.locks import MODES
from pymlsql.embedded.engine.odbc_procedures import ODBC_PROCEDURES
from pymlsql.embedded.engine.prepared import (
    sp_execute,
    sp_executesql,
    sp_prepare,
    sp_prepexec,
    sp_prepexecrpc,
    sp_unprepare,
)
from pymlsql.embedded.engine.renaming import sp_rename
from pymlsql.embedded.engine.runtime import find_object
from pymlsql.embedded.engine.security.procedures import sp_addrolemember, sp_droprolemember
from pymlsql.embedded.engine.security.visibility import sees_definition, sees_object
from pymlsql.embedded.engine.sequences import sp_sequence_get_range
from pymlsql.embedded.engine.sessionvalues import sp_set_session_context
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.types import INT, SMALLINT, SYSNAME, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

Procedure = Callable[["Session", Frame, list["Actual"], int], int]


# Catalog procedures -----------------------------------------------------------------------------------------------

_TYPE_INFO_COLUMNS = [
    ("TYPE_NAME", SYSNAME), ("DATA_TYPE", SMALLINT), ("PRECISION", INT), ("LITERAL_PREFIX", varchar(32)),
    ("LITERAL_SUFFIX", varchar(32)), ("CREATE_PARAMS", varchar(32)), ("NULLABLE", SMALLINT),
    ("CASE_SENSITIVE", SMALLINT), ("SEARCHABLE", SMALLINT), ("UNSIGNED_ATTRIBUTE", SMALLINT), ("MONEY", SMALLINT),
    ("AUTO_INCREMENT", SMALLINT), ("LOCAL_TYPE_NAME", SYSNAME), ("MINIMUM_SCALE", SMALLINT),
    ("MAXIMUM_SCALE", SMALLINT), ("SQL_DATA_TYPE", SMALLINT), ("SQL_DATETIME_SUB", SMALLINT),
    ("NUM_PREC_RADIX", INT), ("INTERVAL_PRECISION", SMALLINT), ("USERTYPE", SMALLINT),
]  # fmt: skip
_TYPE_INFO = [
    ("bigint", -5, 19, None, None, None, 0, 0), ("bit", -7, 1, None, None, None, None, None),
    ("int", 4, 10, None, None, None, 0, 0), ("smallint", 5, 5, None, None, None, 0, 0),
    ("tinyint", -6, 3, None, None, None, 0, 0), ("decimal", 3, 38, None, None, "precision,scale", 0, 38),
    ("money", 3, 19, "$", None, None, 4, 4), ("float", 6, 53, None, None, None, None, None),
    ("real", 7, 24, None, None, None, None, None), ("char", 1, 8000, "'", "'", "length", None, None),
    ("varchar", 12, 8000, "'", "'", "max length", None, None), ("nchar", -8, 4000, "N'", "'", "length", None, None),
    ("nvarchar", -9, 4000, "N'", "'", "max length", None, None), ("binary", -2, 8000, "0x", None, "length", None, None),
    ("varbinary", -3, 8000, "0x", None, "max length", None, None),
    ("uniqueidentifier", -11, 36, "'", "'", None, None, None), ("date", 91, 10, "'", "'", None, None, 0),
    ("time", -154, 16, "'", "'", "scale", 0, 7), ("datetime2", 93, 27, "'", "'", "scale", 0, 7),
    ("datetime", 93, 23, "'", "'", None, 3, 3),
    ("smalldatetime", 93, 16, "'", "'", None, 0, 0), ]  # fmt: skip


def _sp_datatype_info(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The types ODBC asks for, all or those of one ODBC type code."""
    wanted = argument(actuals, 0, "@data_type") or 0
    rows = []
    for name, code, precision, prefix, suffix, create, low, high in sorted(_TYPE_INFO, key=lambda row: row[1]):
        if wanted not in (0, code):
            continue
        text = name in ("char", "varchar", "nchar", "nvarchar")
        number = code in (-5, -7, 4, 5, -6, 3, 6, 7)
        verbose, sub = (9, 1 if code == 91 else 3) if code in (91, 93) else (code, None)
        unsigned, radix = (int(name == "tinyint"), 10) if number else (None, None)
        rows.append((name, code, precision, prefix, suffix, create, 1, 0, 3 if text else 2, unsigned,
                     int(name == "money"), 0 if number else None, name, low, high, verbose, sub, radix, None,
                     0))  # fmt: skip
    send_table(session, _TYPE_INFO_COLUMNS, rows)
    return 0


def _like(pattern: str | None) -> re.Pattern[str]:
    from pymlsql.embedded.tsql.patterns import like_regex

    return re.compile(like_regex(pattern if pattern is not None else "%"), re.IGNORECASE | re.DOTALL)


_TABLES_COLUMNS: list[tuple[str, SqlType]] = [
    ("TABLE_QUALIFIER", SYSNAME), ("TABLE_OWNER", SYSNAME), ("TABLE_NAME", SYSNAME), ("TABLE_TYPE", varchar(32)),
    ("REMARKS", varchar(254)),
]  # fmt: skip


def _sp_tables(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@table_name, @table_owner, @table_qualifier; ``%`` with nothing else asks for the databases. Raises 15250."""
    given = [argument(actuals, i, n) for i, n in enumerate(("@table_name", "@table_owner", "@table_qualifier"))]
    if given == ["", "", "%"]:
        names = [one.database.name for one in session.databases.catalogs.values() if one.database.name != "model"]
        send_table(session, _TABLES_COLUMNS, [(one, None, None, None, None) for one in sorted(names)])
        return 0
    check_qualifier(session, actuals, 2, "@table_qualifier", line)
    name, owner = _like(given[0]), _like(given[1])
    rows = []
    for found in filter(lambda found: sees_object(session.identity, found), session.catalog.objects.values()):
        kind = "TABLE" if not isinstance(found, Module) else "VIEW" if found.kind == "V" else ""
        if kind and name.fullmatch(found.name) and owner.fullmatch(found.schema):
            rows.append((session.database, found.schema, found.name, kind, None))
    send_table(session, _TABLES_COLUMNS, sorted(rows, key=lambda row: (row[3], row[1], row[2])))
    return 0


def _sp_helptext(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    name = argument(actuals, 0, "@objname")
    found = find_object(session, str(name))
    if not isinstance(found, Module):
        raise sql_error(15009, name, session.database, line=line)
    if not sees_definition(session.identity, found):
        raise sql_error(15197, name, line=line)
    lines = found.text.splitlines(keepends=True)
    rows = [(line_text[at : at + 255],) for line_text in lines for at in range(0, len(line_text), 255)]
    send_table(session, [("Text", nvarchar(255))], rows)
    return 0


# Locks ------------------------------------------------------------------------------------------------------------


def _sp_getapplock(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """0 granted, 1 after a wait, -1 timed out, -3 a deadlock. Raises 3918, 15600."""
    resource = argument(actuals, 0, "@resource")
    mode = str(argument(actuals, 1, "@lockmode") or "")
    owner = str(argument(actuals, 2, "@lockowner") or "Transaction").lower()
    timeout = argument(actuals, 3, "@locktimeout")
    if mode.lower() not in MODES or owner not in ("transaction", "session"):
        raise sql_error(15600, "sys.sp_getapplock", line=line)
    if argument(actuals, 4, "@dbprincipal") not in (None, "public"):
        raise unsupported("sp_getapplock with @DbPrincipal", line=line)
    if owner == "transaction" and not session.trancount:
        raise sql_error(3918, line=line)
    wait = session.options.lock_timeout_ms if timeout is None else int(timeout)
    return session.engine.locks.acquire(
        _resource(session, resource), MODES[mode.lower()], session, owner, wait, session.store.cancelled,
        session.callers,
    )


def _resource(session: Session, name: object) -> str:
    """What a lock is known by: the database and the first 255 characters of the name."""
    return f"{session.database.lower()}.{str(name)[:255]}"


def _sp_releaseapplock(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    resource = str(argument(actuals, 0, "@resource"))
    owner = str(argument(actuals, 1, "@lockowner") or "Transaction").lower()
    if owner not in ("transaction", "session"):
        raise sql_error(15600, "sys.sp_releaseapplock", line=line)
    if argument(actuals, 2, "@dbprincipal") not in (None, "public"):
        raise unsupported("sp_releaseapplock with @DbPrincipal", line=line)
    if owner == "transaction" and not session.trancount:
        raise sql_error(3918, line=line)
    if not session.engine.locks.release(_resource(session, resource), session, owner):
        raise sql_error(1223, resource, line=line)
    return 0


def _nothing(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    return 0


SYSTEM_PROCEDURES: dict[str, Procedure] = {
    "sp_executesql": sp_executesql,
    "sp_prepare": sp_prepare,
    "sp_prepexec": sp_prepexec,
    "sp_prepexecrpc": sp_prepexecrpc,
    "sp_execute": sp_execute,
    "sp_unprepare": sp_unprepare,
    "sp_describe_undeclared_parameters": describe_undeclared_parameters,
    "sp_describe_first_result_set": describe_first_result_set,
    "sp_execute_external_script": execute_external_script,
    "sp_configure": sp_configure,
    "sp_reconfigure": sp_reconfigure,
    "sp_datatype_info": _sp_datatype_info,
    "sp_datatype_info_100": _sp_datatype_info,
    "sp_tables": _sp_tables,
    "sp_helptext": _sp_helptext,
    "sp_helpindex": sp_helpindex,
    "sp_help": sp_help,
    "sp_helpconstraint": sp_helpconstraint,
    "sp_pkeys": sp_pkeys,
    "sp_fkeys": sp_fkeys,
    "sp_databases": sp_databases,
    "sp_rename": sp_rename,
    "sp_addextendedproperty": sp_addextendedproperty,
    "sp_updateextendedproperty": sp_updateextendedproperty,
    "sp_dropextendedproperty": sp_dropextendedproperty,
    "sp_sequence_get_range": sp_sequence_get_range,
    "sp_getapplock": _sp_getapplock,
    "sp_releaseapplock": _sp_releaseapplock,
    "sp_addrolemember": sp_addrolemember,
    "sp_droprolemember": sp_droprolemember,
    "sp_set_session_context": sp_set_session_context,
    "sp_reset_connection": _nothing,
    **ODBC_PROCEDURES,
    **AGENT_PROCEDURES,
}

REFUSED_PROCEDURES = frozenset(
    """sp_helpdb sp_helpuser sp_helprole sp_who sp_who2 sp_lock
    sp_renamedb sp_spaceused sp_sproc_columns sp_sproc_columns_100 sp_special_columns sp_depends
    sp_recompile sp_refreshview
    sp_adduser sp_addlogin sp_grantdbaccess sp_cursoropen sp_cursorfetch sp_cursorclose
    sp_cursorexecute sp_cursorprepare sp_cursorprepexec sp_cursorunprepare sp_cursoroption sp_rxpredict
    sp_invoke_external_rest_endpoint sp_tablecollations_100 sp_xml_preparedocument
    sp_settriggerorder sp_updatestats xp_cmdshell xp_instance_regread""".split()
)
"""Procedures of SQL Server that are refused here by name, so that 2812 is only said of what SQL Server has not."""

REFUSED_IN_MSDB = frozenset(
    """sp_add_alert sp_update_alert sp_delete_alert sp_help_alert sp_add_notification sp_update_notification
    sp_delete_notification sp_help_notification sp_add_proxy sp_update_proxy sp_delete_proxy sp_help_proxy
    sp_grant_proxy_to_subsystem sp_grant_login_to_proxy sp_enum_sqlagent_subsystems sp_send_dbmail sp_notify_operator
    sp_update_category sp_help_category sp_help_schedule sp_help_jobcount sp_help_jobs_in_schedule sp_help_jobsteplog
    sp_delete_jobsteplog sp_manage_jobs_by_login sp_apply_job_to_targets sp_remove_job_from_targets
    sp_add_targetservergroup sp_cycle_agent_errorlog sp_delete_backuphistory""".split()
)
"""The same of msdb's own."""

__all__ = ["REFUSED_IN_MSDB", "REFUSED_PROCEDURES", "SYSTEM_PROCEDURES", "send_table"]
