SET NOCOUNT ON;
DECLARE @schema sysname = N'odd', @object sysname = N'v]w',
    @column sysname, @kind varchar(6), @meaning nvarchar(3000), @is_there bit;
DECLARE @meanings TABLE (column_name sysname NULL, meaning nvarchar(3000) NOT NULL);
INSERT INTO @meanings (column_name, meaning)
VALUES (NULL, N''''),
    (N'asset]id', N'Whose row it is.'),
    (N'time stamp', N'The end of the slot of 6 hours, which belongs to it: what is stamped later is not known in the row.'),
    (N'score]smean_6h', N'Mean of [score]]s] of [odd].[read]]ings] over the 6 hours up to [time stamp].'),
    (N'selectmean_6h', N'Mean of [select] of [odd].[read]]ings] over the 6 hours up to [time stamp].'),
    (N'score]ssd_6h', N'Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 6 hours up to [time stamp].'),
    (N'selectsd_6h', N'Sample standard deviation of [select] of [odd].[read]]ings] over the 6 hours up to [time stamp].'),
    (N'score]smean_12h', N'Mean of [score]]s] of [odd].[read]]ings] over the 12 hours up to [time stamp].'),
    (N'selectmean_12h', N'Mean of [select] of [odd].[read]]ings] over the 12 hours up to [time stamp].'),
    (N'score]ssd_12h', N'Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 12 hours up to [time stamp].'),
    (N'selectsd_12h', N'Sample standard deviation of [select] of [odd].[read]]ings] over the 12 hours up to [time stamp].'),
    (N'score]smean_48h', N'Mean of [score]]s] of [odd].[read]]ings] over the 48 hours up to [time stamp].'),
    (N'selectmean_48h', N'Mean of [select] of [odd].[read]]ings] over the 48 hours up to [time stamp].'),
    (N'score]ssd_48h', N'Sample standard deviation of [score]]s] of [odd].[read]]ings] over the 48 hours up to [time stamp].'),
    (N'selectsd_48h', N'Sample standard deviation of [select] of [odd].[read]]ings] over the 48 hours up to [time stamp].'),
    (N'n]1', N'Number of rows of [odd].[log] with [kind''] "it''s" in the 12 hours up to [time stamp].'),
    (N'n 2', N'Number of rows of [odd].[log] with [kind''] '']'' in the 12 hours up to [time stamp].'),
    (N'alarms', N'Number of rows of [odd].[alarms] with [code] ''A'' in the 24 hours up to [time stamp].'),
    (N'since O''Brien', N'Days from the latest row of [odd].[visits] with [what] "O''Brien" to [time stamp]; NULL before it.'),
    (N'group', N'[group] of [odd].[assets].'),
    (N'built', N'[built] of [odd].[assets].'),
    (N'make_A''1', N'1 where [make] of [odd].[assets] is "A''1", else 0.'),
    (N'make_B]2', N'1 where [make] of [odd].[assets] is ''B]2'', else 0.'),
    (N'it''s]it', N'Made of other columns of the row: CASE WHEN [n]]1] > 1 OR "n 2" IS NULL THEN N''it''''s'' ELSE [group] + '' --'' END'),
    (N'next]end', N'Label: [end] of the first row of [odd].[ends] within the 12 hours after [time stamp], else "no''ne"; NULL while nobody knows.');
DECLARE wanted CURSOR LOCAL FORWARD_ONLY STATIC READ_ONLY FOR
    SELECT m.column_name, m.meaning, CASE WHEN p.major_id IS NULL THEN 0 ELSE 1 END
    FROM @meanings AS m
    LEFT JOIN sys.columns AS c
        ON c.object_id = OBJECT_ID(N'[odd].[v]]w]') AND c.name = m.column_name
    LEFT JOIN sys.extended_properties AS p
        ON p.class = 1 AND p.major_id = OBJECT_ID(N'[odd].[v]]w]')
            AND p.minor_id = COALESCE(c.column_id, 0) AND p.name = N'MS_Description'
    WHERE (m.column_name IS NULL OR c.column_id IS NOT NULL)
        AND (p.value IS NULL OR CAST(p.value AS nvarchar(3000)) <> m.meaning COLLATE Latin1_General_BIN2);
OPEN wanted;
FETCH NEXT FROM wanted INTO @column, @meaning, @is_there;
WHILE @@FETCH_STATUS = 0
BEGIN
    SET @kind = CASE WHEN @column IS NOT NULL THEN 'COLUMN' END;
    IF @is_there = 1
        EXEC sys.sp_updateextendedproperty N'MS_Description', @meaning, 'SCHEMA', @schema, N'VIEW', @object, @kind, @column;
    ELSE
        EXEC sys.sp_addextendedproperty N'MS_Description', @meaning, 'SCHEMA', @schema, N'VIEW', @object, @kind, @column;
    FETCH NEXT FROM wanted INTO @column, @meaning, @is_there;
END;
CLOSE wanted;
DEALLOCATE wanted;
SET NOCOUNT OFF;
