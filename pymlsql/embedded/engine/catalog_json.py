"""Entries of the catalog as JSON, as the data directory keeps them."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from functools import lru_cache
from typing import Any, TypeVar

E = TypeVar("E")

_CLASSES: dict[str, type[Any]] = {}


def register(kind: str, cls: type[Any]) -> None:
    """Keep entries of this class under the name ``kind``."""
    _CLASSES[kind] = cls


def stored(cls: type[E]) -> type[E]:
    """Let entries of this class be kept in the data directory, under the name of its ``kind``."""
    register(cls.kind, cls)  # type: ignore[attr-defined]
    return cls


def encode(value: Any) -> str:
    """One entry as JSON; what is left at its default is left out."""
    kind = next(name for name, cls in _CLASSES.items() if type(value) is cls)
    return json.dumps([kind, _plain(value)], ensure_ascii=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)
                if getattr(value, f.name) != f.default}  # fmt: skip
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def decode(text: str) -> Any:
    """The entry that encode made a text of."""
    kind, data = json.loads(text)
    return _read(_CLASSES[kind], data)


@lru_cache(maxsize=64)
def _hints(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _read(next(arg for arg in typing.get_args(hint) if arg is not type(None)), data)
    if origin is tuple:
        args = typing.get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_read(args[0], item) for item in data)
        return tuple(_read(arg, item) for arg, item in zip(args, data, strict=True))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _read(hints[name], item) for name, item in data.items()})
    return data
