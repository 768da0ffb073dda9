CREATE OR ALTER VIEW [dbo].[FeaturesAndLabels]
AS
-- For a range use [dbo].[FeaturesAndLabelsFor]: a WHERE on this view does not reach below its windows.
SELECT
    f.[machineID],    -- Whose row it is.
    f.[datetime],    -- The end of the slot of 3 hours, which belongs to it: what is stamped later is not known in the row.
    f.[voltmean_3h],    -- Mean of [volt] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[rotatemean_3h],    -- Mean of [rotate] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[pressuremean_3h],    -- Mean of [pressure] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[vibrationmean_3h],    -- Mean of [vibration] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[voltsd_3h],    -- Sample standard deviation of [volt] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[rotatesd_3h],    -- Sample standard deviation of [rotate] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[pressuresd_3h],    -- Sample standard deviation of [pressure] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[vibrationsd_3h],    -- Sample standard deviation of [vibration] of [dbo].[PdM_telemetry] over the 3 hours up to [datetime].
    f.[voltmean_24h],    -- Mean of [volt] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[rotatemean_24h],    -- Mean of [rotate] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[pressuremean_24h],    -- Mean of [pressure] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[vibrationmean_24h],    -- Mean of [vibration] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[voltsd_24h],    -- Sample standard deviation of [volt] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[rotatesd_24h],    -- Sample standard deviation of [rotate] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[pressuresd_24h],    -- Sample standard deviation of [pressure] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[vibrationsd_24h],    -- Sample standard deviation of [vibration] of [dbo].[PdM_telemetry] over the 24 hours up to [datetime].
    f.[error1count],    -- Number of rows of [dbo].[PdM_errors] with [errorID] 'error1' in the 24 hours up to [datetime].
    f.[error2count],    -- Number of rows of [dbo].[PdM_errors] with [errorID] 'error2' in the 24 hours up to [datetime].
    f.[error3count],    -- Number of rows of [dbo].[PdM_errors] with [errorID] 'error3' in the 24 hours up to [datetime].
    f.[error4count],    -- Number of rows of [dbo].[PdM_errors] with [errorID] 'error4' in the 24 hours up to [datetime].
    f.[error5count],    -- Number of rows of [dbo].[PdM_errors] with [errorID] 'error5' in the 24 hours up to [datetime].
    f.[comp1],    -- Days from the latest row of [dbo].[PdM_maint] with [comp] 'comp1' to [datetime]; NULL before it.
    f.[comp2],    -- Days from the latest row of [dbo].[PdM_maint] with [comp] 'comp2' to [datetime]; NULL before it.
    f.[comp3],    -- Days from the latest row of [dbo].[PdM_maint] with [comp] 'comp3' to [datetime]; NULL before it.
    f.[comp4],    -- Days from the latest row of [dbo].[PdM_maint] with [comp] 'comp4' to [datetime]; NULL before it.
    f.[age],    -- [age] of [dbo].[PdM_machines].
    f.[model_model1],    -- 1 where [model] of [dbo].[PdM_machines] is 'model1', else 0.
    f.[model_model2],    -- 1 where [model] of [dbo].[PdM_machines] is 'model2', else 0.
    f.[model_model3],    -- 1 where [model] of [dbo].[PdM_machines] is 'model3', else 0.
    f.[model_model4],    -- 1 where [model] of [dbo].[PdM_machines] is 'model4', else 0.
    f.[failure]    -- Label: [failure] of the first row of [dbo].[PdM_failures] within the 24 hours after [datetime], else 'none'; NULL while nobody knows.
FROM [dbo].[FeaturesAndLabelsFor] (NULL, NULL, NULL) AS f;
