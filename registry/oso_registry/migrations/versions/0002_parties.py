"""Who takes part, mandates and delivery points.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    for name in ("board", "swv", "regional_initiative"):
        _make(name, *_party())
    _make("supplier", *_party(), sa.Column("admission", sa.Integer, nullable=False))
    _make(
        "school",
        *_party(),
        sa.Column("board", sa.String, nullable=False, index=True),
        sa.Column("sector", sa.Integer, nullable=False),
        sa.Column("locations", sa.String, nullable=False),
        sa.Column("qualification", sa.Integer, nullable=False),
        sa.Column("test_school", sa.Boolean, nullable=False),
    )
    _make(
        "product",
        sa.Column("supplier", sa.String, nullable=False, index=True),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("qualifications", sa.String, nullable=False),
        sa.Column("searched", sa.String, nullable=False),
    )
    _make(
        "mandate",
        sa.Column("board", sa.String, nullable=False),
        sa.Column("school", sa.String, nullable=False, index=True),
        sa.Column("supplier", sa.String, nullable=False, index=True),
        sa.Column("kinds", sa.String, nullable=False),
        sa.Column("start_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("revoke_time", sa.BigInteger),
        sa.Column("revoke_reason", sa.String, nullable=False),
    )
    _make(
        "delivery_point",
        sa.Column("school", sa.String, nullable=False, index=True),
        sa.Column("vestiging", sa.String, nullable=False),
        sa.Column("mandate", sa.String, nullable=False, index=True),
        sa.Column("system", sa.String, nullable=False, index=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("product", sa.String, nullable=False, index=True),
        sa.Column("kinds", sa.String, nullable=False),
        sa.Column("dossier_years", sa.String, nullable=False),
        sa.Column("start_time", sa.BigInteger),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )


def _make(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("update_time", sa.BigInteger, nullable=False),
        *columns,
    )


def _party() -> list[sa.Column[object]]:
    return [
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("searched", sa.String, nullable=False),
    ]
