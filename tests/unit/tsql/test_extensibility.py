"""CREATE, ALTER and DROP EXTERNAL LANGUAGE and LIBRARY: their forms, and what is refused when a batch is parsed."""

from __future__ import annotations

import pytest

from pymlsql.embedded.tsql.extensibility_nodes import (
    AlterLanguage,
    AlterLibrary,
    CreateLanguage,
    CreateLibrary,
    DropLanguage,
    DropLibrary,
    FileSpec,
)
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.slices import Text

FILE = "(CONTENT = 0xAB, FILE_NAME = 'a.so')"
SPEC = FileSpec(Text("0xAB", 1), file_name="a.so")
OTHER = "(CONTENT = @x + 0x01, PLATFORM = WINDOWS, ENVIRONMENT_VARIABLES = N'{}', PARAMETERS = 'p', FILE_NAME = 'a')"
OTHER_SPEC = FileSpec(Text("@x + 0x01", 1), "WINDOWS", "a", "p", "{}")

WITH = "WITH (LANGUAGE = 'Python')"
BITS = FileSpec(Text("0xAB", 1))

FORMS = [
    (f"CREATE EXTERNAL LANGUAGE py FROM {FILE}", CreateLanguage(1, "py", "", (SPEC,))),
    (f"CREATE EXTERNAL LANGUAGE [a b] AUTHORIZATION dbo FROM {FILE}, {OTHER};",
     CreateLanguage(1, "a b", "dbo", (SPEC, OTHER_SPEC))),
    (f"ALTER EXTERNAL LANGUAGE py SET {FILE}", AlterLanguage(1, "py", "", "SET", SPEC)),
    (f"ALTER EXTERNAL LANGUAGE py AUTHORIZATION dbo ADD {OTHER}", AlterLanguage(1, "py", "dbo", "ADD", OTHER_SPEC)),
    ("ALTER EXTERNAL LANGUAGE py REMOVE PLATFORM WINDOWS",
     AlterLanguage(1, "py", "", "REMOVE", FileSpec(None, "WINDOWS"))),
    ("DROP EXTERNAL LANGUAGE py", DropLanguage(1, "py")),
    (f"CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB) {WITH}", CreateLibrary(1, "a", "", (BITS,), "Python")),
    (f"CREATE EXTERNAL LIBRARY [a-b] AUTHORIZATION o FROM (CONTENT = 0xAB), (CONTENT = @x, PLATFORM = WINDOWS) {WITH}",
     CreateLibrary(1, "a-b", "o", (BITS, FileSpec(Text("@x", 1), "WINDOWS")), "Python")),
    (f"ALTER EXTERNAL LIBRARY a SET (CONTENT = 0xAB) {WITH}", AlterLibrary(1, "a", "", "SET", BITS, "Python")),
    (f"ALTER EXTERNAL LIBRARY a AUTHORIZATION [x y] ADD (CONTENT = 0xAB, PLATFORM = LINUX) {WITH}",
     AlterLibrary(1, "a", "x y", "ADD", BITS, "Python")),
    ("DROP EXTERNAL LIBRARY a", DropLibrary(1, "a", "")),
    ("DROP EXTERNAL LIBRARY a AUTHORIZATION dbo;", DropLibrary(1, "a", "dbo")),
]  # fmt: skip

REFUSED = [
    (f"CREATE EXTERNAL LANGUAGE py FROM {FILE}, {FILE}", 39112),
    (f"CREATE EXTERNAL LANGUAGE py FROM {FILE}, {OTHER}, {FILE}", 39113),
    ("CREATE EXTERNAL LANGUAGE py", 102),
    ("CREATE EXTERNAL LANGUAGE py FROM (FILE_NAME = 'a')", 102),
    ("CREATE EXTERNAL LANGUAGE py FROM (CONTENT = 0xAB, FILE_NAME = @x)", 102),
    ("CREATE EXTERNAL LANGUAGE py FROM (CONTENT = 0xAB, PLATFORM = MACOS)", 102),
    ("CREATE EXTERNAL LANGUAGE py FROM (CONTENT = 0xAB, PLATFORM = LINUX, PLATFORM = LINUX)", 102),
    ("CREATE EXTERNAL LANGUAGE py FROM (CONTENT = 0xAB, COLOUR = 'x')", 102),
    ("CREATE OR ALTER EXTERNAL LANGUAGE py FROM (CONTENT = 0xAB)", 156),
    (f"ALTER EXTERNAL LANGUAGE py REMOVE {FILE}", 40510),
    ("DROP EXTERNAL LANGUAGE IF EXISTS py", 156),
    (f"CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB), (CONTENT = 0xAB) {WITH}", 39114),
    (f"CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB, FILE_NAME = 'a') {WITH}", 102),
    (f"CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB, PLATFORM = 'LINUX') {WITH}", 102),
    ("CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB)", 102),
    ("CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB) WITH (LANGUAGE = Python)", 102),
    ("CREATE EXTERNAL LIBRARY a FROM (CONTENT = 0xAB) WITH (LANGUAGE = 'a', LANGUAGE = 'b')", 102),
    ("CREATE EXTERNAL LIBRARY a FROM (CONTENT = 'a') WITH (LANGUAGE = 'Python', DATA_SOURCE = blobs)", 40510),
    ("CREATE EXTERNAL LIBRARY a FROM (CONTENT = 'a') WITH (DATA_SOURCE = blobs, LANGUAGE = 'Python')", 40510),
    ("ALTER EXTERNAL LIBRARY a SET (CONTENT = 0xAB)", 102),
    (f"ALTER EXTERNAL LIBRARY a SET (CONTENT = NONE) {WITH}", 40510),
    ("ALTER EXTERNAL LIBRARY a REMOVE PLATFORM LINUX", 40510),
    ("DROP EXTERNAL LIBRARY IF EXISTS a", 156),
    ("CREATE EXTERNAL TABLE t (a int)", 40510),
    ("DROP EXTERNAL MODEL m", 40510),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), FORMS, ids=[text for text, _ in FORMS])
def test_form_is_read(text: str, node: object) -> None:
    batch = parse_batch(f"{text} SELECT 1" if not text.endswith(";") else text)
    assert batch.statements[0] == node


@pytest.mark.parametrize(("text", "number"), REFUSED, ids=[text for text, _ in REFUSED])
def test_other_form_is_refused(text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        parse_batch(text)
    assert caught.value.number == number
