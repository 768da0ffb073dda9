"""Schema ml: each role reads what it needs and no more; which members of roles a project has added."""

from __future__ import annotations

from alembic import op

revision = "ml_0006"
down_revision = "ml_0005"
branch_labels = None
depends_on = None

# A row a change, never altered: the last one of a project, role and member says whether the project has added it.
ROLE_MEMBERS = """\
CREATE TABLE ml.role_members (
    change_id int IDENTITY(1, 1) NOT NULL,
    apply_id int NOT NULL,
    role_name nvarchar(128) NOT NULL,
    member_name nvarchar(128) NOT NULL,
    is_added bit NOT NULL,
    CONSTRAINT PK_role_members PRIMARY KEY CLUSTERED (change_id),
    CONSTRAINT FK_role_members_applies FOREIGN KEY (apply_id) REFERENCES ml.applies (apply_id)
)"""

FORMER_READERS = ("ml_admin", "ml_approver", "ml_publisher")

# What ml_reader could read, and its three members with it.
FORMERLY_READABLE = (
    "ml.models", "ml.model_versions", "ml.model_aliases", "ml.scoring_runs", "ml.deployments", "ml.experiments",
    "ml.runs", "ml.run_params", "ml.run_metrics", "ml.run_tags", "ml.run_artifacts", "ml.model_tags",
    "ml.model_version_tags", "ml.model_checks", "ml.events", "ml.policies", "ml.uploads", "ml.alembic_version",
    "ml.blobs (sha256, size_bytes, created_at)", "ml.applies", "ml.routes", "ml.route_ranges", "ml.route_shadows",
)  # fmt: skip

# Who releases models, and who decides about them, reads the registry and what led to a version.
REGISTRY = (
    "ml.models", "ml.model_versions", "ml.model_aliases", "ml.scoring_runs", "ml.experiments", "ml.runs",
    "ml.run_params", "ml.run_metrics", "ml.run_tags", "ml.run_artifacts", "ml.model_tags", "ml.model_version_tags",
    "ml.model_checks", "ml.events", "ml.policies", "ml.alembic_version", "ml.routes", "ml.route_ranges",
    "ml.route_shadows", "ml.blobs (sha256, size_bytes, created_at)",
)  # fmt: skip

# What is under way, and what has been deployed, is the administrators'.
READABLE = (
    *((readable, "ml_publisher, ml_approver, ml_admin") for readable in REGISTRY),
    ("ml.uploads", "ml_publisher, ml_admin"),
    ("ml.deployments", "ml_admin"),
    ("ml.applies", "ml_admin"),
    ("ml.role_members", "ml_admin"),
)

# The procedure comes after the migrations; where it is there, it was ml_reader's.
ARTIFACTS = "IF OBJECT_ID(N'ml.ReadArtifact', N'P') IS NOT NULL {statement}"


def upgrade() -> None:
    """Take from ml_reader what is not to be served, and give the others by name what came with it."""
    op.execute(ROLE_MEMBERS)
    for role in FORMER_READERS:
        op.execute(f"IF IS_ROLEMEMBER(N'ml_reader', N'{role}') = 1 ALTER ROLE ml_reader DROP MEMBER {role}")
    for readable in FORMERLY_READABLE:
        op.execute(f"REVOKE SELECT ON {readable} FROM ml_reader")
    for readable, roles in READABLE:
        op.execute(f"GRANT SELECT ON {readable} TO {roles}")
    op.execute(ARTIFACTS.format(statement="REVOKE EXECUTE ON ml.ReadArtifact FROM ml_reader"))


def downgrade() -> None:
    """Give it back; members that projects have added stay, and nobody remembers who added them."""
    op.execute("DROP VIEW IF EXISTS ml.scoring_history")
    op.execute("DROP TABLE ml.role_members")
    for readable, roles in READABLE:
        if readable != "ml.role_members":
            op.execute(f"REVOKE SELECT ON {readable} FROM {roles}")
    for readable in FORMERLY_READABLE:
        op.execute(f"GRANT SELECT ON {readable} TO ml_reader")
    for role in FORMER_READERS:
        op.execute(f"ALTER ROLE ml_reader ADD MEMBER {role}")
    op.execute(ARTIFACTS.format(statement="GRANT EXECUTE ON ml.ReadArtifact TO ml_reader"))
