"""What changed between two dossiers of one pupil, by meaning and not by position.

`compare` gives the changes as data; `Wording` tells them in Dutch or English, or as JSON. What an
item of a list is known by, what is secret and what people read stand in the contract.
"""

from oso_dossier.comparing.comparison import Change, Comparison, Kind, compare
from oso_dossier.comparing.wording import Wording

__all__ = ["Change", "Comparison", "Kind", "Wording", "compare"]
