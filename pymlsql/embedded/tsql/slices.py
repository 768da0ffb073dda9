"""Names, and slices of a batch that are kept as text until they are first run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A name of one to four parts, outermost first; an omitted part is ""."""

    parts: tuple[str, ...]

    @property
    def object(self) -> str:
        return self.parts[-1]

    @property
    def schema(self) -> str:
        return self.parts[-2] if len(self.parts) > 1 else ""

    @property
    def database(self) -> str:
        return self.parts[-3] if len(self.parts) > 2 else ""

    @property
    def local(self) -> Name:
        """The same without its database."""
        return Name(self.parts[-2:])

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Text:
    """A slice of the batch that is a query or an expression, compiled when it is first run."""

    sql: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the line it begins on."""

    line: int
