SET NOCOUNT ON;
DECLARE @schema sysname = N'dbo', @object sysname = N'V',
    @column sysname, @kind varchar(6), @meaning nvarchar(3000), @is_there bit;
DECLARE @meanings TABLE (column_name sysname NULL, meaning nvarchar(3000) NOT NULL);
INSERT INTO @meanings (column_name, meaning)
VALUES (NULL, N'A view.'),
    (N'a', N'b');
DECLARE wanted CURSOR LOCAL FORWARD_ONLY STATIC READ_ONLY FOR
    SELECT m.column_name, m.meaning, CASE WHEN p.major_id IS NULL THEN 0 ELSE 1 END
    FROM @meanings AS m
    LEFT JOIN sys.columns AS c
        ON c.object_id = OBJECT_ID(N'[dbo].[V]') AND c.name = m.column_name
    LEFT JOIN sys.extended_properties AS p
        ON p.class = 1 AND p.major_id = OBJECT_ID(N'[dbo].[V]')
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
