"""The documents of a dossier, wherever they stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.dossier.v1.document_pb2 import Document
from oso_dossier.errors import AttachmentMismatchError
from oso_dossier.plan import ranks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier


def documents_of(dossier: Dossier) -> list[Document]:
    """Give all documents with contents, in the order of the XML: that of the part numbers."""
    return [one for one in _documents(dossier) if one.HasField("bestandsinhoud")]


def attachments_of(dossier: Dossier, stored: Sequence[tuple[bytes, int]]) -> None:
    """Check that files, given as (digest, size), are the attachments a dossier names.

    Raises:
        AttachmentMismatchError: One is missing, too many, or another one.

    """
    documents = documents_of(dossier)
    for number, document in enumerate(documents, 1):
        facts = document.bestandsinhoud
        named = (facts.part_number, facts.sha256, facts.size)
        if number > len(stored) or named != (number, *stored[number - 1]):
            raise AttachmentMismatchError(number)
    if len(stored) > len(documents):
        raise AttachmentMismatchError(len(documents) + 1)


def _documents(message: Any) -> Iterator[Document]:
    if isinstance(message, Document):
        yield message
        return
    fields = message.ListFields()
    places = ranks(message.DESCRIPTOR)
    if places is not None:
        fields = sorted(fields, key=lambda one: places[one[0].number])
    for field, value in fields:
        if field.message_type is None:
            continue
        for one in value if field.is_repeated else (value,):
            yield from _documents(one)
