"""Large values that a variable grows: SET @b += @piece appends to one file and copies nothing of what is there.

Laws. A value never changes: a grown one is the beginning of a file, so many bytes of it, and whoever holds an older,
shorter one keeps that. Only the longest value of a file is appended to in place; a second continuation of the same
value begins with a copy. The file gets its name when somebody wants the value's digest, reference or bytes, and from
then on nothing is appended to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pymlsql.embedded.engine.values import PIECE_BYTES, LargeValue, ValueStore, ValueWriter
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.references import lies_outside

LONGEST = 2**31 - 1


def appended(values: ValueStore, first: bytes | LargeValue, second: bytes | LargeValue) -> bytes | LargeValue:
    """One value behind the other. Raises 7119 where they are too long together, 823, 824, 1105."""
    if len(first) + len(second) > LONGEST:
        raise SqlError(7119, f"Attempting to grow LOB beyond maximum allowed size of {LONGEST} bytes.")
    if not isinstance(first, LargeValue) and not isinstance(second, LargeValue) and not lies_outside(first + second):
        return first + second
    if not len(second):
        return first
    if isinstance(second, GrownValue):
        second.verify()  # it may be of the same file, which then has its name and is not appended to
    if isinstance(first, GrownValue):
        return first.followed_by(second)
    return GrownValue.of(values, first, second)


class _Growth:
    """The file of some grown values, the longest of which has ``writer.length`` bytes."""

    def __init__(self, values: ValueStore) -> None:
        self.values = values
        self.writer = ValueWriter(values)
        self.made: LargeValue | None = None

    def __del__(self) -> None:
        if hasattr(self, "writer"):
            with contextlib.suppress(OSError):
                self.writer.abandon()

    @property
    def length(self) -> int:
        return self.writer.length

    def finish(self) -> LargeValue:
        """The longest value, under its name."""
        if self.made is None:
            self.made = self.writer.finish()
        return self.made

    def beginning(self, length: int) -> Iterator[bytes]:
        """The first ``length`` bytes."""
        with self.made.open() if self.made is not None else self.writer.look_back() as file:
            while length and (piece := file.read(min(length, PIECE_BYTES))):
                length -= len(piece)
                yield piece


class GrownValue(LargeValue):
    """The first ``length`` bytes of a growth: a LargeValue whose digest is found when somebody asks for it."""

    __slots__ = ("_growth", "_made")

    def __init__(self, growth: _Growth) -> None:
        self._store = growth.values
        self._growth = growth
        self._made: LargeValue | None = None
        self.length = growth.length

    @classmethod
    def of(cls, values: ValueStore, *parts: bytes | LargeValue) -> GrownValue:
        """A value of its own file with these parts."""
        growth = _Growth(values)
        for part in parts:
            growth.writer.append(_pieces(part))
        return cls(growth)

    def followed_by(self, second: bytes | LargeValue) -> GrownValue:
        """This value with another behind it."""
        growth = self._growth
        if growth.made is not None or growth.length != self.length:
            growth = _Growth(self._store)
            growth.writer.append(self._growth.beginning(self.length))
        growth.writer.append(_pieces(second))
        return GrownValue(growth)

    @property
    def sha256(self) -> str:  # type: ignore[override]
        """In hexadecimal. Gives the file its name."""
        if self._made is None:
            if self._growth.length == self.length:
                self._made = self._growth.finish()
            else:
                writer = ValueWriter(self._store)
                writer.append(self._growth.beginning(self.length))
                self._made = writer.finish()
        return self._made.sha256


def _pieces(part: bytes | LargeValue) -> Iterator[bytes | memoryview]:
    if isinstance(part, LargeValue):
        yield from part.pieces()
        return
    with memoryview(part) as view:
        for at in range(0, len(view), PIECE_BYTES):
            yield view[at : at + PIECE_BYTES]
