"""Qualification of schools, admission of suppliers, and how far the journal was read.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables, and the end of a school's trial."""
    op.add_column("school", sa.Column("trial_end_time", sa.BigInteger))
    _make(
        "qualification",
        sa.Column("steps", sa.String, nullable=False),
        sa.Column("evaluation", sa.String, nullable=False),
        sa.Column("last_decision", sa.String, nullable=False),
        sa.Column("suspended_state", sa.Integer, nullable=False),
        sa.Column("reinstate_time", sa.BigInteger),
        sa.Column("school", sa.String, nullable=False, index=True),
        sa.Column("certificate_seen", sa.Boolean, nullable=False),
        sa.Column("exchange_seen", sa.Boolean, nullable=False),
    )
    _make(
        "checklist_submission",
        sa.Column("checklist", sa.String, nullable=False),
        sa.Column("answers", sa.String, nullable=False),
        sa.Column("system", sa.String, nullable=False),
        sa.Column("no_count", sa.Integer, nullable=False),
        sa.Column("school", sa.String, nullable=False, index=True),
    )
    _make(
        "admission",
        sa.Column("points", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "journal_cursor",
        sa.Column("traffic_center", sa.String, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
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
