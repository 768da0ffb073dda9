CREATE OR ALTER FUNCTION [dbo].[V_CallsSlots] (@call_id int)
RETURNS TABLE
AS
RETURN
-- The rows of [dbo].[V_Calls] (see there), keys only. NULL is no limit; both ends of the range belong to it.
SELECT s.[call_id]
FROM (
    SELECT
        t.[call_id]
    FROM [dbo].[F_calls] AS t
    WHERE (@call_id IS NULL OR t.[call_id] = @call_id)
        AND t.[call_id] IS NOT NULL
) AS s;
