"""The order of strings by SQL_Latin1_General_CP1_CI_AS, of nvarchar by the weights of Windows, of varchar by 52."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests.servers import Target

WIDE = [
    " a", "!", "(a", "_x", "~", "+1", "<", "0", "1", "9", "a", "'A", "A b", "ab", "a-c", "acb", "cafe", "CAFÉ", "cafés",
    "cant", "can't", "co_op", "coat", "comb", "coop", "co-op", "coop-", "cork", "naive", "naïve", "résumé", "resumes",
    "went", "were", "we're", "z", "zé",
]  # fmt: skip
"""In their order as nvarchar."""
NARROW = [
    " a", "'A", "(a", "+1", "<", "_x", "~", "€", "×", "0", "1", "9", "a", "A b", "a-c", "ab", "cafe", "CAFÉ", "cafés",
    "can't", "cant", "co-op", "co_op", "coat", "comb", "coop", "coop-", "z", "ðe", "þ",
]  # fmt: skip
"""In their order as varchar."""


@pytest.fixture
def cursor(embedded: Target) -> Iterator[Any]:
    connection = pyodbc.connect(embedded.odbc, autocommit=True, timeout=20)
    with connection.cursor() as opened:
        yield opened
    connection.close()


@pytest.mark.parametrize(("type_", "words"), [("nvarchar(20)", WIDE), ("varchar(20)", NARROW)])
def test_words_come_in_the_order_of_the_collation(cursor: Any, type_: str, words: list[str]) -> None:
    cursor.execute(f"CREATE TABLE #words (place int, word {type_})")
    places = {word: place for place, word in enumerate(words)}
    for word in sorted(words, key=lambda one: (len(one), one)):
        cursor.execute("INSERT #words VALUES (?, ?)", places[word], word)
    assert [row[0] for row in cursor.execute("SELECT word FROM #words ORDER BY word")] == words
    assert [row[0] for row in cursor.execute("SELECT word FROM #words ORDER BY word DESC")] == words[::-1]
    found = cursor.execute("SELECT place, RANK() OVER (ORDER BY word), DENSE_RANK() OVER (ORDER BY word) FROM #words")
    assert {tuple(row) for row in found} == {(place, place + 1, place + 1) for place in range(len(words))}
    assert tuple(cursor.execute("SELECT MIN(word), MAX(word) FROM #words").fetchone()) == (words[0], words[-1])
    wrong = cursor.execute("SELECT a.word, b.word FROM #words AS a JOIN #words AS b ON a.place < b.place "
                           "WHERE NOT (a.word < b.word AND b.word > a.word AND a.word <= b.word AND b.word >= a.word)")
    assert wrong.fetchall() == []
    middle = words[5:9]
    found = cursor.execute(f"SELECT word FROM #words WHERE word BETWEEN CAST(? AS {type_}) AND CAST(? AS {type_}) "
                           "ORDER BY word", middle[0], middle[-1])  # fmt: skip
    assert [row[0] for row in found] == middle


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("'a-c' < 'ab'", True), ("N'a-c' > N'ab'", True), ("'a-c' < N'ab'", False), ("N'a-c' > 'ab'", True),
        ("'B' > 'a'", True), ("'a' < 'A'", False), ("'a ' <= 'A'", True), ("N'é' < N'f'", True), ("'é' < 'f'", True),
        ("'Z' < 'a' COLLATE Latin1_General_BIN", True), ("'Z' < 'a'", False),
        ("N'ß' > N'sr' AND N'ß' < N'st'", True), ("'10' < '9'", True), ("'x' BETWEEN 'a-z' AND 'z'", True),
    ],
)  # fmt: skip
def test_comparison_follows_the_same_order(cursor: Any, condition: str, truth: bool) -> None:
    found = cursor.execute(f"SELECT CASE WHEN {condition} THEN 1 ELSE 0 END").fetchval()
    assert found == int(truth)
    # The same over columns: constants are compared when the text is compiled.
    cursor.execute("CREATE TABLE #one (one int); INSERT #one VALUES (1)")
    assert cursor.execute(f"SELECT COUNT(*) FROM #one WHERE {condition}").fetchval() == int(truth)


def test_order_agrees_with_equality(cursor: Any) -> None:
    texts = ["a", "A", "á", "Á", "a-", "-a", "a'", "æ", "ae", "²", "2", "ß", "ss", "a ", "Ж", "ж", "🙂", "a\tb", "\ta"]
    cursor.execute("CREATE TABLE #t (n nvarchar(9))")
    cursor.executemany("INSERT #t VALUES (?)", [(text,) for text in texts])
    odd = cursor.execute("SELECT a.n, b.n FROM #t AS a CROSS JOIN #t AS b WHERE (a.n = b.n AND (a.n < b.n OR "
                         "a.n > b.n)) OR (a.n <> b.n AND a.n <= b.n AND a.n >= b.n) OR NOT (a.n < b.n OR a.n >= b.n)")
    assert odd.fetchall() == []
    ranks = cursor.execute("SELECT COUNT(DISTINCT n), (SELECT MAX(r) FROM (SELECT DENSE_RANK() OVER (ORDER BY n) AS r "
                           "FROM #t) AS q) FROM #t").fetchone()  # fmt: skip
    assert ranks[0] == ranks[1]
