"""Walks the opcodes of a pickle with an abstract stack: no object is made, no module imported, no length believed.

The stack holds texts, whole numbers, names of globals and shallow containers, as far as they can name a global or tell
the size of something; everything else is one value, UNKNOWN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pymlsql.opcodes import CODES, Malformed, Reader

__all__ = ["MAX_OPCODES", "Findings", "Malformed", "walk"]

MAX_OPCODES = 20_000_000
MAX_TEXT = 1000
"""A longer text names no module."""
MAX_ELEMENTS = 1 << 30
"""Of an array or bytes that a call is to make from a number alone."""
MAX_WEIGHT = 1 << 20
"""Parts of a nested tuple that is a key: Python walks all of them for its hash, shared ones again and again."""
MAX_DIGITS = 5000
VERSION_KEY = "_sklearn_version"
"""Under which each estimator keeps the release that pickled it."""


class _Unknown:
    __slots__ = ()


UNKNOWN = _Unknown()
_MARK = _Unknown()


@dataclass(frozen=True, slots=True)
class Global:
    """What `module` calls `name`."""

    module: str
    name: str


@dataclass(slots=True)
class Made:
    """What calling a global gave: its name, arguments and state, as far as they are known."""

    by: Any
    arguments: Any = UNKNOWN
    state: Any = UNKNOWN


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple; `weight` counts its parts through all levels."""

    values: tuple[Any, ...]
    weight: int


@dataclass
class Findings:
    """What a walk found: imports and whether each is called, dangers, what is odd, and scikit-learn's versions."""

    imports: dict[tuple[str, str], bool] = field(default_factory=dict)
    dangers: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    protocol: int = 0
    n_opcodes: int = 0
    stopped: bool = False


_TEXTS = frozenset(["SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING",
                    "SHORT_BINSTRING"])  # fmt: skip
_NUMBERS = frozenset(["BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4"])
_PLAIN = frozenset(["FLOAT", "BINFLOAT", "BINBYTES", "BINBYTES8", "SHORT_BINBYTES", "BYTEARRAY8", "NONE", "NEWTRUE",
                    "NEWFALSE", "EMPTY_LIST", "EMPTY_SET"])  # fmt: skip
_MARKED = frozenset(["LIST", "FROZENSET"])
_SIZED = frozenset(["bytearray", "bytes", "ndarray", "_reconstruct", "range", "list", "zeros", "empty", "ones", "full"])


def walk(data: memoryview, findings: Findings, *, with_arrays: bool = False, start: int = 0) -> int:
    """Read one pickle from `start` on; where it ends. `with_arrays`: as joblib's, with raw arrays among the opcodes.

    Raises Malformed where it is none. Beyond MAX_OPCODES the walk stops, which is a danger of its own.
    """
    return _Walk(data, findings, with_arrays, start).run()


