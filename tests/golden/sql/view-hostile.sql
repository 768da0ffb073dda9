CREATE OR ALTER VIEW [odd].[O'Brien's view]
AS
-- For a range use [odd].[O'Brien's viewFor]: a WHERE on this view does not reach below its windows.
SELECT
    f.[asset]]id],    -- Whose row it is.
    f.[time stamp],    -- The end of the slot of 6 hours, which belongs to it: what is stamped later is not known in the row.
    f.[score]]smean_6h],    -- Mean of [score]]s] of [odd].[read]]ings] over the 6 hours up to [time stamp].
    f.[selectmean_6h],    -- Mean of [select] of [odd].[read]]ings] over the 6 hours up to [time stamp].
    f.[score]]ssd_6h],    -- Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 6 hours up to [time stamp].
    f.[selectsd_6h],    -- Sample standard deviation of [select] of [odd].[read]]ings] over the 6 hours up to [time stamp].
    f.[score]]smean_12h],    -- Mean of [score]]s] of [odd].[read]]ings] over the 12 hours up to [time stamp].
    f.[selectmean_12h],    -- Mean of [select] of [odd].[read]]ings] over the 12 hours up to [time stamp].
    f.[score]]ssd_12h],    -- Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 12 hours up to [time stamp].
    f.[selectsd_12h],    -- Sample standard deviation of [select] of [odd].[read]]ings] over the 12 hours up to [time stamp].
    f.[score]]smean_48h],    -- Mean of [score]]s] of [odd].[read]]ings] over the 48 hours up to [time stamp].
    f.[selectmean_48h],    -- Mean of [select] of [odd].[read]]ings] over the 48 hours up to [time stamp].
    f.[score]]ssd_48h],    -- Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 48 hours up to [time stamp].
    f.[selectsd_48h],    -- Sample standard deviation of [select] of [odd].[read]]ings] over the 48 hours up to [time stamp].
    f.[n]]1],    -- Number of rows of [odd].[log] with [kind'] "it's" in the 12 hours up to [time stamp].
    f.[n 2],    -- Number of rows of [odd].[log] with [kind'] ']' in the 12 hours up to [time stamp].
    f.[alarms],    -- Number of rows of [odd].[alarms] with [code] 'A' in the 24 hours up to [time stamp].
    f.[since O'Brien],    -- Days from the latest row of [odd].[visits] with [what] "O'Brien" to [time stamp]; NULL before it.
    f.[group],    -- [group] of [odd].[assets].
    f.[built],    -- [built] of [odd].[assets].
    f.[make_A'1],    -- 1 where [make] of [odd].[assets] is "A'1", else 0.
    f.[make_B]]2],    -- 1 where [make] of [odd].[assets] is 'B]2', else 0.
    f.[it's]]it],    -- Made of other columns of the row: CASE WHEN [n]]1] > 1 OR "n 2" IS NULL THEN N'it''s' ELSE [group] + ' --' END
    f.[next]]end]    -- Label: [end] of the first row of [odd].[ends] within the 12 hours after [time stamp], else "no'ne"; NULL while nobody knows.
FROM [odd].[O'Brien's viewFor] (NULL, NULL, NULL) AS f;
