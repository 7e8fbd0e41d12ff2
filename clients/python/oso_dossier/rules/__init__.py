"""The rules a dossier must follow beyond its structure, and the findings they give."""
