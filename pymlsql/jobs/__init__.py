"""Jobs of SQL Server Agent: declared, rendered as T-SQL against msdb, compared with what is there, run."""

from pymlsql.jobs.declaration import Job, JobStep, parse
from pymlsql.jobs.obstacles import check_owner, find_obstacles
from pymlsql.jobs.operations import enable_job, list_jobs, read_history, remove_job, run_job, stop_job
from pymlsql.jobs.rendering import RenderedJob, render_job
from pymlsql.jobs.state import JobChange, has_agent, plan_jobs, read_jobs

__all__ = [
    "Job", "JobChange", "JobStep", "RenderedJob", "check_owner", "enable_job", "find_obstacles", "has_agent",
    "list_jobs", "parse", "plan_jobs", "read_history",
    "read_jobs", "remove_job", "render_job", "run_job", "stop_job",
]  # fmt: skip
