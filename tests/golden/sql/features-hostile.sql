CREATE OR ALTER FUNCTION [odd].[O'Brien's viewFor] (@asset nvarchar(40), @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- One row per [asset]]id] and slot of 6 hours; [time stamp] is the end of the slot. NULL is no limit; both ends of the
-- range belong to it. What carries a stamp up to and including [time stamp] is known then, what is later is not.
WITH readings AS (
    -- Rows of the range and of the longest window before it. One at the very end of a slot belongs to it: hence the 3 ms,
    -- less than one step of datetime. Slots count from datetime's first day, so none is negative.
    SELECT
        t.[asset]]id],
        DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[time stamp])) / 6 + 1 AS slot_no,
        CAST(t.[score]]s] AS float) AS [score]]s],
        CAST(t.[select] AS float) AS [select]
    FROM [odd].[read]]ings] AS t
    WHERE (@asset IS NULL OR t.[asset]]id] = @asset)
        AND (@since IS NULL OR t.[time stamp] > DATEADD(hour, -48, @since))
        AND (@until IS NULL OR t.[time stamp] <= @until)
),
readings_6h AS (
    SELECT
        r.[asset]]id],
        r.slot_no,
        AVG(r.[score]]s]) AS [score]]smean_6h],
        AVG(r.[select]) AS [selectmean_6h],
        STDEV(r.[score]]s]) AS [score]]ssd_6h],
        STDEV(r.[select]) AS [selectsd_6h]
    FROM readings AS r
    GROUP BY r.[asset]]id], r.slot_no
),
readings_12h AS (
    -- A reading counts in the 2 windows of 12 hours that hold it: those that end with its slot and the 1 after it.
    SELECT
        r.[asset]]id],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[score]]s]) AS [score]]smean_12h],
        AVG(r.[select]) AS [selectmean_12h],
        STDEV(r.[score]]s]) AS [score]]ssd_12h],
        STDEV(r.[select]) AS [selectsd_12h]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY r.[asset]]id], r.slot_no + ahead.n
),
readings_48h AS (
    -- A reading counts in the 8 windows of 48 hours that hold it: those that end with its slot and the 7 after it.
    SELECT
        r.[asset]]id],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[score]]s]) AS [score]]smean_48h],
        AVG(r.[select]) AS [selectmean_48h],
        STDEV(r.[score]]s]) AS [score]]ssd_48h],
        STDEV(r.[select]) AS [selectsd_48h]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7)) AS ahead (n)
    GROUP BY r.[asset]]id], r.slot_no + ahead.n
),
counts_1 AS (
    -- Events of the last 12 hours, each in the windows that hold it.
    SELECT
        e.[asset]]id],
        e.slot_no + ahead.n AS slot_no,
        SUM(CASE WHEN e.[kind'] = N'it''s' THEN 1 ELSE 0 END) AS [n]]1],
        SUM(CASE WHEN e.[kind'] = N']' THEN 1 ELSE 0 END) AS [n 2]
    FROM (
        SELECT
            t.[asset]]id],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[time stamp])) / 6 + 1 AS slot_no,
            t.[kind']
        FROM [odd].[log] AS t
        WHERE (@asset IS NULL OR t.[asset]]id] = @asset)
            AND (@since IS NULL OR t.[time stamp] > DATEADD(hour, -12, @since))
            AND (@until IS NULL OR t.[time stamp] <= @until)
    ) AS e
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY e.[asset]]id], e.slot_no + ahead.n
),
counts_2 AS (
    -- Events of the last 24 hours, each in the windows that hold it.
    SELECT
        e.[asset]]id],
        e.slot_no + ahead.n AS slot_no,
        SUM(CASE WHEN e.[code] = N'A' THEN 1 ELSE 0 END) AS [alarms]
    FROM (
        SELECT
            t.[asset]]id],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[time stamp])) / 6 + 1 AS slot_no,
            t.[code]
        FROM [odd].[alarms] AS t
        WHERE (@asset IS NULL OR t.[asset]]id] = @asset)
            AND (@since IS NULL OR t.[time stamp] > DATEADD(hour, -24, @since))
            AND (@until IS NULL OR t.[time stamp] <= @until)
    ) AS e
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS ahead (n)
    GROUP BY e.[asset]]id], e.slot_no + ahead.n
),
labels AS (
    -- Events of the 12 hours after the slot; nth = 1 is the first of them, by name where several share its time.
    SELECT
        e.[asset]]id],
        e.slot_no - back.n AS slot_no,
        e.[end],
        ROW_NUMBER() OVER (
            PARTITION BY e.[asset]]id], e.slot_no - back.n
            ORDER BY e.[time stamp], e.[end]
        ) AS nth
    FROM (
        SELECT
            t.[asset]]id],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, t.[time stamp])) / 6 + 1 AS slot_no,
            t.[time stamp],
            t.[end]
        FROM [odd].[ends] AS t
        WHERE (@asset IS NULL OR t.[asset]]id] = @asset)
            AND (@since IS NULL OR t.[time stamp] > @since)
            AND (@until IS NULL OR t.[time stamp] <= DATEADD(hour, 12, @until))
    ) AS e
    CROSS JOIN (VALUES (1), (2)) AS back (n)
),
slots AS (
    SELECT
        w.[asset]]id],
        w.slot_no,
        DATEADD(hour, 6 * w.slot_no, CAST('17530101' AS datetime)) AS [time stamp],
        (SELECT MIN(t.[time stamp]) FROM [odd].[read]]ings] AS t
            WHERE t.[asset]]id] = w.[asset]]id]
                AND (@asset IS NULL OR t.[asset]]id] = @asset)) AS first_reading,
        (SELECT MAX(t.[time stamp]) FROM [odd].[read]]ings] AS t) AS last_reading
    FROM readings_6h AS w
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
    CAST(CASE WHEN f.[n]]1] > 1 OR f.[n 2] IS NULL THEN N'it''s' ELSE f.[group] + N' --' END AS nvarchar(20)) AS [it's]]it],
    f.[next]]end]
