"""Models in the database: pushed, listed, promoted, rolled back, archived, deleted, purged.

A version's bytes lie in ml.blobs under their sha256, stored once however many versions share them, and never change.
An alias ("champion") points at one version of its model; procedures load by alias. Every change is made by a procedure
of schema ml and recorded in ml.events.
"""

from pymlsql.registry.aliases import promote, remove_alias, rollback
from pymlsql.registry.audit import Event, Replayed, read_events, replay
from pymlsql.registry.listing import Model, ModelVersion, get_alias, list_models, show
from pymlsql.registry.names import check_name
from pymlsql.registry.policies import Policy, list_policies, set_policy
from pymlsql.registry.retention import Purged, purge
from pymlsql.registry.uploads import CHUNK_BYTES, Progress, pull, pull_directory, upload
from pymlsql.registry.versions import archive, delete, describe, push, set_tag, show_model

__all__ = [
    "CHUNK_BYTES", "Event", "Model", "ModelVersion", "Policy", "Progress", "Purged", "Replayed", "archive",
    "check_name", "delete", "describe", "get_alias", "list_models", "list_policies", "promote", "pull",
    "pull_directory", "purge", "push",
    "read_events", "remove_alias", "replay", "rollback", "set_policy", "set_tag", "show", "show_model", "upload",
]  # fmt: skip
