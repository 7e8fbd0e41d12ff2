"""Alembic's scripts for the tables of a school's end."""
