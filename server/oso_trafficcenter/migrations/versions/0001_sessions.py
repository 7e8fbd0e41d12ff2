"""Sessions, journal and answers.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "session",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("source_brin", sa.String, nullable=False),
        sa.Column("target_brin", sa.String, nullable=False),
        sa.Column("target_system", sa.String, nullable=False),
        sa.Column("target_routing_key", sa.String, nullable=False),
        sa.Column("target_certificate_sha256", sa.LargeBinary, nullable=False),
        sa.Column("search_key", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.Column("close_time", sa.BigInteger),
        sa.Column("result", sa.Integer, nullable=False),
        sa.Column("source_routing_key", sa.String, nullable=False),
        sa.Column("manifest_sha256", sa.LargeBinary, nullable=False),
    )
    is_open = sa.text(
        "state = 1"
    )  # the number of SESSION_STATE_OPEN; the sweep asks for nothing else
    op.create_index(
        "session_open",
        "session",
        ["expire_time"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session_id", sa.String, nullable=False, index=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "answer",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("system_id", sa.String, primary_key=True),
        sa.Column("request_sha256", sa.LargeBinary, nullable=False),
        sa.Column("granted", sa.Boolean, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False, index=True),
    )