FROM (
-- What the expressions are made of.
SELECT
    s.[asset]]id],
    s.[time stamp],
    readings_6h.[score]]smean_6h],
    readings_6h.[selectmean_6h],
    readings_6h.[score]]ssd_6h],
    readings_6h.[selectsd_6h],
    readings_12h.[score]]smean_12h],
    readings_12h.[selectmean_12h],
    readings_12h.[score]]ssd_12h],
    readings_12h.[selectsd_12h],
    readings_48h.[score]]smean_48h],
    readings_48h.[selectmean_48h],
    readings_48h.[score]]ssd_48h],
    readings_48h.[selectsd_48h],
    COALESCE(counts_1.[n]]1], 0) AS [n]]1],
    COALESCE(counts_1.[n 2], 0) AS [n 2],
    COALESCE(counts_2.[alarms], 0) AS [alarms],
    DATEDIFF_BIG(millisecond, since_1.[since O'Brien], s.[time stamp]) / 86400000E0 AS [since O'Brien],
    a.[group],
    a.[built],
    CASE WHEN a.[make] = N'A''1' THEN 1 WHEN a.[asset]]id] IS NOT NULL THEN 0 END AS [make_A'1],
    CASE WHEN a.[make] = N'B]2' THEN 1 WHEN a.[asset]]id] IS NOT NULL THEN 0 END AS [make_B]]2],
    -- Nobody knows the label of a row while [odd].[read]]ings] has not reached the end of its time.
    CASE
        WHEN DATEADD(hour, 12, s.[time stamp]) > s.last_reading THEN NULL
        ELSE CAST(COALESCE(labels.[end], N'no''ne') AS nvarchar(10))
    END AS [next]]end]
FROM slots AS s
JOIN readings_6h
    ON readings_6h.[asset]]id] = s.[asset]]id] AND readings_6h.slot_no = s.slot_no
JOIN readings_12h
    ON readings_12h.[asset]]id] = s.[asset]]id] AND readings_12h.slot_no = s.slot_no
JOIN readings_48h
    ON readings_48h.[asset]]id] = s.[asset]]id] AND readings_48h.slot_no = s.slot_no
LEFT JOIN counts_1
    ON counts_1.[asset]]id] = s.[asset]]id] AND counts_1.slot_no = s.slot_no
LEFT JOIN counts_2
    ON counts_2.[asset]]id] = s.[asset]]id] AND counts_2.slot_no = s.slot_no
LEFT JOIN labels
    ON labels.[asset]]id] = s.[asset]]id] AND labels.slot_no = s.slot_no AND labels.nth = 1
LEFT JOIN [odd].[assets] AS a
    ON a.[asset]]id] = s.[asset]]id]
OUTER APPLY (
    -- The latest event of each kind up to the slot's end, however long ago.
    SELECT
        MAX(CASE WHEN t.[what] = N'O''Brien' THEN t.[time stamp] END) AS [since O'Brien]
    FROM [odd].[visits] AS t
    WHERE t.[asset]]id] = s.[asset]]id] AND t.[time stamp] <= s.[time stamp]
) AS since_1
-- A row needs a whole history of 48 hours behind it, and a slot that has ended: some reading is as late as its end.
WHERE s.first_reading <= DATEADD(hour, -48, s.[time stamp])
    AND s.[time stamp] <= s.last_reading
    AND (@since IS NULL OR s.[time stamp] >= @since)
    AND (@until IS NULL OR s.[time stamp] <= @until)
) AS f;
