"""What each role may do: actions as T-SQL, and the answer for each of those who try them.

0 is allowed; else the number of the error. docs/security.md holds the same as a table, which a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("ml_reader", "ml_scorer", "ml_publisher", "ml_approver", "ml_admin", "public", "db_owner")
"""Who tries: a member of one role each. `public` has a user in the database and nothing else."""

DENIED = 229
COLUMN_DENIED = 230

TOML = """\
[project]
name = "roles"

[features.facts]
view = "dbo.RoleFeatures"
entity = [{ name = "id", type = "int", parameter = "id" }]
time = "at"
rows = "facts"

[features.facts.sources]
facts = { table = "dbo.RoleFacts" }

[[features.facts.attributes]]
source = "facts"
columns = [{ name = "a", type = "float" }, { name = "b", type = "float" }]

[features.facts.label]
kind = "column"
column = "y"
name = "y"
type = "nvarchar(3)"
values = ["no", "yes"]

[procedures.score]
kind = "batch"
name = "dbo.RoleScore"
features = "facts"
model = "roles"
predictions = "dbo.RolePredictions"
served = "dbo.ServedRolePredictions"

[procedures.score_one]
kind = "single"
name = "dbo.RoleScoreOne"
features = "facts"
model = "roles"

[procedures.evaluate]
kind = "evaluate"
name = "dbo.RoleEvaluate"
features = "facts"
model = "roles"
served = "dbo.ServedRolePredictions"
evaluations = "dbo.RoleEvaluations"
confusion = "dbo.RoleConfusion"
"""

FACTS = """\
CREATE TABLE dbo.RoleFacts (id int NOT NULL, at datetime NOT NULL, a float, b float, y nvarchar(3));
INSERT INTO dbo.RoleFacts VALUES (1, '2024-01-01', 0.1, 0.9, N'no'), (2, '2024-01-01', 0.9, 0.1, N'yes');"""


@dataclass(frozen=True, slots=True)
class Action:
    """What is tried, in words and as a batch; who may, the number that others get, and whoever gets another one."""

    words: str
    sql: str
    allowed: tuple[str, ...]
    refused: int = DENIED
    others: tuple[tuple[str, int], ...] = ()

    def expected(self, role: str) -> int:
        """0, or the number of the error."""
        return 0 if role in self.allowed else dict(self.others).get(role, self.refused)


OWNER = ("db_owner",)
REGISTRY = ("ml_publisher", "ml_approver", "ml_admin", *OWNER)
RELEASE = ("ml_publisher", "ml_admin", *OWNER)
ADMIN = ("ml_admin", *OWNER)
BLOBS = tuple((role, COLUMN_DENIED) for role in ("ml_publisher", "ml_approver", "ml_admin"))

ACTIONS = (
    Action("score: execute a signed procedure", "EXEC dbo.RoleScoreOne @a = 0.5, @b = 0.5", ("ml_scorer", *OWNER)),
    Action("score a batch", "EXEC dbo.RoleScore", ("ml_scorer", *OWNER)),
    Action("evaluate predictions", "EXEC dbo.RoleEvaluate", OWNER),
    Action("read a served view", "SELECT * FROM dbo.ServedRolePredictions", ("ml_reader", *OWNER)),
    Action("read the views over it", "SELECT * FROM dbo.RolePredictionsLatest; "
           "SELECT * FROM dbo.RolePredictionsAtRisk; SELECT * FROM dbo.RolePredictionsDaily", ("ml_reader", *OWNER)),
    Action("read the runs that have ended: ml.scoring_history", "SELECT * FROM ml.scoring_history",
           ("ml_reader", *ADMIN)),
    Action("read a prediction table", "SELECT * FROM dbo.RolePredictions", OWNER),
    Action("read a feature view", "SELECT * FROM dbo.RoleFeatures", OWNER),
    Action("read a base table", "SELECT * FROM dbo.RoleFacts", OWNER),
    Action("read models and aliases", "SELECT * FROM ml.models; SELECT * FROM ml.model_aliases", REGISTRY),
    Action("read checks, policies and events", "SELECT * FROM ml.model_checks; SELECT * FROM ml.policies; "
           "SELECT * FROM ml.events", REGISTRY),
    Action("read scoring runs", "SELECT * FROM ml.scoring_runs", REGISTRY),
    Action("read training runs", "SELECT * FROM ml.runs; SELECT * FROM ml.run_metrics", REGISTRY),
    Action("read an artifact of a run", "EXEC ml.ReadArtifact {run}, N'f'", REGISTRY),
    Action("read how many bytes a model has", "SELECT sha256, size_bytes FROM ml.blobs", REGISTRY),
    Action("read the bytes: ml.blobs.data", "SELECT data FROM ml.blobs", OWNER, others=BLOBS),
    Action("pull a model: ml.ReadBlob", "EXEC ml.ReadBlob N'roles', 1, 0, 10", ADMIN),
    Action("register a version", "EXEC ml.RegisterVersion {version}", RELEASE),
    Action("check a version", "EXEC ml.CheckModel N'roles', 1", REGISTRY),
    Action("move an alias", "EXEC ml.PromoteModel N'roles', 1, N'free'", REGISTRY),
    Action("move a protected alias", "EXEC ml.PromoteModel N'roles', 2, N'champion'", ("ml_approver", *OWNER),
           others=(("ml_publisher", 51037), ("ml_admin", 51037))),
    Action("change a route", "EXEC ml.SetRoute N'roles', N'{\"champion\": 100}'", ("ml_approver", *OWNER),
           others=(("ml_admin", 51037),)),
    Action("archive a version", "EXEC ml.ArchiveVersion N'roles', 2", RELEASE),
    Action("set a policy", "EXEC ml.SetPolicy N'scan', N'report'", ADMIN),
    Action("delete a version", "EXEC ml.DeleteVersion N'roles', 2", ADMIN),
    Action("purge", "EXEC ml.PurgeModels", ADMIN),
    Action("start a run", "EXEC ml.StartRun N'roles'", RELEASE),
    Action("write to the tables of schema ml", "UPDATE ml.model_aliases SET version = 1", OWNER),
    Action("read what was deployed", "SELECT * FROM ml.deployments; SELECT * FROM ml.applies; "
           "SELECT * FROM ml.role_members", ADMIN),
    Action("alter a procedure", "ALTER PROCEDURE dbo.RoleScore AS SELECT 1 AS one", OWNER, refused=3701),
    Action("create a table", "CREATE TABLE dbo.RoleOwn (a int)", OWNER, refused=262),
    Action("add a member to a role", "ALTER ROLE ml_admin ADD MEMBER role_public", OWNER, refused=15151),
    Action("run Python: sp_execute_external_script",
           "EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1'", OWNER,
           refused=262),
    Action("read jobs: msdb.dbo.sysjobs", "SELECT * FROM msdb.dbo.sysjobs", ()),
)  # fmt: skip
"""Each in the order of the table."""


def render_table() -> str:
    """The table of docs/security.md."""
    lines = [f"| action | {' | '.join(f'`{role}`' for role in ROLES)} |", "|---" * (len(ROLES) + 1) + "|"]
    for action in ACTIONS:
        cells = [action.expected(role) for role in ROLES]
        lines.append(f"| {action.words} | {' | '.join(str(cell) if cell else 'yes' for cell in cells)} |")
    return "\n".join(lines)
