"""Dossiers, acts, requests and retrievals.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "las_dossier",
        sa.Column("number", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in (
                "state",
                "profile",
                "dossier_year",
                "number_kind",
                "pupil_number",
                "birth_date",
                "pupil_name",
            )
        ),
        sa.Column("collect_time", sa.BigInteger, nullable=False),
        sa.Column("dossier_sha256", sa.LargeBinary, nullable=False),
        sa.Column("target_brin", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("source_brin", sa.String, nullable=False),
    )
    op.create_index("las_dossier_pupil", "las_dossier", ["pupil_number", "birth_date"])
    op.create_table(
        "las_part",
        sa.Column(
            "dossier_number", sa.Integer, sa.ForeignKey("las_dossier.number"), primary_key=True
        ),
        sa.Column("part_number", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "las_act",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "dossier_number",
            sa.Integer,
            sa.ForeignKey("las_dossier.number"),
            nullable=False,
            index=True,
        ),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("remark", sa.String, nullable=False),
    )
    op.create_table(
        "las_request",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in (
                "session_id",
                "target_brin",
                "target_routing_key",
                "number_kind",
                "pupil_number",
                "birth_date",
            )
        ),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("unknown_pupil", sa.Boolean, nullable=False),
    )
    op.create_index("las_request_target", "las_request", ["target_brin", "time"])
    op.create_table(
        "las_retrieval",
        sa.Column("session_id", sa.String, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("source_brin", "number_kind", "pupil_number", "birth_date")
        ),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("opened", sa.LargeBinary, nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("close_request", sa.LargeBinary, nullable=False),
        sa.Column("dossier_number", sa.Integer),
    )
