CREATE OR ALTER PROCEDURE [odd].[Refreshro]]ws]
    @since datetime = NULL,
    @until datetime = NULL,
    @full bit = 0,
    @n_rows bigint = NULL OUTPUT
AS
BEGIN
-- Makes rows of [odd].[k]]ept] anew from [odd].[ro]]ws], 30 days to a transaction: what is stored of them is deleted,
-- and what the view says now is inserted.
-- Without parameters it begins 1 day before the last stored row, so late may rows of the sources come or be corrected;
-- where none is stored, it makes all. @since, @until: the rows of that range, both ends included. @full = 1: all rows.
-- Cut off, it is begun again with the same parameters.
-- A row of a source that comes, changes or goes moves the row of its entity and stamp: where it is older than 1 day,
-- name that range.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @locked int, @message nvarchar(2048), @first datetime, @last datetime, @from datetime, @next datetime, @to datetime;

SET @n_rows = 0;
IF @full = 1 SELECT @since = NULL, @until = NULL;
BEGIN TRY
    -- All rows of the view lie between the first and the last row of their source.
    SET @first = (SELECT MIN(o.[w'hen]) FROM [odd].[r'ows] AS o);
    SET @last = (SELECT MAX(o.[w'hen]) FROM [odd].[r'ows] AS o);
    IF @full = 0 AND @since IS NULL AND @until IS NULL
    BEGIN
        SET @since = (SELECT MAX(t.[ti]]me]) FROM [odd].[k]]ept] AS t);
        IF @last IS NULL OR @last < @since SET @since = @last;
        SET @since = DATEADD(day, -1, @since);
    END;

    DELETE FROM [odd].[k]]ept]
    WHERE (@since IS NULL OR [ti]]me] >= @since) AND (@until IS NULL OR [ti]]me] <= @until)
        AND (@last IS NULL OR [ti]]me] < @first OR [ti]]me] > @last)
    OPTION (RECOMPILE);

    SET @from = CASE WHEN @since > @first THEN @since ELSE @first END;
    IF @until < @last SET @last = @until;
    WHILE @from <= @last
    BEGIN
        -- The function takes both ends of a range: its end is the last moment before the next chunk, 3 ms in a datetime.
        SET @next = DATEADD(day, 30, @from);
        SET @to = CASE WHEN @next > @last THEN @last ELSE DATEADD(millisecond, -3, @next) END;
        BEGIN TRANSACTION;
        EXEC @locked = sp_getapplock @Resource = N'pymlsql.refresh [odd].[k]]ept]', @LockMode = N'Exclusive',
            @LockOwner = N'Transaction', @LockTimeout = 600000;
        IF @locked < 0
            THROW 51081, N'Another refresh of odd.[k]]ept] has been running for long: try again when it is done.', 1;
        DELETE FROM [odd].[k]]ept]
        WHERE [ti]]me] >= @from AND [ti]]me] <= @to
        OPTION (RECOMPILE);
        INSERT INTO [odd].[k]]ept] (
            [a'b],
            [ti]]me],
            [x]]],
            [la]]bel]
        )
        SELECT
            f.[a'b],
            f.[ti]]me],
            f.[x]]],
            f.[la]]bel]
        FROM [odd].[ro]]wsFor] (NULL, @from, @to) AS f
        OPTION (RECOMPILE);
        SET @n_rows += @@ROWCOUNT;
        COMMIT TRANSACTION;
        SET @from = @next;
    END;

    -- Labels that have become known since, however old their rows are.
    UPDATE t
    SET t.[la]]bel] = CAST(o.[y'y] AS int)
    FROM [odd].[k]]ept] AS t
    JOIN [odd].[r'ows] AS o ON o.[k]]ey] = t.[a'b] AND o.[w'hen] = t.[ti]]me]
    WHERE t.[la]]bel] IS NULL AND o.[y'y] IS NOT NULL;
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF ERROR_NUMBER() IN (2601, 2627)
    BEGIN
        SET @message = CONCAT(N'odd.[ro]]ws] has two rows of one key, which its table cannot keep: find them in the sources, or declare primary_key = false. ',
            ERROR_MESSAGE());
        THROW 51082, @message, 1;
    END;
    THROW;
END CATCH;
END;
