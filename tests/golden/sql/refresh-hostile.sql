CREATE OR ALTER PROCEDURE [odd].[re]]fresh'd]
    @since datetime = NULL,
    @until datetime = NULL,
    @full bit = 0,
    @n_rows bigint = NULL OUTPUT
AS
BEGIN
-- Makes rows of [odd].[O'Brien's --]]table] anew from [odd].[O'Brien's view], 30 days to a transaction: what is stored
-- of them is deleted, and what the view says now is inserted.
-- Without parameters it begins 1 day before the last stored row, so late may rows of the sources come or be corrected,
-- and 12 hours more, as far as labels look ahead; where none is stored, it makes all. @since, @until: the rows of that
-- range, both ends included. @full = 1: all rows. Cut off, it is begun again with the same parameters.
-- A row of a source that comes, changes or goes moves the rows of its entity from 12 hours before its stamp on: where
-- it is older than 1 day, name that range.
-- A change in [odd].[assets], which has no time, may move any row: @full = 1.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @locked int, @message nvarchar(2048), @first datetime, @last datetime, @from datetime, @next datetime, @to datetime;

SET @n_rows = 0;
IF @full = 1 SELECT @since = NULL, @until = NULL;
BEGIN TRY
    -- All rows of the view lie between the first and the last row of their source.
    SET @first = (SELECT MIN(o.[time stamp]) FROM [odd].[read]]ings] AS o);
    SET @last = (SELECT MAX(o.[time stamp]) FROM [odd].[read]]ings] AS o);
    IF @full = 0 AND @since IS NULL AND @until IS NULL
    BEGIN
        SET @since = (SELECT MAX(t.[time stamp]) FROM [odd].[O'Brien's --]]table] AS t);
        IF @last IS NULL OR @last < @since SET @since = @last;
        SET @since = DATEADD(hour, -12, DATEADD(day, -1, @since));
    END;

    DELETE FROM [odd].[O'Brien's --]]table]
    WHERE (@since IS NULL OR [time stamp] >= @since) AND (@until IS NULL OR [time stamp] <= @until)
        AND (@last IS NULL OR [time stamp] < @first OR [time stamp] > @last)
    OPTION (RECOMPILE);

    SET @from = CASE WHEN @since > @first THEN @since ELSE @first END;
    IF @until < @last SET @last = @until;
    WHILE @from <= @last
    BEGIN
        -- The function takes both ends of a range: its end is the last moment before the next chunk, 3 ms in a datetime.
        SET @next = DATEADD(day, 30, @from);
        SET @to = CASE WHEN @next > @last THEN @last ELSE DATEADD(millisecond, -3, @next) END;
        BEGIN TRANSACTION;
        EXEC @locked = sp_getapplock @Resource = N'pymlsql.refresh [odd].[O''Brien''s --]]table]', @LockMode = N'Exclusive',
            @LockOwner = N'Transaction', @LockTimeout = 600000;
        IF @locked < 0
            THROW 51081, N'Another refresh of odd.[O''Brien''s --]]table] has been running for long: try again when it is done.', 1;
        DELETE FROM [odd].[O'Brien's --]]table]
        WHERE [time stamp] >= @from AND [time stamp] <= @to
        OPTION (RECOMPILE);
        INSERT INTO [odd].[O'Brien's --]]table] (
            [asset]]id],
            [time stamp],
            [score]]smean_6h],
            [selectmean_6h],
            [score]]ssd_6h],
            [selectsd_6h],
            [score]]smean_12h],
            [selectmean_12h],
            [score]]ssd_12h],
            [selectsd_12h],
            [score]]smean_48h],
            [selectmean_48h],
            [score]]ssd_48h],
            [selectsd_48h],
            [n]]1],
            [n 2],
            [alarms],
            [since O'Brien],
            [group],
            [built],
            [make_A'1],
            [make_B]]2],
            [it's]]it],
            [next]]end]
        )
        SELECT
            f.[asset]]id],
            f.[time stamp],
            f.[score]]smean_6h],
            f.[selectmean_6h],
            f.[score]]ssd_6h],
            f.[selectsd_6h],
            f.[score]]smean_12h],
            f.[selectmean_12h],
            f.[score]]ssd_12h],
            f.[selectsd_12h],
            f.[score]]smean_48h],
            f.[selectmean_48h],
            f.[score]]ssd_48h],
            f.[selectsd_48h],
            f.[n]]1],
            f.[n 2],
            f.[alarms],
            f.[since O'Brien],
            f.[group],
            f.[built],
            f.[make_A'1],
            f.[make_B]]2],
            f.[it's]]it],
            f.[next]]end]
        FROM [odd].[O'Brien's viewFor] (NULL, @from, @to) AS f
        OPTION (RECOMPILE);
        SET @n_rows += @@ROWCOUNT;
        COMMIT TRANSACTION;
        SET @from = @next;
    END;
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    IF ERROR_NUMBER() IN (2601, 2627)
    BEGIN
        SET @message = CONCAT(N'odd.[O''Brien''s view] has two rows of one key, which its table cannot keep: find them in the sources, or declare primary_key = false. ',
            ERROR_MESSAGE());
        THROW 51082, @message, 1;
    END;
    THROW;
END CATCH;
END;
