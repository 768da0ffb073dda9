"""sys.dm_exec_sessions, sys.dm_exec_connections and sys.dm_exec_requests.

Columns are those of SQL Server 2019 without the uniqueidentifier ones; source: "Execution related dynamic management
views" of sql-docs. What nobody measures here (CPU time, reads, writes) is 0 as long as the column admits no NULL.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.state import SessionRow, SystemState

_SETTINGS = """
    text_size int=2147483647, language nvarchar(128)=us_english, date_format nvarchar(3)=mdy, date_first smallint=7,
    quoted_identifier bit=1, arithabort bit=0, ansi_null_dflt_on bit=1, ansi_defaults bit=0, ansi_warnings bit=1,
    ansi_padding bit=1, ansi_nulls bit=1, concat_null_yields_null bit=1, transaction_isolation_level smallint,
    lock_timeout int, deadlock_priority int=0, row_count bigint=0, prev_error int=0"""

SESSIONS = columns(f"""
    session_id smallint, login_time datetime, host_name nvarchar(128)?, program_name nvarchar(128)?,
    host_process_id int?, client_version int?, client_interface_name nvarchar(32)?, security_id varbinary(85),
    login_name nvarchar(128), nt_domain nvarchar(128)?, nt_user_name nvarchar(128)?, status nvarchar(30),
    context_info varbinary(128)?, cpu_time int=0, memory_usage int=0, total_scheduled_time int=0,
    total_elapsed_time int=0, endpoint_id int=4, last_request_start_time datetime, last_request_end_time datetime?,
    reads bigint=0, writes bigint=0, logical_reads bigint=0, is_user_process bit=1, {_SETTINGS},
    original_security_id varbinary(85), original_login_name nvarchar(128), last_successful_logon datetime?,
    last_unsuccessful_logon datetime?, unsuccessful_logons bigint?, group_id int=2, database_id smallint,
    authenticating_database_id int?, open_transaction_count int""")

CONNECTIONS = columns("""
    session_id int?, most_recent_session_id int?, connect_time datetime, net_transport nvarchar(40)=TCP,
    protocol_type nvarchar(40)?=TSQL, protocol_version int?=1946157060, endpoint_id int?=4,
    encrypt_option nvarchar(40)?, auth_scheme nvarchar(40)=SQL, node_affinity smallint=0, num_reads int?,
    num_writes int?, last_read datetime?, last_write datetime?, net_packet_size int?, client_net_address varchar(48)?,
    client_tcp_port int?, local_net_address varchar(48)?, local_tcp_port int?, most_recent_sql_handle varbinary(64)?""")

REQUESTS = columns(f"""
    session_id smallint, request_id int=0, start_time datetime, status nvarchar(30)=running,
    command nvarchar(32)=SELECT, sql_handle varbinary(64)?, statement_start_offset int?, statement_end_offset int?,
    plan_handle varbinary(64)?, database_id smallint, user_id int=1, blocking_session_id smallint?=0,
    wait_type nvarchar(60)?, wait_time int=0, last_wait_type nvarchar(60)=MISCELLANEOUS, wait_resource nvarchar(256)=,
    open_transaction_count int, open_resultset_count int=1, transaction_id bigint=0, context_info varbinary(128)?,
    percent_complete real=0, estimated_completion_time bigint=0, cpu_time int=0, total_elapsed_time int=0,
    scheduler_id int=0, task_address varbinary(8)?, reads bigint=0, writes bigint=0, logical_reads bigint=0,
    {_SETTINGS}, nest_level int=0, granted_query_memory int=0, executing_managed_code bit=0, group_id int=2,
    query_hash binary(8)?, query_plan_hash binary(8)?, statement_sql_handle varbinary(64)?,
    statement_context_id bigint?, dop int=1, parallel_worker_count int?, is_resumable bit=0""")

_SA = b"\x01"


def _settings(state: SystemState, session: SessionRow) -> Fact:
    own = session.spid == state.spid
    return {
        "session_id": session.spid, "database_id": session.database_id, "lock_timeout": session.lock_timeout_ms,
        "transaction_isolation_level": state.isolation if own else session.isolation,
        "open_transaction_count": session.open_transactions,
    }  # fmt: skip


def _sessions(state: SystemState) -> Iterator[Fact]:
    for session in state.sessions:
        yield _settings(state, session) | {
            "login_time": session.login_time, "host_name": session.host, "program_name": session.application,
            "host_process_id": session.host_process_id, "client_version": 7,
            "client_interface_name": session.client_interface, "security_id": _SA,
            "login_name": session.impersonated or session.login,
            "status": session.status, "last_request_start_time": session.last_request_start or session.login_time,
            "last_request_end_time": session.last_request_end, "original_security_id": _SA,
            "original_login_name": session.login, "authenticating_database_id": 1,
        }  # fmt: skip


def _connections(state: SystemState) -> Iterator[Fact]:
    encryption = {None: None, True: "TRUE", False: "FALSE"}
    for session in state.sessions:
        yield {
            "session_id": session.spid, "most_recent_session_id": session.spid, "connect_time": session.login_time,
            "encrypt_option": encryption[session.encrypted], "net_packet_size": session.packet_size,
            "client_net_address": session.client_address, "client_tcp_port": session.client_port,
            "local_net_address": session.client_address, "local_tcp_port": session.local_port,
        }  # fmt: skip


def _requests(state: SystemState) -> Iterator[Fact]:
    """The request that asks; those of other sessions are not known to it."""
    for session in state.sessions:
        if session.spid == state.spid:
            yield _settings(state, session) | {"start_time": session.last_request_start or session.login_time}


SESSION_VIEWS: dict[str, SystemView] = {
    "dm_exec_sessions": view(SESSIONS, _sessions),
    "dm_exec_connections": view(CONNECTIONS, _connections),
    "dm_exec_requests": view(REQUESTS, _requests),
}
