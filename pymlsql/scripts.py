"""The Python text that runs inside SQL Server: each script with the parts that stand before it, one text."""

from __future__ import annotations

from pymlsql._resources import read_text

_LOADING = ("ed25519", "seal", "model_bytes")

PARTS: dict[str, tuple[str, ...]] = {
    "score": (*_LOADING, "score"),
    "check_model": (*_LOADING, "check_model"),
    "runtime_versions": ("runtime_versions",),
}
"""The files of sql/scripts, in order, that make a script."""


def read(name: str) -> str:
    """The text of a script."""
    return "\n".join(read_text("sql", f"scripts/{part}.py") for part in PARTS[name])
