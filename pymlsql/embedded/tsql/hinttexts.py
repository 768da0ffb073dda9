"""Hints in the text of a query, in the one form that sqlglot reads: nothing of OPTION but MAXRECURSION, and the table
hints with commas. What they mean is checked here. Source: "Hints (Transact-SQL)" of sql-docs."""

from __future__ import annotations

from collections.abc import Sequence

from pymlsql.embedded.tsql.grammar.hints import TABLE_HINTS
from pymlsql.embedded.tsql.lexer import Token
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import quote_text

MOST_RECURSION = 32767
_GROUPS = (
    ("HASH GROUP", "ORDER GROUP"), ("KEEP PLAN", "KEEPFIXED PLAN"),
    ("PARAMETERIZATION SIMPLE", "PARAMETERIZATION FORCED"),
    ("FORCE EXTERNALPUSHDOWN", "DISABLE EXTERNALPUSHDOWN"),
)  # fmt: skip
"""Hints of which a query has one at most."""
_PLAIN = frozenset(
    {*(hint for group in _GROUPS for hint in group), "CONCAT UNION", "HASH UNION", "MERGE UNION", "LOOP JOIN",
     "MERGE JOIN", "HASH JOIN", "EXPAND VIEWS", "FORCE ORDER", "FORCE SCALEOUTEXECUTION", "DISABLE SCALEOUTEXECUTION",
     "IGNORE_NONCLUSTERED_COLUMNSTORE_INDEX", "NO_PERFORMANCE_SPOOL", "RECOMPILE", "ROBUST PLAN",
     "DISABLE_OPTIMIZED_PLAN_FORCING", "OPTIMIZE FOR UNKNOWN"}
)  # fmt: skip
_ARGUED = ("FAST", "MAXDOP", "MAXRECURSION", "QUERYTRACEON", "MAX_GRANT_PERCENT", "MIN_GRANT_PERCENT", "OPTIMIZE FOR",
           "USE HINT", "USE PLAN", "TABLE HINT")  # fmt: skip
_USE_HINTS = frozenset(
    """
    ASSUME_FIXED_MAX_SELECTIVITY_FOR_REGEXP ASSUME_FIXED_MIN_SELECTIVITY_FOR_REGEXP
    ASSUME_JOIN_PREDICATE_DEPENDS_ON_FILTERS ASSUME_MIN_SELECTIVITY_FOR_FILTER_ESTIMATES
    ASSUME_FULL_INDEPENDENCE_FOR_FILTER_ESTIMATES ASSUME_PARTIAL_CORRELATION_FOR_FILTER_ESTIMATES
    DISABLE_BATCH_MODE_ADAPTIVE_JOINS DISABLE_BATCH_MODE_MEMORY_GRANT_FEEDBACK DISABLE_DEFERRED_COMPILATION_TV
    DISABLE_INTERLEAVED_EXECUTION_TVF DISABLE_OPTIMIZED_NESTED_LOOP DISABLE_OPTIMIZER_ROWGOAL
    DISABLE_PARAMETER_SNIFFING DISABLE_ROW_MODE_MEMORY_GRANT_FEEDBACK DISABLE_TSQL_SCALAR_UDF_INLINING
    DISALLOW_BATCH_MODE ENABLE_HIST_AMENDMENT_FOR_ASC_KEYS ENABLE_QUERY_OPTIMIZER_HOTFIXES
    FORCE_DEFAULT_CARDINALITY_ESTIMATION FORCE_LEGACY_CARDINALITY_ESTIMATION ENABLE_PARALLEL_PLAN_PREFERENCE
    QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_100 QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_110
    QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_120 QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_130
    QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_140 QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_150
    QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_160 QUERY_PLAN_PROFILE DISABLE_CE_FEEDBACK DISABLE_DOP_FEEDBACK
    DISABLE_MEMORY_GRANT_FEEDBACK_PERSISTENCE DISABLE_OPTIMIZED_PLAN_FORCING DISABLE_OPTIMIZED_HALLOWEEN_PROTECTION
    PARAMETER_SENSITIVE_PLAN_OPTIMIZATION DISABLE_PARAMETER_SENSITIVE_PLAN_OPTIMIZATION
    """.split()
)
_GRANULARITY = frozenset("PAGLOCK ROWLOCK TABLOCK TABLOCKX NOLOCK READCOMMITTEDLOCK".split())
_ISOLATION = frozenset("HOLDLOCK NOLOCK READCOMMITTED REPEATABLEREAD SERIALIZABLE SNAPSHOT".split())


