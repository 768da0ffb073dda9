CREATE TABLE [dbo].[CallPredictions] (
    [callID] int NOT NULL,
    [called_at] datetime NOT NULL,
    [predicted] nvarchar(3) NOT NULL,
    [p_no] float NOT NULL,
    [p_yes] float NOT NULL,
    [alert] bit NOT NULL,
    [model_version] int NOT NULL,
    [run_id] bigint NOT NULL,
    [scored_at] datetime NOT NULL,
    CONSTRAINT [PK_CallPredictions] PRIMARY KEY ([called_at], [callID], run_id),
    INDEX [IX_run_id_CallPredictions] (run_id)
);