class _Walk(Reader):
    def __init__(self, data: memoryview, findings: Findings, with_arrays: bool, start: int) -> None:
        super().__init__(data, start)
        self.found = findings
        self.with_arrays = with_arrays
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.n_memo = 0

    def run(self) -> int:
        data, n_bytes, found = self.data, len(self.data), self.found
        while True:
            if self.at >= n_bytes:
                raise Malformed("they break off before the pickle's end" if self.at else "they are empty")
            code = data[self.at]
            if code not in CODES:
                raise Malformed(f"byte {self.at:,} is no opcode of a pickle")
            name, kind, protocol = CODES[code]
            self.at += 1
            found.n_opcodes += 1
            if found.n_opcodes > MAX_OPCODES:
                found.dangers.append(f"it has more than {MAX_OPCODES:,} opcodes and was not read to its end")
                found.stopped = True
                return self.at
            found.protocol = max(found.protocol, protocol)
            argument = self.read_argument(name, kind)
            if name == "STOP":
                if not self.stack or self.stack[-1] is _MARK:
                    raise Malformed("the pickle ends without a value")
                if len(self.stack) > 1:
                    found.remarks.append("it leaves values behind that are not its result")
                return self.at
            self._execute(name, argument)

    # The stack -------------------------------------------------------------------------------------------------------

    def _pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise Malformed("the pickle takes a value that is not there")
        return self.stack.pop()

    def _pop_marked(self) -> list[Any]:
        for position in range(len(self.stack) - 1, -1, -1):
            if self.stack[position] is _MARK:
                values = self.stack[position + 1 :]
                del self.stack[position:]
                return values
        raise Malformed("the pickle takes a mark that is not there")

    def _execute(self, name: str, argument: memoryview | None) -> None:
        if name in _TEXTS:
            self.stack.append(_text(name, argument))
        elif name in _PLAIN:
            self.stack.append(UNKNOWN)
        elif name in _NUMBERS:
            self.stack.append(self._number(name, argument))
        elif name in _MARKED:
            self._pop_marked()
            self.stack.append(UNKNOWN)
        else:
            _ACTIONS[name](self, argument)

    def _number(self, name: str, argument: memoryview | None) -> Any:
        data = bytes(argument or b"")
        if len(data) > MAX_DIGITS:
            self.found.dangers.append(f"a whole number takes {len(data):,} bytes")
            return UNKNOWN
        if name in ("INT", "LONG"):
            text = data.decode("ascii", "replace").rstrip("L")
            return int(text) if text.lstrip("-").isdigit() and len(text) < 40 else UNKNOWN
        return int.from_bytes(data, "little", signed=name not in ("BININT1", "BININT2"))

    def mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def nothing(self, _: Any) -> None:
        """PROTO, FRAME, READONLY_BUFFER."""

    def dup(self, _: Any) -> None:
        self.stack.append(self._pop())
        self.stack.append(self.stack[-1])

    def pop(self, _: Any) -> None:
        if not self.stack:
            raise Malformed("the pickle takes a value that is not there")
        self.stack.pop()

    def pop_mark(self, _: Any) -> None:
        self._pop_marked()

    def tuple_of(self, n_values: int) -> None:
        values = [self._pop() for _ in range(n_values)]
        self._push_tuple(values[::-1])

    def marked_tuple(self, _: Any) -> None:
        self._push_tuple(self._pop_marked())

    def _push_tuple(self, values: list[Any]) -> None:
        weight = 1 + sum(value.weight if isinstance(value, Items) else 1 for value in values)
        self.stack.append(Items(tuple(values[:16]), min(weight, MAX_WEIGHT + 1)))

    def empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def marked_dict(self, _: Any) -> None:
        values = self._pop_marked()
        self.stack.append({})
        self._fill(values)

    def set_item(self, _: Any) -> None:
        value = self._pop()
        self._fill([self._pop(), value])

    def set_items(self, _: Any) -> None:
        self._fill(self._pop_marked())

    def _fill(self, values: list[Any]) -> None:
        if not self.stack:
            raise Malformed("the pickle fills a value that is not there")
        if len(values) % 2:
            raise Malformed("a dictionary's key has no value")
        self._check_keys(values[::2])
        if VERSION_KEY in values[::2]:
            version = values[2 * values[::2].index(VERSION_KEY) + 1]
            if isinstance(version, str):
                self.found.versions.add(version)
        target = self.stack[-1]
        if isinstance(target, dict) and len(target) + len(values) <= 64:
            target.update((key, value) for key, value in zip(values[::2], values[1::2], strict=True)
                          if isinstance(key, str))  # fmt: skip

    def _check_keys(self, keys: list[Any]) -> None:
        if any(isinstance(key, Items) and key.weight > MAX_WEIGHT for key in keys):
            self.found.dangers.append("a key is a tuple nested so often that its hash would not end")

    def append(self, _: Any) -> None:
        self._pop()

    def append_all(self, _: Any) -> None:
        self._pop_marked()

    def add_all(self, _: Any) -> None:
        self._check_keys(self._pop_marked())

    # The memo --------------------------------------------------------------------------------------------------------

    def put(self, argument: memoryview | None) -> None:
        self._keep(_index(argument))

    def memoize(self, _: Any) -> None:
        self._keep(self.n_memo)

    def _keep(self, place: int) -> None:
        if not self.stack:
            raise Malformed("the pickle keeps a value that is not there")
        if place > self.found.n_opcodes + 1024:
            self.found.dangers.append(f"it asks for a memo of {place:,} places")
        self.n_memo += 1
        if self.stack[-1] is not UNKNOWN:
            self.memo[place] = self.stack[-1]
        else:
            self.memo.pop(place, None)

    def get(self, argument: memoryview | None) -> None:
        self.stack.append(self.memo.get(_index(argument), UNKNOWN))

    # Imports and calls -----------------------------------------------------------------------------------------------

    def name_global(self, argument: memoryview | None) -> None:
        self.stack.append(self._import(argument))

    def _import(self, argument: memoryview | None) -> Global:
        lines = bytes(argument or b"").decode("utf-8", "replace").split("\n")
        return self._note(lines[0], lines[1])

    def stack_global(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            self.found.dangers.append("it imports a name that it puts together while loading")
            self.stack.append(UNKNOWN)
            return
        self.stack.append(self._note(module, name))

    def _note(self, module: str, name: str) -> Global:
        self.found.imports.setdefault((module, name), False)
        return Global(module, name)

    def extension(self, _: Any) -> None:
        self.found.dangers.append("it takes a name by its number in copyreg's table")
        self.stack.append(UNKNOWN)

    def persistent(self, argument: memoryview | None) -> None:
        if argument is None:
            self._pop()
        raise Malformed("it refers to objects outside of it (a persistent id)")

    def buffer(self, _: Any) -> None:
        raise Malformed("its arrays lie in buffers that were not stored with it")

    def reduce(self, _: Any) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments)

    def new_object_with_names(self, _: Any) -> None:
        self._pop()
        self.reduce(None)

    def instance(self, argument: memoryview | None) -> None:
        called = self._import(argument)
        self._call(called, Items(tuple(self._pop_marked()[:16]), 1))

    def marked_object(self, _: Any) -> None:
        values = self._pop_marked()
        if not values:
            raise Malformed("the pickle calls a value that is not there")
        self._call(values[0], Items(tuple(values[1:17]), 1))

    def _call(self, called: Any, arguments: Any) -> None:
        if isinstance(called, Global):
            self.found.imports[called.module, called.name] = True
            if called.name in _SIZED and _largest(arguments) > MAX_ELEMENTS:
                self.found.dangers.append(f"it has {called.module}.{called.name} make {_largest(arguments):,} elements")
            if called.name in ("frozenset", "set", "dict"):
                self._check_keys([arguments])
        else:
            self.found.dangers.append("it calls what another call has given")
        self.stack.append(Made(called, arguments))

    def build(self, _: Any) -> None:
        state = self._pop()
        if not self.stack:
            raise Malformed("the pickle fills a value that is not there")
        built = self.stack[-1]
        if isinstance(built, Made):
            built.state = state
            if self.with_arrays and isinstance(built.by, Global) and built.by.name == "NumpyArrayWrapper":
                self._skip_array(state if isinstance(state, dict) else {})

    def _skip_array(self, state: dict[str, Any]) -> None:
        """The raw bytes of an array, which joblib writes behind the object that describes it."""
        size, shape = _item_size(state.get("dtype")), state.get("shape")
        if size is None or not isinstance(shape, Items) or not all(isinstance(n, int) for n in shape.values):
            raise Malformed("an array's type or shape is not told")
        if size == 0:  # an array of objects is a pickle of its own
            self.at = walk(self.data, self.found, start=self.at)
            return
        if "numpy_array_alignment_bytes" in state:
            self.take(self.take(1)[0])
        self.take(size * math.prod(shape.values))


