"""Deployment: functions, views and procedures as a script, or into the database with a record of it.

`CREATE OR ALTER` modules are not migrations: today's text is deployed, each module in its own batch, and ml.deployments
keeps what was there before.
"""

from pymlsql.deployment.deploying import deploy, pinned, read_trusted
from pymlsql.deployment.script import render_script, write_scripts

__all__ = ["deploy", "pinned", "read_trusted", "render_script", "write_scripts"]
