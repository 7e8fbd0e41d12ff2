"""Kinds of transfer, and notifications.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns, and make the tables."""
    for table in ("las_dossier", "las_request", "las_retrieval"):
        op.add_column(
            table,
            sa.Column("kind", sa.String, nullable=False, server_default="overstapdossier"),
        )
    op.add_column(
        "las_retrieval", sa.Column("coupling_key", sa.String, nullable=False, server_default="")
    )
    op.create_index(
        "las_retrieval_wish", "las_retrieval", ["pupil_number", "birth_date", "coupling_key"]
    )
    op.create_table(
        "las_sent_notification",
        sa.Column("notification_id", sa.String, primary_key=True),
        sa.Column(
            "dossier_number",
            sa.Integer,
            sa.ForeignKey("las_dossier.number"),
            nullable=False,
            index=True,
        ),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("coupling_sha256", sa.LargeBinary, nullable=False, index=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("target", "target_routing_key", "account")
        ),
        sa.Column("time", sa.BigInteger, nullable=False, index=True),
        sa.Column("result", sa.String, nullable=False),
    )
    op.create_table(
        "las_received_notification",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("notification_id", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source_brin", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False, index=True),
        sa.Column("coupling_key", sa.String, nullable=False),
        sa.Column("key_expire_time", sa.BigInteger),
        sa.Column("time", sa.BigInteger, nullable=False, index=True),
        sa.Column("dossier_number", sa.Integer),
    )
