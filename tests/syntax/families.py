"""Statements by what they are, whether ScriptDom's classes name them or our nodes."""

from __future__ import annotations

_PLAIN = frozenset(
    """
    Select Insert Update Delete Merge Truncate Declare SetVariable SetOption If While Block TryCatch Return Print
    RaiseError Throw Execute Transaction Use WaitFor Break Continue Revert ExecuteAs
    """.split()
)
_OTHER_NAMES = {
    "BeginEndBlock": "Block", "BeginTransaction": "Transaction", "CommitTransaction": "Transaction",
    "RollbackTransaction": "Transaction", "SaveTransaction": "Transaction", "DeclareVariable": "Declare",
    "DeclareTableVariable": "Declare", "TruncateTable": "Truncate", "Reconfigure": "Execute",
    "PredicateSet": "SetOption", "SetCommand": "SetOption", "SetIdentityInsert": "SetOption",
    "SetContextInfo": "SetOption",
    "SetRowCount": "SetOption", "SetTransactionIsolationLevel": "SetOption", "SetTextSize": "SetOption",
}  # fmt: skip


def family(name: str) -> str:
    """The statement's own name where it does something; "other" for definitions and the like."""
    short = name.removesuffix("Statement")
    short = _OTHER_NAMES.get(short, short)
    return short if short in _PLAIN else "other"
