"""sp_execute_external_script."""

from pymlsql.embedded.engine.external.call import execute_external_script

__all__ = ["execute_external_script"]
