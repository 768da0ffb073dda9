"""`pymlsql keys`: the Ed25519 key with which this account seals models."""

from __future__ import annotations

import typer

from pymlsql.cli import output
from pymlsql.cli.options import JsonOption
from pymlsql.errors import SettingsError

app = typer.Typer(
    help="The key that this account seals models with.", no_args_is_help=True, epilog="Example: pymlsql keys show"
)


@app.command(epilog="Example: pymlsql keys create")
def create(as_json: JsonOption = False) -> None:
    """Make this account's key, and print its public part. What is pushed from now on is sealed with it."""
    from pymlsql import proofs

    _print(proofs.create_key(), as_json=as_json)


@app.command(epilog="Example: pymlsql keys show")
def show(as_json: JsonOption = False) -> None:
    """Print the public part of this account's key: what pymlsql apply --trust-key takes."""
    from pymlsql import proofs

    key = proofs.own_key()
    if key is None:
        raise SettingsError("This account has no key yet: pymlsql keys create makes one.")
    _print(key, as_json=as_json)


def _print(key: bytes, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"public_key": key.hex()})
    else:
        output.print_line(key.hex())
