CREATE OR ALTER FUNCTION [dbo].[FeaturesAndLabelsSlots] (@machine_id int, @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- The rows of [dbo].[FeaturesAndLabels] (see there), keys only. NULL is no limit; both ends of the range belong to it.
SELECT s.[machineID], s.[datetime]
FROM (
    SELECT
        d.[machineID],
        DATEADD(hour, 3 * d.slot_no, CAST('17530101' AS datetime)) AS [datetime],
        (SELECT MIN(t.[datetime]) FROM [dbo].[PdM_telemetry] AS t
            WHERE t.[machineID] = d.[machineID]
                AND (@machine_id IS NULL OR t.[machineID] = @machine_id)) AS first_reading,
        (SELECT MAX(t.[datetime]) FROM [dbo].[PdM_telemetry] AS t) AS last_reading
    FROM (
        SELECT DISTINCT
            t.[machineID],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[datetime])) / 3 + 1 AS slot_no
        FROM [dbo].[PdM_telemetry] AS t
        WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id)
            AND (@since IS NULL OR t.[datetime] > DATEADD(hour, -3, @since))
            AND (@until IS NULL OR t.[datetime] <= @until)
    ) AS d
) AS s
WHERE s.first_reading <= DATEADD(hour, -24, s.[datetime])
    AND s.[datetime] <= s.last_reading
    AND (@since IS NULL OR s.[datetime] >= @since)
    AND (@until IS NULL OR s.[datetime] <= @until);
