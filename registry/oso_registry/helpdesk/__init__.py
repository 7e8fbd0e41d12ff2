"""The helpdesk: tickets, and where and by whom a session went wrong."""
