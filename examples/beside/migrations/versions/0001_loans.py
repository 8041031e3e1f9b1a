"""Loans and notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "loan",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("book", sa.String(200), nullable=False),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("lend_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_time", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
    )
    op.create_index("ix_notice_reader", "notice", ["reader"])


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("notice")
    op.drop_table("loan")
