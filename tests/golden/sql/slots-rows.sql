CREATE OR ALTER FUNCTION [dbo].[V_DemandSlots] (@shop int, @item nvarchar(20), @since datetime, @until datetime)
RETURNS TABLE
AS
RETURN
-- The rows of [dbo].[V_Demand] (see there), keys only. NULL is no limit; both ends of the range belong to it.
SELECT s.[shop], s.[item], s.[day]
FROM (
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
) AS s
WHERE s.first_reading <= DATEADD(day, -2, s.[day]);
