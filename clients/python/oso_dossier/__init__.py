"""The transfer dossier as a document: read it, check its structure, write it. Knows no network.

A dossier is a message of the contract (`oso.dossier.v1.Dossier`) with its attachments beside it;
the two together are a `DossierDocument`. All that this package knows of the standard it takes from
the contract's descriptors and options.
"""

from oso_dossier.canonical import canonical
from oso_dossier.document import DossierDocument, dossier_bytes, parse_dossier
from oso_dossier.errors import (
    AttachmentMismatchError,
    DoctypeRefusedError,
    DossierXmlError,
    NotXmlError,
    Problem,
    StructureError,
    StructureFinding,
    TooLargeError,
    TooManyTagsError,
    WrongNamespaceError,
)
from oso_dossier.reading import DEFAULT_LIMIT, read_xml
from oso_dossier.writing import check_structure, write_xml, xml_blocks

__all__ = [
    "DEFAULT_LIMIT",
    "AttachmentMismatchError",
    "DoctypeRefusedError",
    "DossierDocument",
    "DossierXmlError",
    "NotXmlError",
    "Problem",
    "StructureError",
    "StructureFinding",
    "TooLargeError",
    "TooManyTagsError",
    "WrongNamespaceError",
    "canonical",
    "check_structure",
    "dossier_bytes",
    "parse_dossier",
    "read_xml",
    "write_xml",
    "xml_blocks",
]
