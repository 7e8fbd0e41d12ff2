"""Notifications with their coupling keys, and sessions of SWVs.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table, and the column."""
    op.add_column("session", sa.Column("target_swv", sa.String, nullable=False, server_default=""))
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.String, primary_key=True),
        sa.Column("kind", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in (
                "source_brin",
                "source_routing_key",
                "target",
                "target_routing_key",
                "session_id",
            )
        ),
        sa.Column("coupling_sha256", sa.LargeBinary, nullable=False, index=True),
        sa.Column("issue_time", sa.BigInteger, nullable=False, index=True),
        sa.Column("key_expire_time", sa.BigInteger),
        sa.Column("use_time", sa.BigInteger),
    )
    op.create_index(
        "notification_between",
        "notification",
        ["source_brin", "target_routing_key", "issue_time"],
    )
