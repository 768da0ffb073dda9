"""Schema ml: the members of roles that projects have added."""

from __future__ import annotations

from sqlalchemy import Identity, Integer, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.mssql import BIT, NVARCHAR

from pymlsql.schema.columns import METADATA, ML, refers, required

ROLE_MEMBERS = Table(
    "role_members",
    METADATA,
    required("change_id", Integer, Identity()),
    required("apply_id", Integer),
    required("role_name", NVARCHAR(128)),
    required("member_name", NVARCHAR(128)),
    required("is_added", BIT),
    PrimaryKeyConstraint("change_id", name="PK_role_members"),
    refers("FK_role_members_applies", "apply_id", "applies.apply_id"),
    schema=ML,
)
