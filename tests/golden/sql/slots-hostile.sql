CREATE OR ALTER FUNCTION [odd].[O'Brien's viewSlots] (@asset nvarchar(40), @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- The rows of [odd].[O'Brien's view] (see there), keys only. NULL is no limit; both ends of the range belong to it.
SELECT s.[asset]]id], s.[time stamp]
FROM (
    SELECT
        d.[asset]]id],
        DATEADD(hour, 6 * d.slot_no, CAST('17530101' AS datetime)) AS [time stamp],
        (SELECT MIN(t.[time stamp]) FROM [odd].[read]]ings] AS t
            WHERE t.[asset]]id] = d.[asset]]id]
                AND (@asset IS NULL OR t.[asset]]id] = @asset)) AS first_reading,
        (SELECT MAX(t.[time stamp]) FROM [odd].[read]]ings] AS t) AS last_reading
    FROM (
        SELECT DISTINCT
            t.[asset]]id],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[time stamp])) / 6 + 1 AS slot_no
        FROM [odd].[read]]ings] AS t
        WHERE (@asset IS NULL OR t.[asset]]id] = @asset)
            AND (@since IS NULL OR t.[time stamp] > DATEADD(hour, -6, @since))
            AND (@until IS NULL OR t.[time stamp] <= @until)
    ) AS d
) AS s
WHERE s.first_reading <= DATEADD(hour, -48, s.[time stamp])
    AND s.[time stamp] <= s.last_reading
    AND (@since IS NULL OR s.[time stamp] >= @since)
    AND (@until IS NULL OR s.[time stamp] <= @until);
