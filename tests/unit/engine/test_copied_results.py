"""What a function in Python gives is DuckDB's own from then on, whatever expression it stands in."""

from __future__ import annotations

import pytest

from tests.unit.engine.conftest import Client

SET_UP = (
    "CREATE FUNCTION dbo.twice (@s nvarchar(100)) RETURNS nvarchar(200) AS BEGIN DECLARE @t nvarchar(200) = @s + @s;"
    " RETURN @t END",
    "CREATE TABLE dbo.texts (s nvarchar(100) NULL); INSERT INTO dbo.texts SELECT CONCAT(value, ': a text of its own')"
    " FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) AS v (value)",
)
EXPRESSIONS = {
    "STRING_ESCAPE(s, 'json')": "{0}",
    "JSON_VALUE(CONCAT('{\"a\": \"', s, '\"}'), '$.a')": "{0}",
    "JSON_QUERY(CONCAT('{\"a\": [\"', s, '\"]}'), '$.a')": '["{0}"]',
    "dbo.twice(s)": "{0}{0}",
    "FORMATMESSAGE('%s, %s', s, s)": "{0}, {0}",
    "CAST(DECOMPRESS(COMPRESS(s)) AS nvarchar(100))": "{0}",
}


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_coalesce_reads_what_a_function_gave(client: Client, expression: str, expected: str) -> None:
    for batch in SET_UP:
        client.run(batch)
    texts = [f"{number}: a text of its own" for number in range(1, 9)]
    for around in ("CONCAT(N'<', {}, N'>')", "N'<' + COALESCE({}, N'') + N'>'", "N'<' + ISNULL({}, N'') + N'>'"):
        rows = client.run(f"SELECT {around.format(expression)} FROM dbo.texts ORDER BY s")
        assert client.errors == []
        assert [row[0] for row in rows] == [f"<{expected.format(text)}>" for text in texts]
