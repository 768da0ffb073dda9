"""The grammar of T-SQL queries and expressions: where each ends, and that it is one.

Nothing is built here: a function moves a reader past what it stands at, or raises Msg 102, 156 and their like at the
first token that SQL Server's grammar has no place for. So a batch with a wrong query is refused before any of it runs,
whatever the query's own parser would make of the text. The functions meet in ``reader.Reader``.
Source: the syntax blocks of "Queries", "Expressions", "Search condition", "FROM", "SELECT" and the hints of sql-docs.
"""
