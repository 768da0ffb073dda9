"""Jobs of a project on a server with an Agent: planned, applied, run, changed, edited by hand, removed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import connect, jobs, project
from pymlsql.deployment import applying
from pymlsql.errors import DeclarationError, DeploymentError, JobError
from pymlsql.jobs.pipeline import StepResult, run_pipeline
from pymlsql.project import Project
from pymlsql.toolkit import Toolkit
from tests import servers

TOML = """\
[project]
name = "shop"

[jobs.nightly]
description = "counts what there is"
schedule = ["30 2 * * *", { freq_type = 8, freq_interval = 65, freq_recurrence_factor = 2, active_start_time = 60000 }]
steps = [
    { name = "count", command = "INSERT INTO dbo.ShopCounts SELECT COUNT(*) FROM sys.objects" },
    { name = "tell", command = "PRINT N'it''s done'", retries = 1, retry_minutes = 3 },
]
"""
JOB = "shop: nightly"


def read(folder: Path, old: str = "", new: str = "") -> Project:
    assert old in TOML
    (folder / "pymlsql.toml").write_text(TOML.replace(old, new, 1), encoding="utf-8")
    return project.read(folder)


@pytest.fixture(scope="module")
def made() -> Iterator[Toolkit]:
    with servers.under_test() as target, connect(target.sqlalchemy_url) as found:
        found.upgrade()
        found.execute("CREATE TABLE dbo.ShopCounts (n int)")
        yield found


@pytest.fixture
def db(made: Toolkit) -> Iterator[Toolkit]:
    yield made
    for one in jobs.list_jobs(made):
        jobs.remove_job(made, one.name)


def changes(db: Toolkit, declared: Project) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.action, one.differences) for one in db.plan(declared).jobs if one.action != "same"]


def test_a_job_is_made_run_and_told_of(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    assert changes(db, declared) == [("create", ())]
    db.apply(declared)
    assert changes(db, declared) == []
    (status,) = jobs.list_jobs(db, "shop")
    assert (status.name, status.enabled, status.last_outcome) == (JOB, True, "never run")
    assert status.next_run is not None
    assert (status.next_run.hour, status.next_run.minute) in ((2, 30), (6, 0))
    seen: list[str] = []
    done = jobs.run_job(db, JOB, timeout_s=60, on_step=lambda row: seen.append(row.step))
    assert done is not None
    assert done.succeeded
    assert seen == ["count", "tell"]
    assert "it's done" in done.rows[1].message
    assert db.scalar("SELECT COUNT(*) FROM dbo.ShopCounts") == 1
    assert jobs.list_jobs(db)[0].last_outcome == "succeeded"
    assert [row.step_id for row in jobs.read_history(db, JOB)] == [0, 2, 1]


def test_a_changed_job_keeps_its_history(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path))
    jobs.run_job(db, JOB, timeout_s=60)
    changed = read(tmp_path, '"30 2 * * *", ', '"15 4 * * mon-fri", ')
    assert changes(db, changed) == [("alter", ("schedules",))]
    db.apply(changed)
    assert changes(db, changed) == []
    changed = read(tmp_path, "retries = 1", "retries = 2")
    assert changes(db, changed) == [("alter", ("steps", "schedules"))]
    db.apply(changed)
    assert changes(db, changed) == []
    assert len(jobs.read_history(db, JOB)) == 3
    shorter = read(tmp_path, 'schedule = ["30 2 * * *", {', "schedule = [{")
    db.apply(shorter)
    assert changes(db, shorter) == []
    assert db.scalar("SELECT COUNT(*) FROM msdb.dbo.sysschedules WHERE name LIKE N'shop%'") == 1


def test_a_job_that_was_edited_by_hand_is_not_overwritten_unasked(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    db.apply(declared)
    jobs.enable_job(db, JOB, enabled=False)
    db.execute(f"EXEC msdb.dbo.sp_update_jobstep @job_name = N'{JOB}', @step_id = 2, @command = N'PRINT 2'")
    with pytest.raises(DeploymentError, match=r"was changed on the server since it was applied \(enabled, steps\)"):
        db.apply(declared)
    db.apply(declared, overwrite=True)
    assert changes(db, declared) == []


def test_a_job_of_somebody_else_is_left_alone(db: Toolkit, tmp_path: Path) -> None:
    db.execute(f"EXEC msdb.dbo.sp_add_job @job_name = N'{JOB}'")
    with pytest.raises(DeploymentError, match="is there already, and no project made it"):
        db.apply(read(tmp_path))
    jobs.remove_job(db, JOB)
    db.apply(read(tmp_path))
    other = read(tmp_path, 'name = "shop"', 'name = "store"')
    renamed = (tmp_path / "pymlsql.toml").read_text().replace("[jobs.nightly]", f'[jobs.nightly]\nname = "{JOB}"')
    (tmp_path / "pymlsql.toml").write_text(renamed)
    assert other.name == "store"
    with pytest.raises(DeploymentError, match="belongs to the project shop"):
        db.apply(project.read(tmp_path), overwrite=True)


def test_a_job_that_is_declared_no_more_is_removed_and_one_that_is_gone_is_made_again(
    db: Toolkit, tmp_path: Path
) -> None:
    declared = read(tmp_path)
    db.apply(declared)
    jobs.remove_job(db, JOB)
    assert changes(db, declared) == [("create", ())]
    db.apply(declared)
    (tmp_path / "pymlsql.toml").write_text('[project]\nname = "shop"\n')
    empty = project.read(tmp_path)
    assert changes(db, empty) == [("drop", ())]
    db.apply(empty)
    assert jobs.list_jobs(db) == []


def test_a_step_that_fails_is_told_with_its_message(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path, "INSERT INTO dbo.ShopCounts SELECT COUNT(*) FROM sys.objects", "SELECT 1 / 0 AS n"))
    done = jobs.run_job(db, JOB, timeout_s=60)
    assert done is not None
    assert not done.succeeded
    assert "Divide by zero" in done.rows[0].message
    assert len(done.rows) == 2
    with pytest.raises(JobError, match="pymlsql job list shows which there are"):
        jobs.run_job(db, "nobody")


def test_steps_begin_with_the_options_that_indexed_views_want(db: Toolkit, tmp_path: Path) -> None:
    asked = "IF CONVERT(int, SESSIONPROPERTY('QUOTED_IDENTIFIER')) <> 1 THROW 50000, N'off', 1"
    db.apply(read(tmp_path, "INSERT INTO dbo.ShopCounts SELECT COUNT(*) FROM sys.objects", asked))
    done = jobs.run_job(db, JOB, timeout_s=60)
    assert done is not None
    assert done.succeeded, done.rows[0].message


def test_a_pipeline_runs_the_same_steps_and_resumes_where_it_failed(db: Toolkit, tmp_path: Path) -> None:
    work = "IF OBJECT_ID(N'dbo.ShopLate') IS NULL THROW 50000, N'not yet', 1"
    declared = read(tmp_path, "PRINT N'it''s done'", work)
    (job,) = declared.rendered_jobs
    before = db.scalar("SELECT COUNT(*) FROM dbo.ShopCounts")
    with pytest.raises(JobError, match="has not failed: run it without --resume"):
        run_pipeline(db, job, resume=True)
    waited: list[float] = []
    seen: list[StepResult] = []
    with pytest.raises(JobError, match="shop: nightly failed at step 2, tell: Msg 50000: not yet"):
        run_pipeline(db, job, on_step=seen.append, wait=waited.append)
    assert waited == [180.0]
    assert [(one.step, one.error is None) for one in seen] == [("count", True), ("tell", False), ("tell", False)]
    db.execute("CREATE TABLE dbo.ShopLate (a int)")
    try:
        (other,) = read(tmp_path, "retries = 1", "retries = 2").rendered_jobs
        with pytest.raises(JobError, match="was declared otherwise when it failed at tell"):
            run_pipeline(db, other, resume=True)
        number = run_pipeline(db, job, resume=True)
    finally:
        db.execute("DROP TABLE dbo.ShopLate")
    assert db.scalar("SELECT COUNT(*) FROM dbo.ShopCounts") == before + 1
    assert db.run(number).run.status == "finished"
    assert [run.status for run in db.runs("pipelines")] == ["finished", "failed"]


def test_one_run_of_a_pipeline_at_a_time(db: Toolkit, tmp_path: Path) -> None:
    (job,) = read(tmp_path, "PRINT N'it''s done'", "SELECT 1 / 0 AS n").rendered_jobs
    refused: list[str] = []

    def meanwhile(seconds: float) -> None:
        with pytest.raises(JobError, match="shop: nightly is running already: wait for its end") as raised:
            run_pipeline(db, job)
        refused.append(str(raised.value))

    for _ in range(2):  # the lock is free again behind a run that failed
        with pytest.raises(JobError, match="failed at step 2"):
            run_pipeline(db, job, wait=meanwhile)
    assert len(refused) == 2


def test_a_job_that_waits_for_its_next_try_is_stopped(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path, "PRINT N'it''s done'", "SELECT 1 / 0 AS n"))
    with pytest.raises(JobError, match=r"has not ended within 0\.5 s, and goes on"):
        jobs.run_job(db, JOB, timeout_s=0.5)
    jobs.stop_job(db, JOB)
    until = time.monotonic() + 30
    while not (rows := jobs.read_history(db, JOB)) or rows[0].step_id:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert rows[0].outcome == "canceled"
    with pytest.raises(JobError, match="not currently running"):
        jobs.stop_job(db, JOB)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"30 2 * * *"', '"30 2 * 1 *"', "line 6, jobs.nightly.schedule: .* names months"),
        ('"30 2 * * *"', '"61 2 * * *"', "line 6, .*'61' is no minute of cron"),
        ('"30 2 * * *"', "{ freq_type = 1, active_start_date = 20300101, active_end_date = 20291231 }", "Msg 14288"),
        ('"30 2 * * *"',
         "{ freq_type = 16, freq_interval = 30, freq_recurrence_factor = 12, active_start_date = 20240201 }",
         "line 6, .*never fires: none of the months that it comes to has a day 30"),
        ("freq_interval = 65", "freq_interval = 0", "line 6, .*Msg 14278: .*bitmask"),
        ('command = "PRINT N\'it\'\'s done\'"', 'command = " "', "line 9, jobs.nightly.steps.1: the command is empty"),
        ('command = "PRINT N\'it\'\'s done\'"', 'procedure = "scor"', "line 9, .*no procedure is called scor"),
        ('name = "tell"', 'name = "count"', "line 4, jobs.nightly: two steps have one name"),
        ("retries = 1", "retries = -1", "line 9, jobs.nightly.steps.1.retries: at least 0 is wanted"),
        ("[jobs.nightly]", f'[jobs.other]\nname = "{JOB}"\nsteps = [{{ name = "a", command = "b" }}]\n[jobs.nightly]',
         "jobs.other is called shop: nightly too"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        read(tmp_path, old, new)


def test_steps_may_name_another_database(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path, "retries = 1", 'retries = 1, database = "msdb"')
    db.apply(declared)
    assert changes(db, declared) == []


HEAD = "[jobs.nightly]\n"
OBSTACLES = {
    "an operator that is not there": (HEAD, f'{HEAD}notify = "nobody"\n', "notify: this server has no operator nobody"),
    "an owner that is not there": (HEAD, f'{HEAD}owner = "nobody"\n', "owner: this server has no login nobody"),
    "an owner who may not open the database": (
        HEAD, f'{HEAD}owner = "ShopBob"\n',
        r"owner: the login ShopBob may not open the database .*: CREATE USER \[ShopBob\]",
    ),
    "a database that is not there": (
        "retries = 1", 'retries = 1, database = "nowhere"', "steps: this server has no database nowhere"
    ),
    "a single time that is past": (
        '"30 2 * * *"', "{ freq_type = 1, active_start_date = 20200101, active_start_time = 10000 }",
        "schedule: The schedule never fires: it runs once, at 2020-01-01 01:00:00, and that is past",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def bob(made: Toolkit) -> Iterator[str]:
    made.execute("CREATE LOGIN ShopBob WITH PASSWORD = 'Vx9-rights-of-a-test', CHECK_POLICY = OFF")
    yield "ShopBob"
    made.execute("DROP LOGIN ShopBob")


@pytest.mark.parametrize("what", OBSTACLES)
def test_what_would_keep_a_job_from_running_is_told_by_the_plan(
    db: Toolkit, bob: str, tmp_path: Path, what: str
) -> None:
    old, new, sentence = OBSTACLES[what]
    declared = read(tmp_path, old, new)
    (found,) = [job.conflict or "" for job in db.plan(declared).jobs]
    assert found.startswith("jobs.nightly.")
    with pytest.raises(DeploymentError, match=f"^jobs.nightly.{sentence}.*. Nothing was changed"):
        db.apply(declared, overwrite=True)
    assert jobs.list_jobs(db) == []


def test_an_owner_who_may_not_execute_is_told_and_his_job_is_not_made(db: Toolkit, bob: str, tmp_path: Path) -> None:
    (job,) = read(tmp_path, HEAD, f'{HEAD}owner = "{bob}"\n').rendered_jobs
    db.execute("CREATE PROCEDURE dbo.ShopWork AS SELECT 1 AS one")
    db.execute(f"CREATE USER {bob} FOR LOGIN {bob}")
    change = jobs.JobChange(job.name, "create", dataclasses.replace(job, procedures=("[dbo].[ShopWork]",)))
    try:
        refused = pytest.raises(DeclarationError, match=r"nightly.owner: the login ShopBob may not execute \[dbo\]")
        with refused, db.connect(autocommit=True) as connection:
            applying.execute_jobs(connection, [change])
        assert jobs.list_jobs(db) == []
        db.execute(f"GRANT EXECUTE ON dbo.ShopWork TO {bob}")
        with db.connect(autocommit=True) as connection:
            applying.execute_jobs(connection, [change])
        assert len(jobs.list_jobs(db)) == 1
    finally:
        db.execute(f"DROP PROCEDURE dbo.ShopWork; DROP USER {bob}")


def test_who_is_notified_can_be_changed_and_ended(db: Toolkit, tmp_path: Path) -> None:
    db.execute("EXEC msdb.dbo.sp_add_operator @name = N'on call', @email_address = N'shop@example.com'")
    told = "SELECT notify_level_email, notify_email_operator_id FROM msdb.dbo.sysjobs WHERE name = ?"
    try:
        declared = read(tmp_path, HEAD, f'{HEAD}notify = "on call"\nnotify_on = "always"\n')
        db.apply(declared)
        assert changes(db, declared) == []
        assert db.rows(told, (JOB,))[0][0] == 3
        nobody = read(tmp_path)
        assert changes(db, nobody) == [("alter", ("notify", "notify_level"))]
        db.apply(nobody)
        assert changes(db, nobody) == []
        assert tuple(db.rows(told, (JOB,))[0]) == (0, 0)
    finally:
        db.execute("EXEC msdb.dbo.sp_delete_operator @name = N'on call'")


def test_who_has_waited_for_a_job_may_start_it_again(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path))
    for _ in range(5):
        done = jobs.run_job(db, JOB, timeout_s=60)
        assert done is not None
        assert jobs.list_jobs(db)[0].last_outcome == "succeeded"
    assert len(jobs.read_history(db, JOB)) == 15


def test_a_job_that_runs_is_listed_as_running(db: Toolkit, tmp_path: Path) -> None:
    work = "WHILE OBJECT_ID(N'dbo.ShopGo') IS NULL WAITFOR DELAY '00:00:00.050'"
    db.apply(read(tmp_path, "INSERT INTO dbo.ShopCounts SELECT COUNT(*) FROM sys.objects", work))
    jobs.run_job(db, JOB, wait=False)
    until = time.monotonic() + 30
    try:
        while (found := jobs.list_jobs(db)[0]).last_outcome != "running":
            assert time.monotonic() < until
            time.sleep(0.02)
        assert found.last_run is not None
    finally:
        db.execute("CREATE TABLE dbo.ShopGo (a int)")
    while jobs.list_jobs(db)[0].last_outcome == "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    db.execute("DROP TABLE dbo.ShopGo")
    assert jobs.list_jobs(db)[0].last_outcome == "succeeded"
