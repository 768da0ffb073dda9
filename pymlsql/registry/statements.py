"""What the statements of the registry have in common."""

from __future__ import annotations

# One change of the registry at a time: MAX(version) + 1 and "insert where missing" must not meet another's. An
# application lock holds under every isolation level, and waits no longer than a minute.
LOCK = """\
EXEC @locked = sp_getapplock @Resource = N'pymlsql.registry', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
    @LockTimeout = 60000;
IF @locked < 0
BEGIN;
    THROW 51012, N'Another session has been changing the model registry for more than a minute: try again.', 1;
END;
"""
