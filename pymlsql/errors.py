"""The one exception tree of the toolkit.

Every error a user can cause is a `PymlsqlError`: one sentence that says what is wrong and what to do, and the exit
code of the command line. Anything else that escapes is a defect of pymlsql and shows as a traceback.
"""

from __future__ import annotations


class PymlsqlError(Exception):
    """Something the user can act on; `str()` of it is one line."""

    exit_code: int = 1


class UsageError(PymlsqlError):
    """A wrong combination of options or a value that cannot be meant (exit code 2)."""

    exit_code = 2


class SettingsError(UsageError):
    """The target or pymlsql.toml cannot be understood (exit code 2)."""


class ServerNotRunning(PymlsqlError):
    """No server answers at the target (exit code 3)."""

    exit_code = 3


class DriverError(PymlsqlError):
    """No usable ODBC driver or driver manager on this machine."""


class DatabaseError(PymlsqlError):
    """The server refused a statement: its own number, severity-bearing text and, where known, its line.

    `number` is None where the driver, not the server, failed (a broken connection, a value that does not convert).
    """

    def __init__(self, message: str, number: int | None = None) -> None:
        """Keep `message` as the server wrote it and prefix it with `Msg number` in the text."""
        super().__init__(message if number is None else f"Msg {number}: {message}")
        self.number = number
        self.message = message


class SetupError(PymlsqlError):
    """External scripts are off on the server, and this login cannot switch them on."""


class LoadError(PymlsqlError):
    """A data file is not what it must be: names file, column and row."""


class TemplateError(PymlsqlError):
    """A template is missing, lacks a variable, or was given a value it cannot print safely."""


class DeclarationError(PymlsqlError):
    """A feature or procedure declaration contradicts itself.

    `path` are the keys that lead to the place, where one is known: names, and numbers from 0.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        """Keep both apart, so that a file's line can be found by the path."""
        super().__init__(message)
        self.path = path


class DeploymentError(PymlsqlError):
    """A deployment is refused: what is on the server is not what was left there, or somebody else is at it."""


class JobError(PymlsqlError):
    """No such job, or SQL Server Agent refuses what is asked of it."""


class MigrationError(PymlsqlError):
    """A migration cannot be found or applied."""


class ModelError(PymlsqlError):
    """A model file, its signature or its bytes are not usable as they are."""


class UntrustedModel(ModelError):
    """The model file was not written by this toolkit, and reading it would run its code."""


class RegistryError(PymlsqlError):
    """No such model, version or alias, or the registry refuses the change.

    `number` is that of the registry's own error (51012, 51020 to 51069) where a procedure raised it.
    """

    def __init__(self, message: str, number: int | None = None) -> None:
        """Keep the number beside the sentence."""
        super().__init__(message)
        self.number = number


class RuntimeMismatch(PymlsqlError):
    """The server's own Python cannot load the model, or runs with other package versions."""


class TrainingError(PymlsqlError):
    """There is not enough, or not the right, data to train on."""


class RunError(PymlsqlError):
    """No such run, or a run cannot record what it is given."""
