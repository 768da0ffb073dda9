CREATE OR ALTER PROCEDURE [dbo].[PurgeCallPredictions]
    @days int = 730,
    @batch_rows int = 10000,
    @dry_run bit = 0
AS
BEGIN
-- Runs of [dbo].[ScoreCalls] go that ended more than @days days ago, or were cut off then, and predictions that have no run any
-- more. A run that is still under way stays. @batch_rows rows are deleted at a time, each time in a transaction of its
-- own. One row says what went, or with @dry_run = 1 what would go. What is gone counts as not scored: whoever then asks
-- for @unscored = 1 gives a @since, or all old rows that the view still has are scored again.
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @before datetime, @run_id bigint = 0, @status nvarchar(20), @locked int, @lock nvarchar(255), @n bigint,
    @n_predictions bigint = 0, @n_runs bigint = 0, @n_orphans bigint = 0, @n_under_way bigint = 0;
IF @days IS NULL OR @days NOT BETWEEN 1 AND 36500
    THROW 51007, N'@days says how many days are kept: 1 to 36500.', 1;
IF @batch_rows IS NULL OR @batch_rows < 1
    THROW 51007, N'@batch_rows says how many rows are deleted at a time: at least 1.', 1;
IF @@TRANCOUNT > 0
    THROW 51007, N'Call it outside a transaction (in autocommit mode): inside one, nothing would be deleted in small batches.', 1;
SET @before = DATEADD(day, -@days, GETUTCDATE());

WHILE @run_id IS NOT NULL
BEGIN
    SET @run_id = (SELECT MIN(run_id) FROM ml.scoring_runs
        WHERE procedure_name = N'dbo.ScoreCalls' AND run_id > @run_id AND COALESCE(finished_at, started_at) < @before);
    IF @run_id IS NULL BREAK;
    SELECT @status = status, @lock = NULL FROM ml.scoring_runs WHERE run_id = @run_id;
    IF @status = N'running'
    BEGIN
        -- The lock of a run ends with its session: who gets it has found one that was cut off.
        SET @lock = CONCAT(N'pymlsql.run ', @run_id);
        EXEC @locked = sp_getapplock @Resource = @lock, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0;
        IF @locked < 0
        BEGIN
            SET @n_under_way += 1;
            CONTINUE;
        END;
    END;
    IF @dry_run = 1
        SET @n_predictions += (SELECT COUNT_BIG(*) FROM [dbo].[CallPredictions] WHERE run_id = @run_id);
    ELSE
    BEGIN
        SET @n = @batch_rows;
        WHILE @n = @batch_rows
        BEGIN
            DELETE TOP (@batch_rows) FROM [dbo].[CallPredictions] WHERE run_id = @run_id;
            SET @n = @@ROWCOUNT;
            SET @n_predictions += @n;
        END;
        DELETE FROM ml.scoring_runs WHERE run_id = @run_id;
    END;
    SET @n_runs += 1;
    IF @lock IS NOT NULL EXEC sp_releaseapplock @Resource = @lock, @LockOwner = N'Session';
END;

IF @dry_run = 1
    SET @n_orphans = (SELECT COUNT_BIG(*) FROM [dbo].[CallPredictions] AS p
        WHERE p.scored_at < @before AND NOT EXISTS (SELECT 1 FROM ml.scoring_runs AS r WHERE r.run_id = p.run_id));
ELSE
BEGIN
    SET @n = @batch_rows;
    WHILE @n = @batch_rows
    BEGIN
        DELETE TOP (@batch_rows) p
        FROM [dbo].[CallPredictions] AS p
        WHERE p.scored_at < @before AND NOT EXISTS (SELECT 1 FROM ml.scoring_runs AS r WHERE r.run_id = p.run_id);
        SET @n = @@ROWCOUNT;
        SET @n_orphans += @n;
    END;
END;
SELECT @n_predictions AS n_predictions, @n_runs AS n_runs, @n_orphans AS n_orphans, @n_under_way AS n_under_way,
    @before AS before;
END;
