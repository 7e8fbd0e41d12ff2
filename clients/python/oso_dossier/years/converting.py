"""From one year to another, by way of the years between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.data_set import ROOT, YEARS, set_year, year_of
from oso_dossier.document import DossierDocument
from oso_dossier.documents import documents_of
from oso_dossier.errors import AttachmentMismatchError, StructureError
from oso_dossier.plan import dossier_plan
from oso_dossier.writing import check_structure
from oso_dossier.years.outcome import (
    CannotConvertError,
    Cause,
    Change,
    Conversion,
    Loss,
    Move,
    Reason,
)
from oso_dossier.years.passage import Passage
from oso_dossier.years.policy import Policy
from oso_dossier.years.steps import STEPS
from oso_dossier.years.tree import Block, built, grown, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.data_set import Year

_ROOT_PATH = f"/{ROOT}[1]"
_DEFAULT = Policy()


def convert(document: DossierDocument, to: Year, policy: Policy = _DEFAULT) -> Conversion:
    """Make the dossier of another year out of a dossier.

    Every value is in the new dossier, at the same path or where `moves` says; or `losses` tells
    that it is not, and why; or it is one of the few the converter replaces (`changes`).

    Args:
        document: The dossier; it stays as it is.
        to: The year to make.
        policy: What to do where the years leave a choice.

    Raises:
        StructureError: The dossier is not built as its own year says; nothing could be promised.
        AttachmentMismatchError: There are other attachments than the dossier names.
        CannotConvertError: The year has no dossier of this kind.

    """
    dossier = document.dossier
    findings = check_structure(dossier)
    if findings:
        raise StructureError(tuple(findings))
    named, given = len(documents_of(dossier)), len(document.attachments)
    if named != given:
        raise AttachmentMismatchError(min(named, given) + 1)
    source = year_of(dossier)
    root = grown(dossier)
    origins = []
    for leaf, path in placed(root, dossier_plan(source), _ROOT_PATH):
        leaf.origin = path
        origins.append(path)
    causes: dict[str, Cause] = {}
    for older, newer in _way(source, to):
        _step(root, older, newer, policy, causes)
    return _outcome(document, root, to, origins, causes)


def _way(source: Year, target: Year) -> Iterator[tuple[Year, Year]]:
    """Give the steps from one year to another."""
    first, last = YEARS.index(source), YEARS.index(target)
    direction = 1 if last > first else -1
    for index in range(first, last, direction):
        yield YEARS[index], YEARS[index + direction]


def _step(
    root: Block, source: Year, target: Year, policy: Policy, causes: dict[str, Cause]
) -> None:
    passage = Passage(root, source, target, policy, causes)
    step = STEPS.get((source.name, target.name))
    if step is not None:
        step(passage)
    for name in ("standaardversie", "validatieversie"):
        leaf = passage.metadata.leaf(name)
        if leaf is not None:
            leaf.set(getattr(target, name), passage.cause(Reason.VERSION))
    missing = passage.finish()
    if missing:
        losses = [Loss(path, cause) for path, cause in causes.items() if f"/{missing}[" in path]
        what = Loss(_ROOT_PATH, passage.cause(Reason.INCOMPLETE, missing))
        raise CannotConvertError(tuple(losses) or (what,))


def _outcome(
    document: DossierDocument,
    root: Block,
    year: Year,
    origins: list[str],
    causes: dict[str, Cause],
) -> Conversion:
    """Make the new dossier, and the account of every value of the old one."""
    places: dict[str, list[str]] = {}
    instead: dict[str, Loss] = {}
    changes: list[Change] = []
    for leaf, path in placed(root, dossier_plan(year), _ROOT_PATH):
        if leaf.replaced is None:
            places.setdefault(leaf.origin, []).append(path)
        elif leaf.is_loss:
            instead.setdefault(leaf.origin, Loss(leaf.origin, leaf.replaced, path))
        else:
            changes.append(Change(path, leaf.replaced, leaf.origin))
    accounted = {one.before for one in changes}
    unknown = Cause(Reason.NOT_IN_YEAR, year.name)
    losses = [
        instead.get(origin) or Loss(origin, causes.get(origin, unknown))
        for origin in origins
        if origin not in places and origin not in accounted
    ]
    moves = [
        Move(origin, path) for origin, paths in places.items() for path in paths if path != origin
    ]
    return Conversion(
        _document(document, root, year, places), tuple(losses), tuple(moves), tuple(changes)
    )


def _document(
    old: DossierDocument, root: Block, year: Year, places: dict[str, list[str]]
) -> DossierDocument:
    """Make the message; number the attachments that are left; spell values as they came."""
    dossier: Any = built(root)
    set_year(dossier, year)
    attachments = []
    for document in documents_of(dossier):
        facts = document.bestandsinhoud
        attachments.append(old.attachments[facts.part_number - 1])
        facts.part_number = len(attachments)
    for spelling in old.dossier.schrijfwijzen:
        for path in places.get(spelling.pad, []):
            dossier.schrijfwijzen.add(pad=path, tekst=spelling.tekst, knippen=spelling.knippen)
    return DossierDocument(dossier, tuple(attachments))
