"""The opcodes of pickles and what stands behind each, read without copying what is long."""

from __future__ import annotations

import pickletools

from pymlsql.errors import PymlsqlError


class Malformed(PymlsqlError):
    """The bytes break off, or are something else than they should be."""


CODES: dict[int, tuple[str, int, int]] = {
    ord(op.code): (op.name, 0 if op.arg is None else op.arg.n, op.proto) for op in pickletools.opcodes
}
_LINES = {"GLOBAL": 2, "INST": 2}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4, pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}  # fmt: skip


class Reader:
    """A place in the bytes of a pickle. Arguments are slices of them."""

    def __init__(self, data: memoryview, start: int) -> None:
        """Begin at `start`."""
        self.data = data
        self.at = start

    def read_argument(self, name: str, kind: int) -> memoryview | None:
        """What stands behind an opcode, which `at` is just behind of; `at` moves on."""
        if kind == 0:
            return None
        if kind > 0:
            return self.take(kind)
        if kind == pickletools.UP_TO_NEWLINE:
            start = self.at
            for _ in range(_LINES.get(name, 1)):
                self.at = self._line_end() + 1
            return self.data[start : self.at - 1]
        length = int.from_bytes(self.take(_LENGTHS[kind]), "little")
        return self.take(length)

    def _line_end(self) -> int:
        at = self.at
        while at < len(self.data):
            piece = bytes(self.data[at : at + 4096])
            found = piece.find(b"\n")
            if found >= 0:
                return at + found
            at += len(piece)
        raise Malformed("they break off within a line")

    def take(self, n_bytes: int) -> memoryview:
        """So many bytes from here on. Raises Malformed where there are fewer."""
        if self.at + n_bytes > len(self.data):
            raise Malformed(f"byte {self.at:,} announces {n_bytes:,} bytes more than there are")
        self.at += n_bytes
        return self.data[self.at - n_bytes : self.at]
