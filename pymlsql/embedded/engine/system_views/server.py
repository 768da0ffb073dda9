"""What belongs to the server: databases, settings, messages.

Columns are those of SQL Server 2019 without the uniqueidentifier ones (broker, replica and connection ids), which stand
for things that do not exist here. Source: "Catalog views" and "Dynamic management views" of sql-docs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.state import COLLATION, SystemState
from pymlsql.embedded.tsql.messages import MESSAGES

DATABASES = columns("""
    name sysname, database_id int, source_database_id int?, owner_sid varbinary(85)?, create_date datetime,
    compatibility_level tinyint, collation_name sysname?, user_access tinyint=0,
    user_access_desc nvarchar(60)=MULTI_USER, is_read_only bit=0, is_auto_close_on bit=0, is_auto_shrink_on bit=0,
    state tinyint=0, state_desc nvarchar(60)=ONLINE, is_in_standby bit=0, is_cleanly_shutdown bit=0,
    is_supplemental_logging_enabled bit=0, snapshot_isolation_state tinyint=0,
    snapshot_isolation_state_desc nvarchar(60)=OFF, is_read_committed_snapshot_on bit, recovery_model tinyint=3,
    recovery_model_desc nvarchar(60)=SIMPLE, page_verify_option tinyint=2,
    page_verify_option_desc nvarchar(60)=CHECKSUM, is_auto_create_stats_on bit=1,
    is_auto_create_stats_incremental_on bit=0, is_auto_update_stats_on bit=1, is_auto_update_stats_async_on bit=0,
    is_ansi_null_default_on bit=0, is_ansi_nulls_on bit=0, is_ansi_padding_on bit=0, is_ansi_warnings_on bit=0,
    is_arithabort_on bit=0, is_concat_null_yields_null_on bit=0, is_numeric_roundabort_on bit=0,
    is_quoted_identifier_on bit=0, is_recursive_triggers_on bit=0, is_cursor_close_on_commit_on bit=0,
    is_local_cursor_default bit=0, is_fulltext_enabled bit=0, is_trustworthy_on bit=0, is_db_chaining_on bit,
    is_parameterization_forced bit=0, is_master_key_encrypted_by_server bit=0, is_query_store_on bit=0,
    is_published bit=0, is_subscribed bit=0, is_merge_published bit=0, is_distributor bit=0,
    is_sync_with_backup bit=0, is_broker_enabled bit=0, log_reuse_wait tinyint=0,
    log_reuse_wait_desc nvarchar(60)=NOTHING, is_date_correlation_on bit=0, is_cdc_enabled bit=0, is_encrypted bit=0,
    is_honor_broker_priority_on bit=0, resource_pool_id int?, default_language_lcid smallint?,
    default_language_name nvarchar(128)?, default_fulltext_language_lcid int?,
    default_fulltext_language_name nvarchar(128)?, is_nested_triggers_on bit?, is_transform_noise_words_on bit?,
    two_digit_year_cutoff smallint?, containment tinyint=0, containment_desc nvarchar(60)=NONE,
    target_recovery_time_in_seconds int?, delayed_durability int=0, delayed_durability_desc nvarchar(60)=DISABLED,
    is_memory_optimized_elevate_to_snapshot_on bit=0, is_federation_member bit=0,
    is_remote_data_archive_enabled bit=0, is_mixed_page_allocation_on bit=0,
    is_temporal_history_retention_enabled bit=1, catalog_collation_type int=0,
    catalog_collation_type_desc nvarchar(60)=DATABASE_DEFAULT""")

CONFIGURATIONS = columns("""
    configuration_id int, name nvarchar(35), value sql_variant?, minimum sql_variant?, maximum sql_variant?,
    value_in_use sql_variant?, description nvarchar(255), is_dynamic bit, is_advanced bit""")

MESSAGE_COLUMNS = columns("""
    message_id int, language_id smallint=1033, severity tinyint, is_event_logged bit, text nvarchar(2048)""")


@dataclass(frozen=True, slots=True)
class Option:
    """A server configuration option: its number and bounds."""

    configuration_id: int
    minimum: int
    maximum: int
    description: str
    is_advanced: bool = False
    is_dynamic: bool = True


OPTIONS = {
    "recovery interval (min)": Option(101, 0, 32767, "Maximum recovery interval in minutes", True),
    "allow updates": Option(102, 0, 1, "Allow updates to system tables"),
    "user connections": Option(103, 0, 32767, "Number of user connections allowed", True, False),
    "nested triggers": Option(115, 0, 1, "Allow triggers to be invoked within triggers"),
    "remote access": Option(117, 0, 1, "Allow remote access", False, False),
    "default language": Option(124, 0, 9999, "default language"),
    "cross db ownership chaining": Option(400, 0, 1, "Allow cross db ownership chaining"),
    "max worker threads": Option(503, 128, 65535, "Maximum worker threads", True),
    "network packet size (B)": Option(505, 512, 32767, "Network packet size", True),
    "show advanced options": Option(518, 0, 1, "show advanced options"),
    "two digit year cutoff": Option(1127, 1753, 9999, "two digit year cutoff", True),
    "remote query timeout (s)": Option(1520, 0, 2147483647, "remote query timeout"),
    "user options": Option(1534, 0, 32767, "user options"),
    "max text repl size (B)": Option(1536, -1, 2147483647, "Maximum size of a text field in replication."),
    "cost threshold for parallelism": Option(1538, 0, 32767, "cost threshold for parallelism", True),
    "max degree of parallelism": Option(1539, 0, 32767, "maximum degree of parallelism", True),
    "min server memory (MB)": Option(1543, 0, 2147483647, "Minimum size of server memory (MB)", True),
    "max server memory (MB)": Option(1544, 128, 2147483647, "Maximum size of server memory (MB)", True),
    "clr enabled": Option(1562, 0, 1, "CLR user code execution enabled in the server"),
    "external scripts enabled": Option(1586, 0, 1, "Allows execution of external scripts"),
    "Agent XPs": Option(16384, 0, 1, "Enable or disable Agent XPs", True),
    "Database Mail XPs": Option(16386, 0, 1, "Enable or disable Database Mail XPs", True),
    "Ole Automation Procedures": Option(16388, 0, 1, "Enable or disable Ole Automation Procedures", True),
    "xp_cmdshell": Option(16390, 0, 1, "Enable or disable command shell", True),
}
"""What sys.configurations knows of the options that a server may have."""
AT_START = frozenset(name.lower() for name, option in OPTIONS.items() if not option.is_dynamic)
"""Options whose value is in use from the next start on, RECONFIGURE or not."""

_SPELT = {name.lower(): (name, option) for name, option in OPTIONS.items()}


def _databases(state: SystemState) -> Iterator[Fact]:
    for database in state.databases:
        own = not database.is_system
        created = dt.datetime.fromisoformat(database.created) if database.created else state.created
        yield {
            "name": database.name, "database_id": database.database_id, "create_date": created,
            "owner_sid": bytes.fromhex(database.owner_sid), "compatibility_level": database.level,
            "collation_name": COLLATION,
            # Readers see what is committed and wait for no writer.
            "is_read_committed_snapshot_on": own, "is_db_chaining_on": not own and database.name != "model",
            "is_master_key_encrypted_by_server": database.database_id in state.with_master_key,
        }  # fmt: skip


def _configurations(state: SystemState) -> Iterator[Fact]:
    for asked, (value, in_use) in state.configurations.items():
        name, option = _SPELT[asked.lower()]
        yield {
            "configuration_id": option.configuration_id, "name": name, "value": value, "minimum": option.minimum,
            "maximum": option.maximum, "value_in_use": in_use, "description": option.description,
            "is_dynamic": option.is_dynamic, "is_advanced": option.is_advanced,
        }  # fmt: skip


_PLACE = re.compile(r"\{(?::(\w))?\}")
_LOGGED = frozenset({701, 3624, 18456})


def _messages(_: SystemState) -> Iterator[Fact]:
    for number, (severity, text) in sorted(MESSAGES.items()):
        shown = _PLACE.sub(lambda place: f"%{place[1]}" if place[1] else "%.*ls", text)
        yield {"message_id": number, "severity": severity, "is_event_logged": number in _LOGGED, "text": shown}


SANDBOX_LAYERS = columns("""
    layer nvarchar(30), available bit, active bit, reason nvarchar(1000)?, level nvarchar(10)""")


def _sandbox_layers(state: SystemState) -> Iterator[Fact]:
    if state.sandbox is not None:
        for layer in state.sandbox.layers:
            yield {"layer": layer.name, "available": layer.available, "active": layer.active,
                   "reason": layer.reason[:1000] or None, "level": state.sandbox.level}  # fmt: skip


SERVER_VIEWS: dict[str, SystemView] = {
    "databases": view(DATABASES, _databases),
    "configurations": view(CONFIGURATIONS, _configurations),
    "messages": view(MESSAGE_COLUMNS, _messages),
    "dm_pymlsql_sandbox": view(SANDBOX_LAYERS, _sandbox_layers),
}
