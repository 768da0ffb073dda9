"""Models in the database: push, list, show, promote.

A version's bytes lie in ml.blobs under their sha256, stored once however many versions share them, and never change.
An alias ("champion") points at one version of its model; procedures load by alias.
"""

from pymlsql.registry.aliases import promote
from pymlsql.registry.listing import Model, ModelVersion, get_alias, list_models, show
from pymlsql.registry.names import check_name
from pymlsql.registry.versions import push

__all__ = ["Model", "ModelVersion", "check_name", "get_alias", "list_models", "promote", "push", "show"]
