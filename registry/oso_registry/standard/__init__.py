"""Maintenance of the standard: the test-code table, and which years are accepted."""
