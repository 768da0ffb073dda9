"""Schema ml: deployments of projects, so that each can be planned against and taken back."""

from __future__ import annotations

from alembic import op

revision = "ml_0004"
down_revision = "ml_0003"
branch_labels = None
depends_on = None

APPLIES = """\
CREATE TABLE ml.applies (
    apply_id int IDENTITY(1, 1) NOT NULL,
    project nvarchar(128) NOT NULL,
    label nvarchar(128) NULL,
    modules nvarchar(max) NOT NULL,
    undoes int NULL,
    package_version nvarchar(40) NOT NULL,
    applied_at datetime NOT NULL CONSTRAINT DF_applies_applied_at DEFAULT GETUTCDATE(),
    applied_by nvarchar(128) NOT NULL CONSTRAINT DF_applies_applied_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_applies PRIMARY KEY CLUSTERED (apply_id),
    CONSTRAINT FK_applies_undoes FOREIGN KEY (undoes) REFERENCES ml.applies (apply_id)
)"""

COLUMNS = """\
ALTER TABLE ml.deployments ADD
    apply_id int NULL,
    action nvarchar(20) NULL,
    source_sha256 binary(32) NULL,
    granted nvarchar(max) NULL,
    signing nvarchar(max) NULL,
    former_quoted_identifier bit NULL,
    former_ansi_nulls bit NULL,
    former_grants nvarchar(max) NULL,
    former_signing nvarchar(max) NULL,
    CONSTRAINT FK_deployments_applies FOREIGN KEY (apply_id) REFERENCES ml.applies (apply_id)"""


def upgrade() -> None:
    """Create the table and add the columns; a table has no definition, nor has what was dropped."""
    op.execute(APPLIES)
    op.execute(COLUMNS)
    op.execute("ALTER TABLE ml.deployments ALTER COLUMN definition nvarchar(max) NULL")
    op.execute("ALTER TABLE ml.deployments ALTER COLUMN definition_sha256 binary(32) NULL")
    op.execute("GRANT SELECT ON OBJECT::ml.applies TO ml_reader")


def downgrade() -> None:
    """Drop them; what was deployed stays."""
    op.execute("ALTER TABLE ml.deployments DROP CONSTRAINT FK_deployments_applies")
    op.execute(
        "ALTER TABLE ml.deployments DROP COLUMN apply_id, action, source_sha256, granted, signing,"
        " former_quoted_identifier, former_ansi_nulls, former_grants, former_signing"
    )
    op.execute("DELETE FROM ml.deployments WHERE definition IS NULL")
    op.execute("ALTER TABLE ml.deployments ALTER COLUMN definition nvarchar(max) NOT NULL")
    op.execute("ALTER TABLE ml.deployments ALTER COLUMN definition_sha256 binary(32) NOT NULL")
    op.drop_table("applies", schema="ml")
