CREATE OR ALTER VIEW [odd].[O'Brien's view]
AS
-- For a range use [odd].[O'Brien's viewFor]: a WHERE on this view does not reach below its windows.
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
    f.[it's]]it],
    f.[next]]end]
FROM [odd].[O'Brien's viewFor] (NULL, NULL, NULL) AS f;
