CREATE OR ALTER FUNCTION [dbo].[V_WeeklyFor] (@shop int, @item nvarchar(20), @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- One row per [shop] and [item] and slot of 12 hours; [slot end] is the end of the slot. NULL is no limit; both ends of the
-- range belong to it. What carries a stamp up to and including [slot end] is known then, what is later is not.
WITH readings AS (
    -- Rows of the range and of the longest window before it. One at the very end of a slot belongs to it: hence the 3 ms,
    -- less than one step of datetime. Slots count from datetime's first day, so none is negative.
    SELECT
        t.[shop],
        t.[item],
        DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, CAST(t.[day] AS datetime))) / 12 + 1 AS slot_no,
        CAST(t.[quantity] AS float) AS [quantity],
        CAST(t.[price] AS float) AS [price]
    FROM [dbo].[F_sales] AS t
    WHERE (@shop IS NULL OR t.[shop] = @shop)
        AND (@item IS NULL OR t.[item] = @item)
        AND (@since IS NULL OR t.[day] > DATEADD(day, -4, @since))
        AND (@until IS NULL OR t.[day] <= @until)
),
visits_readings AS (
    -- Rows of the range and of the longest window before it. One at the very end of a slot belongs to it: hence the 3 ms,
    -- less than one step of datetime. Slots count from datetime's first day, so none is negative.
    SELECT
        t.[store] AS [shop],
        DATEDIFF(hour, '17530101', t.[seen]) / 12 + CASE WHEN DATEADD(hour, 12 * (DATEDIFF(hour, '17530101', t.[seen]) / 12), CAST('17530101' AS datetime2)) < t.[seen] THEN 1 ELSE 0 END AS slot_no,
        CAST(t.[amount] AS float) AS [amount]
    FROM [dbo].[F_visits] AS t
    WHERE (@shop IS NULL OR t.[store] = @shop)
        AND (@since IS NULL OR t.[seen] > DATEADD(hour, -48, @since))
        AND (@until IS NULL OR t.[seen] <= @until)
),
sales_1d AS (
    -- A reading counts in the 2 windows of 1 day that hold it: those that end with its slot and the 1 after it.
    SELECT
        r.[shop], r.[item],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[quantity]) AS [quantitymean_1d],
        STDEV(r.[quantity]) AS [quantitysd_1d],
        MIN(r.[quantity]) AS [quantitymin_1d],
        MAX(r.[quantity]) AS [quantitymax_1d],
        SUM(r.[quantity]) AS [quantitysum_1d],
        COUNT(r.[quantity]) AS [quantitycount_1d]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY r.[shop], r.[item], r.slot_no + ahead.n
),
sales_2d AS (
    -- A reading counts in the 4 windows of 2 days that hold it: those that end with its slot and the 3 after it.
    SELECT
        r.[shop], r.[item],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[quantity]) AS [quantitymean_2d],
        STDEV(r.[quantity]) AS [quantitysd_2d],
        MIN(r.[quantity]) AS [quantitymin_2d],
        MAX(r.[quantity]) AS [quantitymax_2d],
        SUM(r.[quantity]) AS [quantitysum_2d],
        COUNT(r.[quantity]) AS [quantitycount_2d]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS ahead (n)
    GROUP BY r.[shop], r.[item], r.slot_no + ahead.n
),
visits_24h AS (
    -- A reading counts in the 2 windows of 24 hours that hold it: those that end with its slot and the 1 after it.
    SELECT
        r.[shop],
        r.slot_no + ahead.n AS slot_no,
        AVG(r.[amount]) AS [amountmean_24h],
        STDEV(r.[amount]) AS [amountsd_24h],
        MIN(r.[amount]) AS [amountmin_24h],
        MAX(r.[amount]) AS [amountmax_24h],
        SUM(r.[amount]) AS [amountsum_24h],
        COUNT(r.[amount]) AS [amountcount_24h]
    FROM visits_readings AS r
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY r.[shop], r.slot_no + ahead.n
),
visits_whole_24h AS (
    -- A reading counts in the 2 slots whose last whole 24 hours hold it: the one at which they end, and those after.
    SELECT
        r.[shop],
        (r.slot_no + 1) / 2 * 2 + ahead.n AS slot_no,
        AVG(r.[amount]) AS [amountmean_whole_24h],
        STDEV(r.[amount]) AS [amountsd_whole_24h],
        MIN(r.[amount]) AS [amountmin_whole_24h],
        MAX(r.[amount]) AS [amountmax_whole_24h],
        SUM(r.[amount]) AS [amountsum_whole_24h],
        COUNT(r.[amount]) AS [amountcount_whole_24h]
    FROM visits_readings AS r
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY r.[shop], (r.slot_no + 1) / 2 * 2 + ahead.n
),
sales_whole_2d AS (
    -- A reading counts in the 4 slots whose last whole 2 days hold it: the one at which they end, and those after.
    SELECT
        r.[shop], r.[item],
        (r.slot_no + 3) / 4 * 4 + ahead.n AS slot_no,
        MAX(r.[price]) AS [pricemax_whole_2d],
        COUNT(r.[price]) AS [pricecount_whole_2d]
    FROM readings AS r
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS ahead (n)
    GROUP BY r.[shop], r.[item], (r.slot_no + 3) / 4 * 4 + ahead.n
),
counts_1 AS (
    -- Events of the last 24 hours, each in the windows that hold it.
    SELECT
        e.[shop],
        e.slot_no + ahead.n AS slot_no,
        SUM(CASE WHEN e.[kind] = N'in' THEN 1 ELSE 0 END) AS [n_in]
    FROM (
        SELECT
            t.[store] AS [shop],
            DATEDIFF(hour, '17530101', t.[seen]) / 12 + CASE WHEN DATEADD(hour, 12 * (DATEDIFF(hour, '17530101', t.[seen]) / 12), CAST('17530101' AS datetime2)) < t.[seen] THEN 1 ELSE 0 END AS slot_no,
            t.[kind]
        FROM [dbo].[F_visits] AS t
        WHERE (@shop IS NULL OR t.[store] = @shop)
            AND (@since IS NULL OR t.[seen] > DATEADD(hour, -24, @since))
            AND (@until IS NULL OR t.[seen] <= @until)
    ) AS e
    CROSS JOIN (VALUES (0), (1)) AS ahead (n)
    GROUP BY e.[shop], e.slot_no + ahead.n
),
counts_3 AS (
    -- Events of the last 12 hours, each in the windows that hold it.
    SELECT
        e.[shop],
        e.slot_no + ahead.n AS slot_no,
        COUNT(*) AS [n_recent]
    FROM (
        SELECT
            t.[store] AS [shop],
            DATEDIFF(hour, '17530101', t.[seen]) / 12 + CASE WHEN DATEADD(hour, 12 * (DATEDIFF(hour, '17530101', t.[seen]) / 12), CAST('17530101' AS datetime2)) < t.[seen] THEN 1 ELSE 0 END AS slot_no
        FROM [dbo].[F_visits] AS t
        WHERE (@shop IS NULL OR t.[store] = @shop)
            AND (@since IS NULL OR t.[seen] > DATEADD(hour, -12, @since))
            AND (@until IS NULL OR t.[seen] <= @until)
    ) AS e
    CROSS JOIN (VALUES (0)) AS ahead (n)
    GROUP BY e.[shop], e.slot_no + ahead.n
),
labels AS (
    -- Events of the 36 hours after the slot; nth = 1 is the first of them, by name where several share its time.
    SELECT
        e.[shop],
        e.slot_no - back.n AS slot_no,
        e.[kind],
        ROW_NUMBER() OVER (
            PARTITION BY e.[shop], e.slot_no - back.n
            ORDER BY e.[seen], e.[kind]
        ) AS nth
    FROM (
        SELECT
            t.[store] AS [shop],
            DATEDIFF(hour, '17530101', t.[seen]) / 12 + CASE WHEN DATEADD(hour, 12 * (DATEDIFF(hour, '17530101', t.[seen]) / 12), CAST('17530101' AS datetime2)) < t.[seen] THEN 1 ELSE 0 END AS slot_no,
            t.[seen],
            t.[kind]
        FROM [dbo].[F_visits] AS t
        WHERE (@shop IS NULL OR t.[store] = @shop)
            AND (@since IS NULL OR t.[seen] > @since)
            AND (@until IS NULL OR t.[seen] <= DATEADD(hour, 36, @until))
    ) AS e
    CROSS JOIN (VALUES (1), (2), (3)) AS back (n)
),
slots AS (
    SELECT
        d.[shop], d.[item],
        d.slot_no,
        DATEADD(hour, 12 * d.slot_no, CAST('17530101' AS datetime)) AS [slot end],
        (SELECT MIN(t.[day]) FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = d.[shop]
                AND t.[item] = d.[item]
                AND (@shop IS NULL OR t.[shop] = @shop)
                AND (@item IS NULL OR t.[item] = @item)) AS first_reading,
        (SELECT MAX(t.[day]) FROM [dbo].[F_sales] AS t) AS last_reading
    FROM (
        SELECT DISTINCT
            t.[shop],
            t.[item],
            DATEDIFF(hour, '17530101', DATEADD(millisecond, -3, CAST(t.[day] AS datetime))) / 12 + 1 AS slot_no
        FROM [dbo].[F_sales] AS t
        WHERE (@shop IS NULL OR t.[shop] = @shop)
            AND (@item IS NULL OR t.[item] = @item)
            AND (@since IS NULL OR t.[day] > DATEADD(hour, -12, @since))
            AND (@until IS NULL OR t.[day] <= @until)
    ) AS d
)
SELECT
    s.[shop],
    s.[item],
    s.[slot end],
    sales_1d.[quantitymean_1d],
    sales_1d.[quantitysd_1d],
    sales_1d.[quantitymin_1d],
    sales_1d.[quantitymax_1d],
    sales_1d.[quantitysum_1d],
    sales_1d.[quantitycount_1d],
    last_1_1_1.[quantitylast_1d],
    slope_1_1_1.[quantityslope_1d],
    sales_2d.[quantitymean_2d],
    sales_2d.[quantitysd_2d],
    sales_2d.[quantitymin_2d],
    sales_2d.[quantitymax_2d],
    sales_2d.[quantitysum_2d],
    sales_2d.[quantitycount_2d],
    last_1_2_1.[quantitylast_2d],
    slope_1_2_1.[quantityslope_2d],
    sales_40d.[quantitymean_40d],
    sales_40d.[quantitysd_40d],
    sales_40d.[quantitymin_40d],
    sales_40d.[quantitymax_40d],
    sales_40d.[quantitysum_40d],
    sales_40d.[quantitycount_40d],
    last_1_3_1.[quantitylast_40d],
    slope_1_3_1.[quantityslope_40d],
    sales_rows.[quantitymean_2rows],
    sales_rows.[quantitysd_2rows],
    sales_rows.[quantitymin_2rows],
    sales_rows.[quantitymax_2rows],
    sales_rows.[quantitysum_2rows],
    sales_rows.[quantitycount_2rows],
    last_1_4_1.[quantitylast_2rows],
    slope_1_4_1.[quantityslope_2rows],
    visits_24h.[amountmean_24h],
    visits_24h.[amountsd_24h],
    visits_24h.[amountmin_24h],
    visits_24h.[amountmax_24h],
    visits_24h.[amountsum_24h],
    COALESCE(visits_24h.[amountcount_24h], 0) AS [amountcount_24h],
    last_2_1_1.[amountlast_24h],
    slope_2_1_1.[amountslope_24h],
    visits_60d.[amountmean_60d],
    visits_60d.[amountsd_60d],
    visits_60d.[amountmin_60d],
    visits_60d.[amountmax_60d],
    visits_60d.[amountsum_60d],
    visits_60d.[amountcount_60d],
    last_2_2_1.[amountlast_60d],
    slope_2_2_1.[amountslope_60d],
    visits_whole_24h.[amountmean_whole_24h],
    visits_whole_24h.[amountsd_whole_24h],
    visits_whole_24h.[amountmin_whole_24h],
    visits_whole_24h.[amountmax_whole_24h],
    visits_whole_24h.[amountsum_whole_24h],
    COALESCE(visits_whole_24h.[amountcount_whole_24h], 0) AS [amountcount_whole_24h],
    last_3_1_1.[amountlast_whole_24h],
    slope_3_1_1.[amountslope_whole_24h],
    sales_whole_2d.[pricemax_whole_2d],
    COALESCE(sales_whole_2d.[pricecount_whole_2d], 0) AS [pricecount_whole_2d],
    sales_rows.[price_lag_1],
    lag_1_2.[price_lag_2d],
    COALESCE(counts_1.[n_in], 0) AS [n_in],
    COALESCE(counts_2.[n_all], 0) AS [n_all],
    COALESCE(counts_3.[n_recent], 0) AS [n_recent],
    a.[size],
    CASE WHEN a.[grp] = N'a' THEN 1 WHEN a.[item] IS NOT NULL THEN 0 END AS [grp_a],
    CASE WHEN a.[grp] = N'b''c' THEN 1 WHEN a.[item] IS NOT NULL THEN 0 END AS [grp_b'c],
    -- Nobody knows the label of a row while [dbo].[F_sales] has not reached the end of its time.
    CASE
        WHEN DATEADD(hour, 36, s.[slot end]) > s.last_reading THEN NULL
        ELSE CAST(COALESCE(labels.[kind], N'none') AS nvarchar(20))
    END AS [next_kind]
FROM slots AS s
JOIN sales_1d
    ON sales_1d.[shop] = s.[shop] AND sales_1d.[item] = s.[item] AND sales_1d.slot_no = s.slot_no
JOIN sales_2d
    ON sales_2d.[shop] = s.[shop] AND sales_2d.[item] = s.[item] AND sales_2d.slot_no = s.slot_no
LEFT JOIN visits_24h
    ON visits_24h.[shop] = s.[shop] AND visits_24h.slot_no = s.slot_no
LEFT JOIN visits_whole_24h
    ON visits_whole_24h.[shop] = s.[shop] AND visits_whole_24h.slot_no = s.slot_no
LEFT JOIN sales_whole_2d
    ON sales_whole_2d.[shop] = s.[shop] AND sales_whole_2d.[item] = s.[item] AND sales_whole_2d.slot_no = s.slot_no
LEFT JOIN counts_1
    ON counts_1.[shop] = s.[shop] AND counts_1.slot_no = s.slot_no
LEFT JOIN counts_3
    ON counts_3.[shop] = s.[shop] AND counts_3.slot_no = s.slot_no
LEFT JOIN labels
    ON labels.[shop] = s.[shop] AND labels.slot_no = s.slot_no AND labels.nth = 1
LEFT JOIN [dbo].[F_items] AS a
    ON a.[item] = s.[item]
OUTER APPLY (
    -- Events of the 50 days up to the row.
    SELECT
        COUNT(*) AS [n_all]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(day, -50, s.[slot end]) AND t.[seen] <= s.[slot end]
) AS counts_2
OUTER APPLY (
    -- The 40 days up to the row.
    SELECT
        AVG(w.[quantity]) AS [quantitymean_40d],
        STDEV(w.[quantity]) AS [quantitysd_40d],
        MIN(w.[quantity]) AS [quantitymin_40d],
        MAX(w.[quantity]) AS [quantitymax_40d],
        SUM(w.[quantity]) AS [quantitysum_40d],
        COUNT(w.[quantity]) AS [quantitycount_40d]
    FROM (
        SELECT
            CAST(t.[quantity] AS float) AS [quantity]
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -40, s.[slot end]) AND t.[day] <= s.[slot end]
    ) AS w
) AS sales_40d
OUTER APPLY (
    -- The 60 days up to the row.
    SELECT
        AVG(w.[amount]) AS [amountmean_60d],
        STDEV(w.[amount]) AS [amountsd_60d],
        MIN(w.[amount]) AS [amountmin_60d],
        MAX(w.[amount]) AS [amountmax_60d],
        SUM(w.[amount]) AS [amountsum_60d],
        COUNT(w.[amount]) AS [amountcount_60d]
    FROM (
        SELECT
            CAST(t.[amount] AS float) AS [amount]
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(day, -60, s.[slot end]) AND t.[seen] <= s.[slot end]
    ) AS w
) AS visits_60d
OUTER APPLY (
    -- The last 2 rows up to the row; a window of which not every row is there is NULL.
    SELECT
        CASE WHEN MAX(w.nth) >= 2 THEN
            AVG(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitymean_2rows],
        CASE WHEN MAX(w.nth) >= 2 THEN
            STDEV(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitysd_2rows],
        CASE WHEN MAX(w.nth) >= 2 THEN
            MIN(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitymin_2rows],
        CASE WHEN MAX(w.nth) >= 2 THEN
            MAX(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitymax_2rows],
        CASE WHEN MAX(w.nth) >= 2 THEN
            SUM(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitysum_2rows],
        CASE WHEN MAX(w.nth) >= 2 THEN
            COUNT(CASE WHEN w.nth <= 2 THEN CAST(w.[quantity] AS float) END) END AS [quantitycount_2rows],
        MAX(CASE WHEN w.nth = 2 THEN w.[price] END) AS [price_lag_1]
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            v.[price],
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC) AS nth
        FROM (
            SELECT TOP (2)
                t.[day],
                t.[price],
                t.[quantity]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[slot end]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
        ) AS v
    ) AS w
) AS sales_rows
OUTER APPLY (
    -- The latest value of the 1 day up to the row.
    SELECT TOP (1)
        CAST(t.[quantity] AS float) AS [quantitylast_1d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -1, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
) AS last_1_1_1
OUTER APPLY (
    -- The least squares of value over days of the 1 day up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_1d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -1, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_1_1
OUTER APPLY (
    -- The latest value of the 2 days up to the row.
    SELECT TOP (1)
        CAST(t.[quantity] AS float) AS [quantitylast_2d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -2, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
) AS last_1_2_1
OUTER APPLY (
    -- The least squares of value over days of the 2 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_2d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -2, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_2_1
OUTER APPLY (
    -- The latest value of the 40 days up to the row.
    SELECT TOP (1)
        CAST(t.[quantity] AS float) AS [quantitylast_40d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -40, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
) AS last_1_3_1
OUTER APPLY (
    -- The least squares of value over days of the 40 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_40d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -40, s.[slot end]) AND t.[day] <= s.[slot end] AND t.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_3_1
OUTER APPLY (
    -- The latest value of the last 2 rows; NULL where not all are there.
    SELECT TOP (1) b.value AS [quantitylast_2rows]
    FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC) AS nth
        FROM (
            SELECT TOP (2)
                t.[day],
                t.[price],
                t.[quantity]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[slot end]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[slot end]
        ) AS k
    ) AS w
    WHERE w.n_known >= 2 AND w.nth <= 2 AND w.[quantity] IS NOT NULL) AS b
    ORDER BY b.nth
) AS last_1_4_1
OUTER APPLY (
    -- The least squares of value over days of the last 2 rows; NULL where not all are there.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_2rows]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC) AS nth
        FROM (
            SELECT TOP (2)
                t.[day],
                t.[price],
                t.[quantity]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[slot end]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[slot end]
        ) AS k
    ) AS w
    WHERE w.n_known >= 2 AND w.nth <= 2 AND w.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_4_1
