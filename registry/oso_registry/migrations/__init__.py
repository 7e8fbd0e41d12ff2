"""Alembic's scripts of OfficeHeart."""