def _text(name: str, argument: memoryview | None) -> Any:
    if argument is None or len(argument) > MAX_TEXT:
        return UNKNOWN
    text = bytes(argument).decode("utf-8", "surrogatepass" if name != "STRING" else "replace")
    return text.strip("'\"") if name == "STRING" else text


def _index(argument: memoryview | None) -> int:
    data = bytes(argument or b"")
    if len(data) in (1, 4) and not data.isdigit():
        return int.from_bytes(data, "little")
    return int.from_bytes(data, "little") if len(data) in (1, 4) else int(data) if data.isdigit() else 0


def _largest(arguments: Any) -> int:
    """The most elements that whole numbers among the arguments could ask for."""
    values = arguments.values if isinstance(arguments, Items) else ()
    found = 0
    for value in values:
        if isinstance(value, int):
            found = max(found, abs(value))
        elif isinstance(value, Items) and value.values and all(isinstance(n, int) for n in value.values):
            found = max(found, abs(math.prod(value.values)))
    return found


def _item_size(dtype: Any) -> int | None:
    """Bytes of one element, 0 for objects, None where it is not told."""
    arguments = dtype.arguments if isinstance(dtype, Made) else None
    code = arguments.values[0] if isinstance(arguments, Items) and arguments.values else None
    if not isinstance(code, str) or not code[1:].isdigit():
        return None
    return 0 if code[0] == "O" else int(code[1:]) * (4 if code[0] == "U" else 1)


_ACTIONS: dict[str, Callable[[_Walk, Any], None]] = {
    "PROTO": _Walk.nothing, "FRAME": _Walk.nothing, "READONLY_BUFFER": _Walk.nothing, "NEXT_BUFFER": _Walk.buffer,
    "MARK": _Walk.mark, "DUP": _Walk.dup, "POP": _Walk.pop, "POP_MARK": _Walk.pop_mark,
    "EMPTY_TUPLE": lambda walk, _: walk.tuple_of(0), "TUPLE1": lambda walk, _: walk.tuple_of(1),
    "TUPLE2": lambda walk, _: walk.tuple_of(2), "TUPLE3": lambda walk, _: walk.tuple_of(3), "TUPLE": _Walk.marked_tuple,
    "EMPTY_DICT": _Walk.empty_dict, "DICT": _Walk.marked_dict, "SETITEM": _Walk.set_item, "SETITEMS": _Walk.set_items,
    "APPEND": _Walk.append, "APPENDS": _Walk.append_all, "ADDITEMS": _Walk.add_all,
    "PUT": _Walk.put, "BINPUT": _Walk.put, "LONG_BINPUT": _Walk.put, "MEMOIZE": _Walk.memoize,
    "GET": _Walk.get, "BINGET": _Walk.get, "LONG_BINGET": _Walk.get,
    "GLOBAL": _Walk.name_global, "STACK_GLOBAL": _Walk.stack_global, "INST": _Walk.instance, "OBJ": _Walk.marked_object,
    "REDUCE": _Walk.reduce, "NEWOBJ": _Walk.reduce, "NEWOBJ_EX": _Walk.new_object_with_names, "BUILD": _Walk.build,
    "EXT1": _Walk.extension, "EXT2": _Walk.extension, "EXT4": _Walk.extension,
    "PERSID": _Walk.persistent, "BINPERSID": _Walk.persistent,
}  # fmt: skip
