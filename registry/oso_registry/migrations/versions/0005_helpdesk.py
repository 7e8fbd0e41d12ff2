"""Tickets and their notes.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    _make(
        "ticket",
        sa.Column("reporter", sa.String, nullable=False, index=True),
        sa.Column("filed_by", sa.String, nullable=False),
        sa.Column("school", sa.String, nullable=False, index=True),
        sa.Column("session_id", sa.String, nullable=False, index=True),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("assignee", sa.String, nullable=False, index=True),
        sa.Column("searched", sa.String, nullable=False),
    )
    _make(
        "ticket_note",
        sa.Column("ticket", sa.String, nullable=False, index=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("internal", sa.Boolean, nullable=False),
        sa.Column("action", sa.Integer, nullable=False),
        sa.Column("searched", sa.String, nullable=False),
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
