"""TRY ... CATCH, THROW, RAISERROR and the functions that tell of errors."""

from __future__ import annotations

from tests.conformance.form import Page, batch, fails, page, query

DIVIDE = "BEGIN TRY DECLARE @x int = 1 / 0 END TRY BEGIN CATCH "
TOLD = "SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_MESSAGE()"

TRIES = page("t-sql/language-elements/try-catch-transact-sql",
    query(f"{DIVIDE} SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_LINE(), ERROR_MESSAGE(), "
          "ERROR_PROCEDURE() END CATCH", (8134, 16, 1, 1, "Divide by zero error encountered.", None)),
    query("BEGIN TRY\n\nDECLARE @x int = 1 / 0\nEND TRY\nBEGIN CATCH SELECT ERROR_LINE() END CATCH", (3,)),
    query("BEGIN TRY SELECT 1 END TRY BEGIN CATCH SELECT 2 END CATCH", (1,)),
    query("BEGIN TRY RAISERROR('note', 10, 1); SELECT 'on' END TRY BEGIN CATCH SELECT 'caught' END CATCH", ("on",)),
    query("BEGIN TRY BEGIN TRY THROW 50001, 'a', 1 END TRY BEGIN CATCH THROW 50002, 'b', 1 END CATCH END TRY "
          "BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", (50002,)),
    query(f"{DIVIDE} BEGIN TRY THROW 50001, 'a', 1 END TRY BEGIN CATCH END CATCH; SELECT ERROR_NUMBER() END CATCH",
          (8134,)),
    batch("after the error nothing of the block runs", "BEGIN TRY SELECT 1; DECLARE @x int = 1 / 0; SELECT 2 END TRY "
          "BEGIN CATCH SELECT 3 END CATCH; SELECT 4", [(1,)], [(3,)], [(4,)]),
    query("SELECT ERROR_NUMBER(), ERROR_MESSAGE()", (None, None)),
    query(f"{DIVIDE} END CATCH; SELECT ERROR_NUMBER()", (None,)),
    query("BEGIN TRY EXEC ('SELECT * FROM dbo.cf_no_such_table') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH",
          (208,)),
    query("BEGIN TRY EXEC ('SELEC 1') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", (2812,)),
    query("BEGIN TRY EXEC ('SELECT 1 +') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", (102,)),
    query(f"BEGIN TRY EXEC dbo.cf_no_such_procedure END TRY BEGIN CATCH {TOLD} END CATCH",
          (2812, 16, 62, "Could not find stored procedure 'dbo.cf_no_such_procedure'.")),
    query("BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() END CATCH",
          (245, "Conversion failed when converting the varchar value 'x' to data type int.")),
    query("DECLARE @n int; BEGIN TRY SET @n = 1 / 0 END TRY BEGIN CATCH SET @n = ERROR_NUMBER() END CATCH; SELECT @n",
          (8134,)),
    fails("SELECT * FROM dbo.cf_no_such_table", 208),
    fails("BEGIN TRY SELECT 1 END TRY SELECT 2", 156),
)  # fmt: skip

THROWS = page("t-sql/language-elements/throw-transact-sql",
    query(f"BEGIN TRY THROW 51000, 'The record does not exist.', 1 END TRY BEGIN CATCH {TOLD} END CATCH",
          (51000, 16, 1, "The record does not exist.")),
    query(f"BEGIN TRY THROW 50001, N'my words', 7 END TRY BEGIN CATCH {TOLD} END CATCH", (50001, 16, 7, "my words")),
    query(f"BEGIN TRY THROW 50000, '100 %s', 255 END TRY BEGIN CATCH {TOLD} END CATCH", (50000, 16, 255, "100 %s")),
    query("DECLARE @n int = 60000, @m nvarchar(20) = N'by variable', @s int = 3; BEGIN TRY THROW @n, @m, @s END TRY "
          f"BEGIN CATCH {TOLD} END CATCH", (60000, 16, 3, "by variable")),
    fails("THROW 51234, N'my words', 1", 51234),
    fails("THROW 51234, N'my words', 1; SELECT 1", 51234),
    fails(f"{DIVIDE} THROW END CATCH", 8134),
    fails(f"{DIVIDE} ; THROW; END CATCH", 8134),
    fails("THROW 49999, 'x', 1", 35100),
    fails("THROW", 10704),
    fails("THROW 50000 + 1, 'x', 1", 102),
    batch("it ends the batch", "BEGIN TRY EXEC ('THROW 50001, ''x'', 1; SELECT 1') END TRY BEGIN CATCH SELECT 2 END "
          "CATCH",
          [(2,)]),
)  # fmt: skip