OUTER APPLY (
    -- The latest value of the 24 hours up to the row.
    SELECT TOP (1)
        CAST(t.[amount] AS float) AS [amountlast_24h]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, s.[slot end]) AND t.[seen] <= s.[slot end] AND t.[amount] IS NOT NULL
    ORDER BY t.[seen] DESC, t.[kind] DESC, t.[amount] DESC
) AS last_2_1_1
OUTER APPLY (
    -- The least squares of value over days of the 24 hours up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [amountslope_24h]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[amount] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[seen]) / 86400000E0 AS days
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, s.[slot end]) AND t.[seen] <= s.[slot end] AND t.[amount] IS NOT NULL) AS b
    ) AS c
) AS slope_2_1_1
OUTER APPLY (
    -- The latest value of the 60 days up to the row.
    SELECT TOP (1)
        CAST(t.[amount] AS float) AS [amountlast_60d]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(day, -60, s.[slot end]) AND t.[seen] <= s.[slot end] AND t.[amount] IS NOT NULL
    ORDER BY t.[seen] DESC, t.[kind] DESC, t.[amount] DESC
) AS last_2_2_1
OUTER APPLY (
    -- The least squares of value over days of the 60 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [amountslope_60d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[amount] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[seen]) / 86400000E0 AS days
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(day, -60, s.[slot end]) AND t.[seen] <= s.[slot end] AND t.[amount] IS NOT NULL) AS b
    ) AS c
) AS slope_2_2_1
OUTER APPLY (
    -- The latest value of the last whole 24 hours up to the row.
    SELECT TOP (1)
        CAST(t.[amount] AS float) AS [amountlast_whole_24h]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, DATEADD(hour, DATEDIFF(hour, '17530101', s.[slot end]) / 24 * 24, CAST('17530101' AS datetime))) AND t.[seen] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[slot end]) / 24 * 24, CAST('17530101' AS datetime)) AND t.[amount] IS NOT NULL
    ORDER BY t.[seen] DESC, t.[kind] DESC, t.[amount] DESC
) AS last_3_1_1
OUTER APPLY (
    -- The least squares of value over days of the last whole 24 hours up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [amountslope_whole_24h]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[amount] AS float) AS value, DATEDIFF_BIG(millisecond, s.[slot end], t.[seen]) / 86400000E0 AS days
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, DATEADD(hour, DATEDIFF(hour, '17530101', s.[slot end]) / 24 * 24, CAST('17530101' AS datetime))) AND t.[seen] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[slot end]) / 24 * 24, CAST('17530101' AS datetime)) AND t.[amount] IS NOT NULL) AS b
    ) AS c
) AS slope_3_1_1
OUTER APPLY (
    -- The row of 2 days before, if there is one.
    SELECT TOP (1)
        t.[price] AS [price_lag_2d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
        AND t.[day] > DATEADD(hour, -12, DATEADD(day, -2, s.[slot end])) AND t.[day] <= DATEADD(day, -2, s.[slot end])
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC
) AS lag_1_2
-- A row needs a whole history of 1 day behind it, and a slot that has ended: some reading is as late as its end.
WHERE s.first_reading <= DATEADD(day, -1, s.[slot end])
    AND s.[slot end] <= s.last_reading
    AND (@since IS NULL OR s.[slot end] >= @since)
    AND (@until IS NULL OR s.[slot end] <= @until);
