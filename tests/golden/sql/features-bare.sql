CREATE OR ALTER FUNCTION [dbo].[BareFor] (@machine_id int, @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- One row per [machineID] and slot of 3 hours; [datetime] is the end of the slot. NULL is no limit; both ends of the
-- range belong to it. What carries a stamp up to and including [datetime] is known then, what is later is not.
WITH readings AS (
    -- Rows of the range and of the longest window before it. One at the very end of a slot belongs to it: hence the 3 ms,
    -- less than one step of datetime. Slots count from datetime's first day, so none is negative.
    SELECT
        t.[machineID],
        DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[datetime])) / 3 + 1 AS slot_no,
        CAST(t.[volt] AS float) AS [volt],
        CAST(t.[rotate] AS float) AS [rotate],
        CAST(t.[pressure] AS float) AS [pressure],
        CAST(t.[vibration] AS float) AS [vibration]
    FROM [dbo].[PdM_telemetry] AS t
    WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id)
        AND (@since IS NULL OR t.[datetime] > DATEADD(hour, -24, @since))
        AND (@until IS NULL OR t.[datetime] <= @until)
),
telemetry_3h AS (
    SELECT
        r.[machineID],
        r.slot_no,
        AVG(r.[volt]) AS [voltmean_3h],
        AVG(r.[rotate]) AS [rotatemean_3h],
        AVG(r.[pressure]) AS [pressuremean_3h],
        AVG(r.[vibration]) AS [vibrationmean_3h],
        STDEV(r.[volt]) AS [voltsd_3h],
        STDEV(r.[rotate]) AS [rotatesd_3h],
        STDEV(r.[pressure]) AS [pressuresd_3h],
        STDEV(r.[vibration]) AS [vibrationsd_3h]
    FROM readings AS r
    GROUP BY r.[machineID], r.slot_no
),
telemetry_24h AS (
    -- A reading counts in the 8 windows of 24 hours that hold it: those that end with its slot and the 7 after it.
    SELECT
        r.[machineID],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[volt]) AS [voltmean_24h],
        AVG(r.[rotate]) AS [rotatemean_24h],
        AVG(r.[pressure]) AS [pressuremean_24h],
        AVG(r.[vibration]) AS [vibrationmean_24h],
        STDEV(r.[volt]) AS [voltsd_24h],
        STDEV(r.[rotate]) AS [rotatesd_24h],
        STDEV(r.[pressure]) AS [pressuresd_24h],
        STDEV(r.[vibration]) AS [vibrationsd_24h]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7)) AS ahead (n)
    GROUP BY r.[machineID], r.slot_no + ahead.n
),
labels AS (
    -- Events of the 24 hours after the slot; nth = 1 is the first of them, by name where several share its time.
    SELECT
        e.[machineID],
        e.slot_no - back.n AS slot_no,
        e.[failure],
        ROW_NUMBER() OVER (
            PARTITION BY e.[machineID], e.slot_no - back.n
            ORDER BY e.[datetime], e.[failure]
        ) AS nth
    FROM (
        SELECT
            t.[machineID],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[datetime])) / 3 + 1 AS slot_no,
            t.[datetime],
            t.[failure]
        FROM [dbo].[PdM_failures] AS t
        WHERE (@machine_id IS NULL OR t.[machineID] = @machine_id)
            AND (@since IS NULL OR t.[datetime] > @since)
            AND (@until IS NULL OR t.[datetime] <= DATEADD(hour, 24, @until))
    ) AS e
    CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) AS back (n)
),
slots AS (
    SELECT
        w.[machineID],
        w.slot_no,
        DATEADD(hour, 3 * w.slot_no, CAST('17530101' AS datetime)) AS [datetime],
        (SELECT MIN(t.[datetime]) FROM [dbo].[PdM_telemetry] AS t
            WHERE t.[machineID] = w.[machineID]
                AND (@machine_id IS NULL OR t.[machineID] = @machine_id)) AS first_reading,
        (SELECT MAX(t.[datetime]) FROM [dbo].[PdM_telemetry] AS t) AS last_reading
    FROM telemetry_3h AS w
)
SELECT
    s.[machineID],
    s.[datetime],
    telemetry_3h.[voltmean_3h],
    telemetry_3h.[rotatemean_3h],
    telemetry_3h.[pressuremean_3h],
    telemetry_3h.[vibrationmean_3h],
    telemetry_3h.[voltsd_3h],
    telemetry_3h.[rotatesd_3h],
    telemetry_3h.[pressuresd_3h],
    telemetry_3h.[vibrationsd_3h],
    telemetry_24h.[voltmean_24h],
    telemetry_24h.[rotatemean_24h],
    telemetry_24h.[pressuremean_24h],
    telemetry_24h.[vibrationmean_24h],
    telemetry_24h.[voltsd_24h],
    telemetry_24h.[rotatesd_24h],
    telemetry_24h.[pressuresd_24h],
    telemetry_24h.[vibrationsd_24h],
    -- Nobody knows the label of a row while [dbo].[PdM_telemetry] has not reached the end of its time.
    CASE
        WHEN DATEADD(hour, 24, s.[datetime]) > s.last_reading THEN NULL
        ELSE CAST(COALESCE(labels.[failure], N'none') AS nvarchar(20))
    END AS [failure]
FROM slots AS s
JOIN telemetry_3h
    ON telemetry_3h.[machineID] = s.[machineID] AND telemetry_3h.slot_no = s.slot_no
JOIN telemetry_24h
    ON telemetry_24h.[machineID] = s.[machineID] AND telemetry_24h.slot_no = s.slot_no
LEFT JOIN labels
    ON labels.[machineID] = s.[machineID] AND labels.slot_no = s.slot_no AND labels.nth = 1
-- A row needs a whole history of 24 hours behind it, and a slot that has ended: some reading is as late as its end.
WHERE s.first_reading <= DATEADD(hour, -24, s.[datetime])
    AND s.[datetime] <= s.last_reading
    AND (@since IS NULL OR s.[datetime] >= @since)
    AND (@until IS NULL OR s.[datetime] <= @until);
