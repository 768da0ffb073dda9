"""Procedures around a model, declared and rendered as T-SQL."""

from pymlsql.procedures.batch import Batch
from pymlsql.procedures.declaration import ProcedureDeclaration, check_together, parse
from pymlsql.procedures.existing import SCORE_SCRIPT, ScoringProcedure, render_procedure
from pymlsql.procedures.terms import CHUNK_ROWS

__all__ = [
    "CHUNK_ROWS",
    "SCORE_SCRIPT",
    "Batch",
    "ProcedureDeclaration",
    "ScoringProcedure",
    "check_together",
    "parse",
    "render_procedure",
]
