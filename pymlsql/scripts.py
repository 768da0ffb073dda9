"""The Python text that runs inside SQL Server: each script with the parts that stand before it, one text."""

from __future__ import annotations

import ast
from functools import lru_cache

from pymlsql._resources import read_text

_VERIFYING = ("ed25519", "seal")
_LOADING = (*_VERIFYING, "unpickling", "model_bytes")
_BINDING = ("score:base_type", "score:bind_columns", "score:by_class", "outputs")

PARTS: dict[str, tuple[str, ...]] = {
    "score": (*_LOADING, "score"),
    "predict": (*_LOADING, *_BINDING, "predict"),
    "given": ("unpickling", *_BINDING, "given", "serve"),
    "given_exact": ("given_exact",),
    "given_times": ("given_times",),
    "given_table": ("unpickling", *_BINDING, "given_table", "serve"),
    "verifying": _VERIFYING,
    "formats": ("model_bytes",),
    "train": ("train_parts", "train_scores", "train"),
    "check_model": (*_LOADING, "check_model"),
    "runtime_versions": ("runtime_versions",),
}
"""What makes a script, in order: files of sql/scripts, and functions of one (`file:name`)."""


@lru_cache
def read(name: str) -> str:
    """The text of a script."""
    return "\n".join(map(_read_part, PARTS[name]))


def _read_part(part: str) -> str:
    file, _, name = part.partition(":")
    text = read_text("sql", f"scripts/{file}.py")
    if not name:
        return text
    (found,) = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name]
    return "\n" + "\n".join(text.splitlines()[found.lineno - 1 : found.end_lineno]) + "\n"