def rewritten_hints(tokens: Sequence[Token], index: int, line: int) -> tuple[str, int] | None:
    """What stands for the hints that begin at ``tokens[index]``, and the index behind them; None where none begin.

    Raises 102, 310, 321, 1042, 1047, 10715.
    """
    if not tokens[min(index + 1, len(tokens) - 1)].is_op("("):
        return None
    if tokens[index].is_word("OPTION"):
        end = _closing(tokens, index + 1)
        return _query_hints(_split(tokens[index + 2 : end]), line), end + 1
    if tokens[index].is_word("WITH") and tokens[index + 2].is_word(*TABLE_HINTS) and index > 0:
        end = _closing(tokens, index + 1)
        return f"WITH ({', '.join(_table_hints(tokens[index + 2 : end], line))})", end + 1
    return None


def _closing(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for at in range(index, len(tokens)):
        depth += tokens[at].is_op("(") - tokens[at].is_op(")")
        if depth == 0:
            return at
    raise sql_error(102, "(", line=tokens[index].line)


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the commas outside of brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.is_op("(") - token.is_op(")")
        if token.is_op(",") and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def bulk_rowset(tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
    """OPENROWSET(BULK 'path', options) as a call with strings as its arguments, and the index of its end; None for
    anything else."""
    if not (tokens[index].is_word("OPENROWSET") and tokens[index + 1].is_op("(") and tokens[index + 2].is_word("BULK")):
        return None
    end = _closing(tokens, index + 1)
    path, *options = _split(tokens[index + 3 : end])
    texts = [path[0].value, *(_bulk_option(option) for option in options if option)]
    return f"OPENROWSET({', '.join(quote_text(text) for text in texts)})", end


def _bulk_option(tokens: Sequence[Token]) -> str:
    """NAME, NAME='text or NAME=5."""
    name, *value = tokens
    if not value:
        return name.value
    last = value[-1]
    return f"{name.value}='{last.value}" if last.kind == "string" else f"{name.value}={last.text}"


# OPTION -----------------------------------------------------------------------------------------------------------


def _query_hints(hints: list[list[Token]], line: int) -> str:
    kept, seen = "", set()
    for hint in hints:
        words = " ".join(token.value for token in hint if token.kind == "word")
        if words in _PLAIN and len(hint) == len(words.split()):
            seen.add(words)
            continue
        known = next((name for name in _ARGUED if words == name or words.startswith(f"{name} ")), None)
        if known is None or len(hint) == len(known.split()):
            near = hint[0].text if hint else ")"
            raise sql_error(102, near, line=line + (hint[0].line if hint else 1) - 1)
        rest = hint[len(known.split()) :]
        if known == "MAXRECURSION":
            kept = f"OPTION (MAXRECURSION {_recursion(rest, line)})"
        elif known in ("FAST", "MAXDOP", "QUERYTRACEON"):
            _whole(rest, line)
        elif known == "USE HINT":
            _check_use_hints(rest, line)
    for group in _GROUPS:
        if len(seen.intersection(group)) > 1:
            raise sql_error(1042, group[0].split()[-1], line=line)
    return kept


def _whole(tokens: Sequence[Token], line: int) -> int:
    if len(tokens) != 1 or tokens[0].kind != "number" or not tokens[0].text.isdigit():
        raise sql_error(102, tokens[0].text, line=line + tokens[0].line - 1)
    return int(tokens[0].text)


def _recursion(tokens: Sequence[Token], line: int) -> int:
    number = _whole(tokens, line)
    if number > MOST_RECURSION:
        raise sql_error(310, number, line=line + tokens[0].line - 1)
    return number


def _check_use_hints(tokens: Sequence[Token], line: int) -> None:
    for token in tokens:
        if token.kind == "string" and token.value.upper() not in _USE_HINTS:
            raise sql_error(10715, token.value, line=line + token.line - 1)


# Table hints ------------------------------------------------------------------------------------------------------


def _table_hints(tokens: Sequence[Token], line: int) -> list[str]:
    """The hints, INDEX with its names in brackets. Two that contradict each other are 1047."""
    written: list[str] = []
    names: set[str] = set()
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.is_op(","):
            continue
        if token.kind != "word" or token.value not in TABLE_HINTS:
            raise sql_error(321, token.text, line=line + token.line - 1)
        names.add({"READUNCOMMITTED": "NOLOCK", "SERIALIZABLE": "HOLDLOCK"}.get(token.value, token.value))
        argument: list[Token] = []
        if at < len(tokens) and tokens[at].is_op("="):
            at += 1
            if not tokens[at].is_op("("):
                argument, at = [tokens[at]], at + 1
        if at < len(tokens) and tokens[at].is_op("("):
            end = _closing(tokens, at)
            argument, at = [t for t in tokens[at + 1 : end] if t.kind != "operator"], end + 1
        listed = ", ".join(t.text for t in argument)
        written.append(f"{token.value}({listed})" if token.value == "INDEX" else token.value)
    for group in (_GRANULARITY, _ISOLATION):
        if len(names & group) > 1:
            raise sql_error(1047, line=line)
    return written
