CREATE TABLE [odd].[it's ü]]ber] (
    [asset]]id] nvarchar(40) NOT NULL,
    [time stamp] datetime NOT NULL,
    [predicted] nvarchar(10) NOT NULL,
    [p_no'ne] float NOT NULL,
    [p_e'1] float NOT NULL,
    [top_1] nvarchar(10) NOT NULL,
    [top_1_p] float NOT NULL,
    [top_2] nvarchar(10) NOT NULL,
    [top_2_p] float NOT NULL,
    [alert] bit NOT NULL,
    [model_version] int NOT NULL,
    [run_id] bigint NOT NULL,
    [scored_at] datetime NOT NULL,
    CONSTRAINT [PK_it's ü]]ber] PRIMARY KEY ([time stamp], [asset]]id], run_id),
    INDEX [IX_run_id_it's ü]]ber] (run_id)
);
