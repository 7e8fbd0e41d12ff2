"""Audit trail, replies, systems and certificates.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False, index=True),
        sa.Column("system_id", sa.String, nullable=False, index=True),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False, index=True),
        sa.Column("message_type", sa.String, nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
    )
    op.create_table(
        "reply",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("system_id", sa.String, primary_key=True),
        sa.Column("request_sha256", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "system",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("update_time", sa.BigInteger, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("owner", sa.String, nullable=False, index=True),
        sa.Column("auditor", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "certificate",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("update_time", sa.BigInteger, nullable=False),
        sa.Column("system", sa.String, nullable=False, index=True),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False, index=True),
        sa.Column("public_key_sha256", sa.LargeBinary, nullable=False, index=True),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("expire_time", sa.BigInteger),
        sa.Column("issuer_sha256", sa.String, nullable=False),
        sa.Column("pem", sa.String, nullable=False),
        sa.Column("revoke_time", sa.BigInteger),
        sa.Column("revocation_reason", sa.Integer, nullable=False),
        sa.Column("revoker", sa.String, nullable=False),
    )
