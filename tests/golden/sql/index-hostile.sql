-- [odd].[ro]]ws]: rows of an entity by time.
CREATE INDEX [IX_r'ows_k]]ey_w'hen]
    ON [odd].[r'ows] ([k]]ey], [w'hen])
    INCLUDE ([x]]], [y'y]);
