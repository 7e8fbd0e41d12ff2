"""A dossier on paper: the printout for parents ("uitdraai voor ouders"), as PDF or HTML.

Neither typst nor anything else that only printing needs is imported before the first print.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oso_dossier.document import DossierDocument

__all__ = ["to_html", "to_pdf"]


def to_pdf(document: DossierDocument, lang: str = "nl") -> bytes:
    """Print a dossier as PDF/A-2a and PDF/UA-1. The same dossier gives the same bytes.

    Args:
        document: The dossier with its attachments.
        lang: Language of the labels: `nl` or `en`.

    Raises:
        KeyError: There are no words in that language.

    """
    from oso_dossier.printing.content import printout  # noqa: PLC0415  import stays quick
    from oso_dossier.printing.pdf import render  # noqa: PLC0415

    return render(printout(document, lang))


def to_html(document: DossierDocument, lang: str = "nl") -> bytes:
    """Print a dossier as one HTML file (UTF-8) that loads nothing and runs nothing.

    Args:
        document: The dossier with its attachments.
        lang: Language of the labels: `nl` or `en`.

    Raises:
        KeyError: There are no words in that language.

    """
    from oso_dossier.printing.content import printout  # noqa: PLC0415  import stays quick
    from oso_dossier.printing.html import render  # noqa: PLC0415

    return render(printout(document, lang))
