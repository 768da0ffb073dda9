CREATE OR ALTER FUNCTION [dbo].[V_CallsFor] (@call_id int)
RETURNS TABLE
AS
RETURN
-- One row per row of [dbo].[F_calls], by [call_id]. NULL is no limit.
WITH slots AS (
    SELECT
        t.[call_id],
        t.[job],
        t.[age],
        t.[y]
    FROM [dbo].[F_calls] AS t
    WHERE (@call_id IS NULL OR t.[call_id] = @call_id)
        AND t.[call_id] IS NOT NULL
)
SELECT
    s.[call_id],
    s.[job],
    s.[age],
    CASE WHEN s.[job] = N'clerk' THEN 1 ELSE 0 END AS [job_clerk],
    CASE WHEN s.[job] = N'nurse' THEN 1 ELSE 0 END AS [job_nurse],
    CAST(s.[y] AS nvarchar(3)) AS [outcome]
FROM slots AS s
;
