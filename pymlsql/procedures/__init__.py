"""Procedures around a model, declared and rendered as T-SQL."""

from pymlsql.procedures.batch import CHUNK_ROWS, SCORE_SCRIPT, ScoringProcedure, render_procedure
from pymlsql.procedures.declaration import ProcedureDeclaration, parse

__all__ = ["CHUNK_ROWS", "SCORE_SCRIPT", "ProcedureDeclaration", "ScoringProcedure", "parse", "render_procedure"]
