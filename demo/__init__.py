"""One dossier from school to school, for real: `python -m demo [DOSSIER.xml]`."""
