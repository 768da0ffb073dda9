-- [odd].[O'Brien's view]: a range of time, of all entities.
CREATE INDEX [IX_read]]ings_time stamp_asset]]id]
    ON [odd].[read]]ings] ([time stamp], [asset]]id])
    INCLUDE ([score]]s], [select]);
