-- [dbo].[FeaturesAndLabels]: rows of an entity by time.
CREATE INDEX [IX_PdM_telemetry_machineID_datetime]
    ON [dbo].[PdM_telemetry] ([machineID], [datetime])
    INCLUDE ([volt], [rotate], [pressure], [vibration]);
