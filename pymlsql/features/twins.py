"""The pandas twin of an expression: checked before it is evaluated, so that a project file runs no code of its own."""

from __future__ import annotations

import ast
import re

_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Attribute, ast.Name, ast.Constant,
    ast.List, ast.Tuple, ast.keyword, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip

METHODS = frozenset(
    "abs between clip eq fillna ge gt isin isna le lt mask ne notna pow round where "
    "dt day dayofyear hour minute month quarter second year "
    "str contains endswith len lower lstrip replace rstrip slice startswith strip upper".split()
)
"""What a twin may ask of a column: each looks at the column's own rows, one by one."""

FUNCTIONS = frozenset(
    "sin cos tan arcsin arccos arctan sinh cosh tanh exp log log10 log1p expm1 sqrt abs floor ceil arctan2".split()
)
"""The functions of DataFrame.eval."""

_BACKTICKS = re.compile(r"`[^`\n]*`")


def check_twin(text: str) -> str:
    """The text, which is an expression over columns for DataFrame.eval. Raises ValueError for anything else."""
    try:
        tree = ast.parse(_BACKTICKS.sub("quoted", text.strip()), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        raise ValueError(f"{text!r} is no expression of pandas") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise ValueError(f"{type(node).__name__} is no part of an expression over columns")
        if isinstance(node, ast.Attribute) and node.attr not in METHODS:
            raise ValueError(f".{node.attr} is none of what a twin may ask of a column: {', '.join(sorted(METHODS))}")
        if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Attribute, ast.Name)):
            raise ValueError("a call of what is no name is no part of an expression over columns")
        if isinstance(node, ast.Name) and id(node) in called and node.id not in FUNCTIONS:
            raise ValueError(f"{node.id} is none of the functions of DataFrame.eval: {', '.join(sorted(FUNCTIONS))}")
    return text
