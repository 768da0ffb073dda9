"""In which line of a TOML file each key stands: what tomllib does not say, and what an error message needs.

The text is known to be TOML: tomllib has read it. Numbers in a path count the parts of arrays, from 0.
"""

from __future__ import annotations

Path = tuple[str | int, ...]

_BLANKS = " \t\r\n"
_ENDS = ",]}#" + _BLANKS


def find_line(text: str, path: Path) -> int:
    """The line, from 1, of the key at `path`, or of the nearest of the tables around it that is there."""
    lines = _Scanner(text).scan()
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    """Walks once over a text and notes where each key begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        """All keys with their lines."""
        table: Path = ()
        while self._skip():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, self.at) + 1)

    def _skip(self) -> bool:
        """Go on to the next sign of meaning; whether there is one."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in _BLANKS:
                self.at += 1
            else:
                return True
        return False

    def _header(self) -> Path:
        """[a.b] or [[a.b]]: the path of the table that begins here."""
        is_array = self.text.startswith("[[", self.at)
        start, self.at = self.at, self.at + 1 + is_array
        names = self._key()
        end, self.at = self.at, start
        path: Path = ()
        for place, name in enumerate(names):
            path += (name,)
            self._note(path)
            if is_array and place == len(names) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path += (self.counts[path],)
        self._note(path)
        self.at = self.text.index("]", end) + 1 + is_array
        return path

    def _key(self) -> list[str]:
        """A dotted key; stops behind it, before `=` or `]`."""
        names = []
        while True:
            self._skip()
            if self.text[self.at] in "\"'":
                names.append(self._string())
            else:
                start = self.at
                while self.text[self.at] not in ".=]" + _BLANKS:
                    self.at += 1
                names.append(self.text[start : self.at])
            self._skip()
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table + tuple(self._key())
        end, self.at = self.at, start
        self._note(path)
        self.at = end + 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        sign = self.text[self.at]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _ENDS:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        number = 0
        while self._skip() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, number))
            self._value((*path, number))
            number += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._skip() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
            else:
                self._pair(path)
        self.at += 1

    def _string(self) -> str:
        """A string of one of the four kinds; its text, escapes left as they are."""
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at = self.at + len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if self.text[self.at] == "\\" and quote == '"' else 1
        end = self.at
        self.at += len(mark)
        while len(mark) == 3 and self.text.startswith(quote, self.at):  # a quote may stand before the closing three
            self.at += 1
        return self.text[start:end]
