"""Invitations, orders of certificates, blocked keys.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "invitation",
        sa.Column("token_sha256", sa.String, primary_key=True),
        sa.Column("system", sa.String, nullable=False, index=True),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("certificate", sa.String, nullable=False),
    )
    op.create_table(
        "certificate_order",
        sa.Column("certificate", sa.String, primary_key=True),
        sa.Column("system", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("request_sha256", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("system", "request_id"),
    )
    op.create_table(
        "blocked_key",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("update_time", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
