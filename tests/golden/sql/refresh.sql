CREATE OR ALTER PROCEDURE [dbo].[RefreshV_Demand]
    @since datetime = NULL,
    @until datetime = NULL,
    @full bit = 0,
    @n_rows bigint = NULL OUTPUT
AS
BEGIN
-- Makes rows of [dbo].[V_DemandStored] anew from [dbo].[V_Demand], 3 days to a transaction: what is stored of them is
-- deleted, and what the view says now is inserted.
-- Without parameters it begins 2 days before the last stored row, so late may rows of the sources come or be
-- corrected, and 2 days more, as far as labels look ahead; where none is stored, it makes all. @since, @until: the
-- rows of that range, both ends included. @full = 1: all rows. Cut off, it is begun again with the same parameters.
-- A row of a source that comes, changes or goes moves the rows of its entity from 2 days before its stamp on: where it
-- is older than 2 days, name that range.
-- A change in [dbo].[F_items], which has no time, may move any row: @full = 1.
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;

DECLARE @locked int, @message nvarchar(2048), @first datetime, @last datetime, @from datetime, @next datetime, @to datetime;

SET @n_rows = 0;
IF @full = 1 SELECT @since = NULL, @until = NULL;
BEGIN TRY
    -- All rows of the view lie between the first and the last row of their source.
    SET @first = (SELECT MIN(o.[day]) FROM [dbo].[F_sales] AS o);
    SET @last = (SELECT MAX(o.[day]) FROM [dbo].[F_sales] AS o);
    IF @full = 0 AND @since IS NULL AND @until IS NULL
    BEGIN
        SET @since = (SELECT MAX(t.[day]) FROM [dbo].[V_DemandStored] AS t);
        IF @last IS NULL OR @last < @since SET @since = @last;
        SET @since = DATEADD(day, -2, DATEADD(day, -2, @since));
    END;

    DELETE FROM [dbo].[V_DemandStored]
    WHERE (@since IS NULL OR [day] >= @since) AND (@until IS NULL OR [day] <= @until)
        AND (@last IS NULL OR [day] < @first OR [day] > @last)
    OPTION (RECOMPILE);

    SET @from = CASE WHEN @since > @first THEN @since ELSE @first END;
    IF @until < @last SET @last = @until;
    WHILE @from <= @last
    BEGIN
        -- The function takes both ends of a range: its end is the last moment before the next chunk, 3 ms in a datetime.
        SET @next = DATEADD(day, 3, @from);
        SET @to = CASE WHEN @next > @last THEN @last ELSE DATEADD(millisecond, -3, @next) END;
        BEGIN TRANSACTION;
        EXEC @locked = sp_getapplock @Resource = N'pymlsql.refresh [dbo].[V_DemandStored]', @LockMode = N'Exclusive',
            @LockOwner = N'Transaction', @LockTimeout = 600000;
        IF @locked < 0
            THROW 51081, N'Another refresh of dbo.V_DemandStored has been running for long: try again when it is done.', 1;
        DELETE FROM [dbo].[V_DemandStored]
        WHERE [day] >= @from AND [day] <= @to
        OPTION (RECOMPILE);
        INSERT INTO [dbo].[V_DemandStored] (
            [shop],
            [item],
            [day],
            [quantitymean_3d],
            [pricemean_3d],
            [quantitysd_3d],
            [pricesd_3d],
            [quantitymin_3d],
            [pricemin_3d],
            [quantitymax_3d],
            [pricemax_3d],
            [quantitysum_3d],
            [pricesum_3d],
            [quantitycount_3d],
            [pricecount_3d],
            [quantitylast_3d],
            [pricelast_3d],
            [quantityslope_3d],
            [priceslope_3d],
            [quantitymean_4rows],
            [pricemean_4rows],
            [quantitysd_4rows],
            [pricesd_4rows],
            [quantitymin_4rows],
            [pricemin_4rows],
            [quantitymax_4rows],
            [pricemax_4rows],
            [quantitysum_4rows],
            [pricesum_4rows],
            [quantitycount_4rows],
            [pricecount_4rows],
            [quantitylast_4rows],
            [pricelast_4rows],
            [quantityslope_4rows],
            [priceslope_4rows],
            [quantitymean_whole_2d],
            [quantitysd_whole_2d],
            [quantitymin_whole_2d],
            [quantitymax_whole_2d],
            [quantitysum_whole_2d],
            [quantitycount_whole_2d],
            [quantitylast_whole_2d],
            [quantityslope_whole_2d],
            [quantitymean_whole_3rows],
            [quantitysd_whole_3rows],
            [quantitymin_whole_3rows],
            [quantitymax_whole_3rows],
            [quantitysum_whole_3rows],
            [quantitycount_whole_3rows],
            [quantitylast_whole_3rows],
            [quantityslope_whole_3rows],
            [amountmean_36h],
            [amountsd_36h],
            [amountmin_36h],
            [amountmax_36h],
            [amountsum_36h],
            [amountcount_36h],
            [amountlast_36h],
            [amountslope_36h],
            [amountsum_whole_24h],
            [amountlast_whole_24h],
            [quantity_lag_0],
            [note_lag_0],
            [quantity_lag_2],
            [note_lag_2],
            [quantity_lag_1d],
            [note_lag_1d],
            [n_in],
            [n_out],
            [n_visits],
            [since_in],
            [since_sale],
            [size],
            [grp_a],
            [grp_b'c],
            [share]]of],
            [note's end],
            [next_2d]
        )
        SELECT
            f.[shop],
            f.[item],
            f.[day],
            f.[quantitymean_3d],
            f.[pricemean_3d],
            f.[quantitysd_3d],
            f.[pricesd_3d],
            f.[quantitymin_3d],
            f.[pricemin_3d],
            f.[quantitymax_3d],
            f.[pricemax_3d],
            f.[quantitysum_3d],
            f.[pricesum_3d],
            f.[quantitycount_3d],
            f.[pricecount_3d],
            f.[quantitylast_3d],
            f.[pricelast_3d],
            f.[quantityslope_3d],
            f.[priceslope_3d],
            f.[quantitymean_4rows],
            f.[pricemean_4rows],
            f.[quantitysd_4rows],
            f.[pricesd_4rows],
            f.[quantitymin_4rows],
            f.[pricemin_4rows],
            f.[quantitymax_4rows],
            f.[pricemax_4rows],
            f.[quantitysum_4rows],
            f.[pricesum_4rows],
            f.[quantitycount_4rows],
            f.[pricecount_4rows],
            f.[quantitylast_4rows],
            f.[pricelast_4rows],
            f.[quantityslope_4rows],
            f.[priceslope_4rows],
            f.[quantitymean_whole_2d],
            f.[quantitysd_whole_2d],
            f.[quantitymin_whole_2d],
            f.[quantitymax_whole_2d],
            f.[quantitysum_whole_2d],
            f.[quantitycount_whole_2d],
            f.[quantitylast_whole_2d],
            f.[quantityslope_whole_2d],
            f.[quantitymean_whole_3rows],
            f.[quantitysd_whole_3rows],
            f.[quantitymin_whole_3rows],
            f.[quantitymax_whole_3rows],
            f.[quantitysum_whole_3rows],
            f.[quantitycount_whole_3rows],
            f.[quantitylast_whole_3rows],
            f.[quantityslope_whole_3rows],
            f.[amountmean_36h],
            f.[amountsd_36h],
            f.[amountmin_36h],
            f.[amountmax_36h],
            f.[amountsum_36h],
            f.[amountcount_36h],
            f.[amountlast_36h],
            f.[amountslope_36h],
            f.[amountsum_whole_24h],
            f.[amountlast_whole_24h],
            f.[quantity_lag_0],
            f.[note_lag_0],
            f.[quantity_lag_2],
            f.[note_lag_2],
            f.[quantity_lag_1d],
            f.[note_lag_1d],
            f.[n_in],
            f.[n_out],
            f.[n_visits],
            f.[since_in],
            f.[since_sale],
            f.[size],
            f.[grp_a],
            f.[grp_b'c],
            f.[share]]of],
            f.[note's end],
            f.[next_2d]
        FROM [dbo].[V_DemandFor] (NULL, NULL, @from, @to) AS f
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
        SET @message = CONCAT(N'dbo.V_Demand has two rows of one key, which its table cannot keep: find them in the sources, or declare primary_key = false. ',
            ERROR_MESSAGE());
        THROW 51082, @message, 1;
    END;
    THROW;
END CATCH;
END;