def _raised(arguments: str, *told: object) -> tuple[str, tuple[object, ...]]:
    return f"BEGIN TRY RAISERROR({arguments}) END TRY BEGIN CATCH {TOLD} END CATCH", told


RAISES = page("t-sql/language-elements/raiserror-transact-sql",
    *(query(text, told) for text, told in (
        _raised("'words', 16, 1", 50000, 16, 1, "words"),
        _raised("'Error raised in TRY block.', 16, 1", 50000, 16, 1, "Error raised in TRY block."),
        _raised("'%s has %d', 16, 3, 'x', 5", 50000, 16, 3, "x has 5"),
        _raised("N'This is message %s %d.', 11, 1, N'number', 5", 50000, 11, 1, "This is message number 5."),
        _raised("N'<<%*.*s>>', 11, 1, 7, 3, N'abcde'", 50000, 11, 1, "<<    abc>>"),
        _raised("N'<<%7.3s>>', 11, 1, N'abcde'", 50000, 11, 1, "<<    abc>>"),
        _raised("N'<<%-7.3s>>', 11, 1, N'abcde'", 50000, 11, 1, "<<abc    >>"),
        _raised("'%d%%', 16, 1, 50", 50000, 16, 1, "50%"),
        _raised("'%05d|%+d|%i', 16, 1, 42, 7, -3", 50000, 16, 1, "00042|+7|-3"),
        _raised("'%x %X %o', 16, 1, 255, 255, 8", 50000, 16, 1, "ff FF 10"),
        _raised("'%s and %s', 16, 1, 'one'", 50000, 16, 1, "one and (null)"),
        _raised("'state', 16, -1", 50000, 16, 1, "state"),
        _raised("15600, -1, -1, 'mysp_CreateCustomer'", 15600, 15, 1,
                "An invalid parameter or option was specified for procedure 'mysp_CreateCustomer'."),
    )),
    query(f"DECLARE @m nvarchar(50) = N'This is message %s %d.'; BEGIN TRY RAISERROR (@m, 12, 1, N'number', 5) END TRY "
          f"BEGIN CATCH {TOLD} END CATCH", (50000, 12, 1, "This is message number 5.")),
    batch("it does not end the batch", "BEGIN TRY EXEC ('RAISERROR(''x'', 10, 1); SELECT 1') END TRY BEGIN CATCH END "
          "CATCH",
          [(1,)]),
    query("RAISERROR('x', 10, 1); SELECT @@ERROR", (0,)),
    query("RAISERROR('x', 10, 1) WITH SETERROR; SELECT @@ERROR", (50000,)),
    query("RAISERROR('x', 0, 1) WITH NOWAIT; SELECT 1", (1,)),
    fails("RAISERROR('words', 16, 1)", 50000),
    fails("RAISERROR('words', 11, 1)", 50000),
    fails("RAISERROR('a' + 'b', 16, 1)", 102),
    fails("RAISERROR('%d', 16, 1, 'x')", 2786),
    fails("RAISERROR('%z', 16, 1)", 2787),
    fails("RAISERROR('%s', 16, 1, 1.5)", 2748),
    fails("RAISERROR(50001, 16, 1)", 18054),
    fails("RAISERROR(12999, 16, 1)", 2732),
    fails("RAISERROR('words', 19, 1)", 2754),
)  # fmt: skip

LAST_ERROR = page("t-sql/functions/error-transact-sql",
    query("SELECT @@ERROR", (0,)),
    batch("it is reset by each statement", f"{DIVIDE} SELECT @@ERROR; SELECT @@ERROR END CATCH", [(8134,)], [(0,)]),
    query("DECLARE @e int; BEGIN TRY SET @e = 1 / 0 END TRY BEGIN CATCH SET @e = @@ERROR END CATCH; SELECT @e",
          (8134,)),
)  # fmt: skip

PAGES: list[Page] = [TRIES, THROWS, RAISES, LAST_ERROR]
