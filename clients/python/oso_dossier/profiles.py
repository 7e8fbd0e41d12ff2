"""The profiles a dossier can be checked as. Imports nothing: commands name them before all else."""

BB = "BB"
"""The profile of a transfer within one BRIN; the others have the name of their move (overstap)."""
PROFILES = ("POPO", "POVO", "VOVO", BB, "POSWV", "VOSWV")
"""The profiles of the standard."""
EXTENSIONS = ("VOMBO", "PORI")
"""Profiles beyond the standard: only for who asks for them."""
