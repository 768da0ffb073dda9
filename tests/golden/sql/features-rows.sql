CREATE OR ALTER FUNCTION [dbo].[V_DemandFor] (@shop int, @item nvarchar(20), @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- One row per row of [dbo].[F_sales], by [shop] and [item] and [day]. NULL is no limit; both ends of the
-- range belong to it. What carries a stamp up to and including [day] is known then, what is later is not.
WITH slots AS (
    SELECT
        t.[shop],
        t.[item],
        CAST(t.[day] AS datetime) AS [day],
        (SELECT MIN(o.[day]) FROM [dbo].[F_sales] AS o
            WHERE o.[shop] = t.[shop]
                AND o.[item] = t.[item]
                AND (@shop IS NULL OR o.[shop] = @shop)
                AND (@item IS NULL OR o.[item] = @item)) AS first_reading,
        (SELECT MAX(o.[day]) FROM [dbo].[F_sales] AS o) AS last_reading
    FROM [dbo].[F_sales] AS t
    WHERE (@shop IS NULL OR t.[shop] = @shop)
        AND (@item IS NULL OR t.[item] = @item)
        AND (@since IS NULL OR t.[day] >= @since)
        AND (@until IS NULL OR t.[day] <= @until)
        AND t.[shop] IS NOT NULL
        AND t.[item] IS NOT NULL
        AND t.[day] IS NOT NULL
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
    CAST(CASE WHEN f.[quantitysum_3d] > 0 THEN f.[quantity_lag_0] / f.[quantitysum_3d] END * (1 - -2) AS float) AS [share]]of],
    CAST(CONCAT(UPPER(f.[note_lag_0]), IIF((f.[n_in] > 0 AND f.[item] = N'p') OR f.[note_lag_1d] IS NULL, N'''in', N'ü')) AS nvarchar(30)) AS [note's end],
    f.[next_2d]
FROM (
-- What the expressions are made of.
SELECT
    s.[shop],
    s.[item],
    s.[day],
    sales_3d.[quantitymean_3d],
    sales_3d.[pricemean_3d],
    sales_3d.[quantitysd_3d],
    sales_3d.[pricesd_3d],
    sales_3d.[quantitymin_3d],
    sales_3d.[pricemin_3d],
    sales_3d.[quantitymax_3d],
    sales_3d.[pricemax_3d],
    sales_3d.[quantitysum_3d],
    sales_3d.[pricesum_3d],
    sales_3d.[quantitycount_3d],
    sales_3d.[pricecount_3d],
    last_1_1_1.[quantitylast_3d],
    last_1_1_2.[pricelast_3d],
    slope_1_1_1.[quantityslope_3d],
    slope_1_1_2.[priceslope_3d],
    sales_rows.[quantitymean_4rows],
    sales_rows.[pricemean_4rows],
    sales_rows.[quantitysd_4rows],
    sales_rows.[pricesd_4rows],
    sales_rows.[quantitymin_4rows],
    sales_rows.[pricemin_4rows],
    sales_rows.[quantitymax_4rows],
    sales_rows.[pricemax_4rows],
    sales_rows.[quantitysum_4rows],
    sales_rows.[pricesum_4rows],
    sales_rows.[quantitycount_4rows],
    sales_rows.[pricecount_4rows],
    last_1_2_1.[quantitylast_4rows],
    last_1_2_2.[pricelast_4rows],
    slope_1_2_1.[quantityslope_4rows],
    slope_1_2_2.[priceslope_4rows],
    sales_whole_2d.[quantitymean_whole_2d],
    sales_whole_2d.[quantitysd_whole_2d],
    sales_whole_2d.[quantitymin_whole_2d],
    sales_whole_2d.[quantitymax_whole_2d],
    sales_whole_2d.[quantitysum_whole_2d],
    sales_whole_2d.[quantitycount_whole_2d],
    last_2_1_1.[quantitylast_whole_2d],
    slope_2_1_1.[quantityslope_whole_2d],
    sales_rows.[quantitymean_whole_3rows],
    sales_rows.[quantitysd_whole_3rows],
    sales_rows.[quantitymin_whole_3rows],
    sales_rows.[quantitymax_whole_3rows],
    sales_rows.[quantitysum_whole_3rows],
    sales_rows.[quantitycount_whole_3rows],
    last_2_2_1.[quantitylast_whole_3rows],
    slope_2_2_1.[quantityslope_whole_3rows],
    visits_36h.[amountmean_36h],
    visits_36h.[amountsd_36h],
    visits_36h.[amountmin_36h],
    visits_36h.[amountmax_36h],
    visits_36h.[amountsum_36h],
    visits_36h.[amountcount_36h],
    last_3_1_1.[amountlast_36h],
    slope_3_1_1.[amountslope_36h],
    visits_whole_24h.[amountsum_whole_24h],
    last_4_1_1.[amountlast_whole_24h],
    sales_rows.[quantity_lag_0],
    sales_rows.[note_lag_0],
    sales_rows.[quantity_lag_2],
    sales_rows.[note_lag_2],
    lag_1_3.[quantity_lag_1d],
    lag_1_3.[note_lag_1d],
    COALESCE(counts_1.[n_in], 0) AS [n_in],
    COALESCE(counts_1.[n_out], 0) AS [n_out],
    COALESCE(counts_2.[n_visits], 0) AS [n_visits],
    DATEDIFF_BIG(millisecond, since_1.[since_in], s.[day]) / 86400000E0 AS [since_in],
    DATEDIFF_BIG(millisecond, since_2.[since_sale], s.[day]) / 86400000E0 AS [since_sale],
    a.[size],
    CASE WHEN a.[grp] = N'a' THEN 1 WHEN a.[item] IS NOT NULL THEN 0 END AS [grp_a],
    CASE WHEN a.[grp] = N'b''c' THEN 1 WHEN a.[item] IS NOT NULL THEN 0 END AS [grp_b'c],
    -- Nobody knows the label of a row while [dbo].[F_sales] has not reached the end of its time.
    CASE
        WHEN DATEADD(day, 2, s.[day]) > s.last_reading THEN NULL
        ELSE labels.[quantity]
    END AS [next_2d]
FROM slots AS s
LEFT JOIN [dbo].[F_items] AS a
    ON a.[item] = s.[item]
OUTER APPLY (
    -- Events of the 2 days up to the row.
    SELECT
        SUM(CASE WHEN t.[kind] = N'in' THEN 1 ELSE 0 END) AS [n_in],
        SUM(CASE WHEN t.[kind] = N'o''ut' THEN 1 ELSE 0 END) AS [n_out]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(day, -2, s.[day]) AND t.[seen] <= s.[day]
) AS counts_1
OUTER APPLY (
    -- Events of the 30 minutes up to the row.
    SELECT
        COUNT(*) AS [n_visits]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(minute, -30, s.[day]) AND t.[seen] <= s.[day]
) AS counts_2
OUTER APPLY (
    -- The latest event of each kind up to the row, however long ago.
    SELECT
        MAX(CASE WHEN t.[kind] = N'in' THEN t.[seen] END) AS [since_in]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop] AND t.[seen] <= s.[day]
) AS since_1
OUTER APPLY (
    -- The latest event of each kind up to the row, however long ago.
    SELECT
        MAX(t.[day]) AS [since_sale]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
) AS since_2
OUTER APPLY (
    -- The 3 days up to the row.
    SELECT
        AVG(w.[quantity]) AS [quantitymean_3d],
        AVG(w.[price]) AS [pricemean_3d],
        STDEV(w.[quantity]) AS [quantitysd_3d],
        STDEV(w.[price]) AS [pricesd_3d],
        MIN(w.[quantity]) AS [quantitymin_3d],
        MIN(w.[price]) AS [pricemin_3d],
        MAX(w.[quantity]) AS [quantitymax_3d],
        MAX(w.[price]) AS [pricemax_3d],
        SUM(w.[quantity]) AS [quantitysum_3d],
        SUM(w.[price]) AS [pricesum_3d],
        COUNT(w.[quantity]) AS [quantitycount_3d],
        COUNT(w.[price]) AS [pricecount_3d]
    FROM (
        SELECT
            CAST(t.[quantity] AS float) AS [quantity],
            CAST(t.[price] AS float) AS [price]
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -3, s.[day]) AND t.[day] <= s.[day]
    ) AS w
) AS sales_3d
OUTER APPLY (
    -- The last whole 2 days up to the row.
    SELECT
        AVG(w.[quantity]) AS [quantitymean_whole_2d],
        STDEV(w.[quantity]) AS [quantitysd_whole_2d],
        MIN(w.[quantity]) AS [quantitymin_whole_2d],
        MAX(w.[quantity]) AS [quantitymax_whole_2d],
        SUM(w.[quantity]) AS [quantitysum_whole_2d],
        COUNT(w.[quantity]) AS [quantitycount_whole_2d]
    FROM (
        SELECT
            CAST(t.[quantity] AS float) AS [quantity]
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -2, DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime))) AND t.[day] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime))
    ) AS w
) AS sales_whole_2d
OUTER APPLY (
    -- The 36 hours up to the row.
    SELECT
        AVG(w.[amount]) AS [amountmean_36h],
        STDEV(w.[amount]) AS [amountsd_36h],
        MIN(w.[amount]) AS [amountmin_36h],
        MAX(w.[amount]) AS [amountmax_36h],
        SUM(w.[amount]) AS [amountsum_36h],
        COUNT(w.[amount]) AS [amountcount_36h]
    FROM (
        SELECT
            CAST(t.[amount] AS float) AS [amount]
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -36, s.[day]) AND t.[seen] <= s.[day]
    ) AS w
) AS visits_36h
OUTER APPLY (
    -- The last whole 24 hours up to the row.
    SELECT
        SUM(w.[amount]) AS [amountsum_whole_24h]
    FROM (
        SELECT
            CAST(t.[amount] AS float) AS [amount]
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 24 * 24, CAST('17530101' AS datetime))) AND t.[seen] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 24 * 24, CAST('17530101' AS datetime))
    ) AS w
) AS visits_whole_24h
OUTER APPLY (
    -- The last 5 rows up to the row; a window of which not every row is there is NULL.
    SELECT
        CASE WHEN MAX(w.nth) >= 4 THEN
            AVG(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitymean_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            AVG(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricemean_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            STDEV(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitysd_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            STDEV(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricesd_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            MIN(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitymin_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            MIN(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricemin_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            MAX(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitymax_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            MAX(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricemax_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            SUM(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitysum_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            SUM(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricesum_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            COUNT(CASE WHEN w.nth <= 4 THEN CAST(w.[quantity] AS float) END) END AS [quantitycount_4rows],
        CASE WHEN MAX(w.nth) >= 4 THEN
            COUNT(CASE WHEN w.nth <= 4 THEN CAST(w.[price] AS float) END) END AS [pricecount_4rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            AVG(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitymean_whole_3rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            STDEV(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitysd_whole_3rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            MIN(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitymin_whole_3rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            MAX(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitymax_whole_3rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            SUM(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitysum_whole_3rows],
        CASE WHEN MAX(w.n_known) >= 3 THEN
            COUNT(CASE WHEN w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 THEN CAST(w.[quantity] AS float) END) END AS [quantitycount_whole_3rows],
        MAX(CASE WHEN w.nth = 1 THEN w.[quantity] END) AS [quantity_lag_0],
        MAX(CASE WHEN w.nth = 1 THEN w.[note] END) AS [note_lag_0],
        MAX(CASE WHEN w.nth = 3 THEN w.[quantity] END) AS [quantity_lag_2],
        MAX(CASE WHEN w.nth = 3 THEN w.[note] END) AS [note_lag_2]
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            v.[price],
            v.[note],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (5)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
) AS sales_rows
OUTER APPLY (
    -- The latest value of the 3 days up to the row.
    SELECT TOP (1)
        CAST(t.[quantity] AS float) AS [quantitylast_3d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -3, s.[day]) AND t.[day] <= s.[day] AND t.[quantity] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
) AS last_1_1_1
OUTER APPLY (
    -- The latest value of the 3 days up to the row.
    SELECT TOP (1)
        CAST(t.[price] AS float) AS [pricelast_3d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -3, s.[day]) AND t.[day] <= s.[day] AND t.[price] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
) AS last_1_1_2
OUTER APPLY (
    -- The least squares of value over days of the 3 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_3d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -3, s.[day]) AND t.[day] <= s.[day] AND t.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_1_1
OUTER APPLY (
    -- The least squares of value over days of the 3 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [priceslope_3d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[price] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -3, s.[day]) AND t.[day] <= s.[day] AND t.[price] IS NOT NULL) AS b
    ) AS c
) AS slope_1_1_2
OUTER APPLY (
    -- The latest value of the last 4 rows; NULL where not all are there.
    SELECT TOP (1) b.value AS [quantitylast_4rows]
    FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (4)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 4 AND w.nth <= 4 AND w.[quantity] IS NOT NULL) AS b
    ORDER BY b.nth
) AS last_1_2_1
OUTER APPLY (
    -- The latest value of the last 4 rows; NULL where not all are there.
    SELECT TOP (1) b.value AS [pricelast_4rows]
    FROM (SELECT CAST(w.[price] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[price],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (4)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 4 AND w.nth <= 4 AND w.[price] IS NOT NULL) AS b
    ORDER BY b.nth
) AS last_1_2_2
OUTER APPLY (
    -- The least squares of value over days of the last 4 rows; NULL where not all are there.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_4rows]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (4)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 4 AND w.nth <= 4 AND w.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_1_2_1
OUTER APPLY (
    -- The least squares of value over days of the last 4 rows; NULL where not all are there.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [priceslope_4rows]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(w.[price] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[price],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (4)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 4 AND w.nth <= 4 AND w.[price] IS NOT NULL) AS b
    ) AS c
) AS slope_1_2_2
OUTER APPLY (
    -- The latest value of the last whole 2 days up to the row.
    SELECT TOP (1)
        CAST(t.[quantity] AS float) AS [quantitylast_whole_2d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -2, DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime))) AND t.[day] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime)) AND t.[quantity] IS NOT NULL
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
) AS last_2_1_1
OUTER APPLY (
    -- The least squares of value over days of the last whole 2 days up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_whole_2d]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], t.[day]) / 86400000E0 AS days
        FROM [dbo].[F_sales] AS t
        WHERE t.[shop] = s.[shop] AND t.[item] = s.[item]
            AND t.[day] > DATEADD(day, -2, DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime))) AND t.[day] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 48 * 48, CAST('17530101' AS datetime)) AND t.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_2_1_1
OUTER APPLY (
    -- The latest value of the last whole block of 3 rows; NULL where not all are there.
    SELECT TOP (1) b.value AS [quantitylast_whole_3rows]
    FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (5)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 3 AND w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 AND w.[quantity] IS NOT NULL) AS b
    ORDER BY b.nth
) AS last_2_2_1
OUTER APPLY (
    -- The least squares of value over days of the last whole block of 3 rows; NULL where not all are there.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [quantityslope_whole_3rows]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(w.[quantity] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], w.[day]) / 86400000E0 AS days, w.nth
    FROM (
        SELECT
            v.[day],
            v.[quantity],
            k.n_known,
            ROW_NUMBER() OVER (ORDER BY v.[day] DESC, v.[price] DESC, v.[quantity] DESC, v.[note] DESC) AS nth
        FROM (
            SELECT TOP (5)
                t.[day],
                t.[price],
                t.[quantity],
                t.[note]
            FROM [dbo].[F_sales] AS t
            WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
            ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
        ) AS v
        CROSS JOIN (
            SELECT COUNT(*) AS n_known FROM [dbo].[F_sales] AS t WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] <= s.[day]
        ) AS k
    ) AS w
    WHERE w.n_known >= 3 AND w.nth > w.n_known % 3 AND w.nth <= w.n_known % 3 + 3 AND w.[quantity] IS NOT NULL) AS b
    ) AS c
) AS slope_2_2_1
OUTER APPLY (
    -- The latest value of the 36 hours up to the row.
    SELECT TOP (1)
        CAST(t.[amount] AS float) AS [amountlast_36h]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -36, s.[day]) AND t.[seen] <= s.[day] AND t.[amount] IS NOT NULL
    ORDER BY t.[seen] DESC, t.[kind] DESC, t.[amount] DESC
) AS last_3_1_1
OUTER APPLY (
    -- The least squares of value over days of the 36 hours up to the row.
    SELECT CASE WHEN MIN(c.days) < MAX(c.days) THEN SUM(c.days * c.value) / SUM(c.days * c.days) END AS [amountslope_36h]
    FROM (
        -- Both around their means, so that no digits are lost in differences of large sums.
        SELECT b.days - AVG(b.days) OVER () AS days, b.value - AVG(b.value) OVER () AS value
        FROM (SELECT CAST(t.[amount] AS float) AS value, DATEDIFF_BIG(millisecond, s.[day], t.[seen]) / 86400000E0 AS days
        FROM [dbo].[F_visits] AS t
        WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -36, s.[day]) AND t.[seen] <= s.[day] AND t.[amount] IS NOT NULL) AS b
    ) AS c
) AS slope_3_1_1
OUTER APPLY (
    -- The latest value of the last whole 24 hours up to the row.
    SELECT TOP (1)
        CAST(t.[amount] AS float) AS [amountlast_whole_24h]
    FROM [dbo].[F_visits] AS t
    WHERE t.[store] = s.[shop]
            AND t.[seen] > DATEADD(hour, -24, DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 24 * 24, CAST('17530101' AS datetime))) AND t.[seen] <= DATEADD(hour, DATEDIFF(hour, '17530101', s.[day]) / 24 * 24, CAST('17530101' AS datetime)) AND t.[amount] IS NOT NULL
    ORDER BY t.[seen] DESC, t.[kind] DESC, t.[amount] DESC
) AS last_4_1_1
OUTER APPLY (
    -- The row of 1 day before, if there is one.
    SELECT TOP (1)
        t.[quantity] AS [quantity_lag_1d],
        t.[note] AS [note_lag_1d]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] = DATEADD(day, -1, s.[day])
    ORDER BY t.[day] DESC, t.[price] DESC, t.[quantity] DESC, t.[note] DESC
) AS lag_1_3
OUTER APPLY (
    -- What lies in the 2 days after the row.
    SELECT CAST(SUM(CAST(t.[quantity] AS float)) AS float) AS [quantity]
    FROM [dbo].[F_sales] AS t
    WHERE t.[shop] = s.[shop] AND t.[item] = s.[item] AND t.[day] > s.[day] AND t.[day] <= DATEADD(day, 2, s.[day])
) AS labels
-- A row needs a whole history of 2 days behind it.
WHERE s.first_reading <= DATEADD(day, -2, s.[day])
) AS f;
