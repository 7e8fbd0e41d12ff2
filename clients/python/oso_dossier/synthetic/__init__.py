"""Invented dossiers: plausible, complete, and of nobody.

The same profile and seed give the same dossier, byte for byte, everywhere.
docs/synthetic-dossiers.md says how to recognise what is invented.
"""

from oso_dossier.synthetic.generator import PROFILES, generate

__all__ = ["PROFILES", "generate"]
