"""Feedback of SWVs.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "las_feedback",
        sa.Column("feedback_id", sa.String, primary_key=True),
        sa.Column(
            "dossier_number",
            sa.Integer,
            sa.ForeignKey("las_dossier.number"),
            nullable=False,
            index=True,
        ),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("session_id", "sender", "outcome", "text")
        ),
        sa.Column("time", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "las_feedback_document",
        sa.Column(
            "feedback_id",
            sa.String,
            sa.ForeignKey("las_feedback.feedback_id"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
    )
