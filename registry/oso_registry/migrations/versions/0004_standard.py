"""The standard: dossier years, and the test-code table with its releases.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    _make(
        "dossier_year",
        sa.Column("start_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger),
    )
    _make(
        "test_code_release",
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("code_count", sa.Integer, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("publish_time", sa.BigInteger),
    )
    _make(
        "test_code",
        sa.Column("release", sa.String, nullable=False, index=True),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("publisher", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("part", sa.Boolean, nullable=False),
        sa.Column("norm_scales", sa.String, nullable=False),
        sa.Column("start_date", sa.String, nullable=False),
        sa.Column("end_date", sa.String),
        sa.Column("searched", sa.String, nullable=False),
    )
    op.create_table(
        "test_code_file",
        sa.Column("release", sa.String, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
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
