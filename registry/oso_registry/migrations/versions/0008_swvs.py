"""SWVs take part: their qualification, mandates and delivery points.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_REGISTERED = "1"


def upgrade() -> None:
    """Add what SWVs have; those that are there are registered, and no more than that."""
    registered = sa.Column("qualification", sa.Integer, nullable=False, server_default=_REGISTERED)
    op.add_column("swv", registered)
    of_oso = sa.Column("test_swv", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("swv", of_oso)
    for table in ("mandate", "delivery_point"):
        op.add_column(table, sa.Column("swv", sa.String, nullable=False, server_default=""))
        op.create_index(f"ix_{table}_swv", table, ["swv"])
