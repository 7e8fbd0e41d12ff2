"""Small valid dossiers of each profile, to break one rule at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules import Finding, validate
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.dossier.v1.dossier_pb2 import Dossier

    Change = Callable[[Any], object]

SCHOOL = "/dossier[1]/huidigeschool[1]"
PUPIL = f"{SCHOOL}/leerling[1]"
METADATA = "/dossier[1]/metadata[1]"
PROFILES = ("POPO", "POVO", "VOVO", "BB", "POSWV", "VOSWV")
SUPPORT = ("POSWV", "VOSWV")
MOVES = ("POPO", "POVO", "VOVO")


def made(profile: str) -> Dossier:
    """Make a valid dossier of a profile: the same one each time, with no switch that forbids."""
    base = {"BB": "POVO", "POSWV": "POVO", "VOSWV": "VOVO"}.get(profile, profile)
    dossier: Dossier = generate(base, 5).dossier
    switches = dossier.metadata.categorie_uitlevering
    for field in switches.DESCRIPTOR.fields:
        if field.name.startswith("cat_") and field.name != "cat_zorgenbegeleiding":
            setattr(switches, field.name, "OPTIONEEL")
    if profile == "BB":
        dossier.overdrachtsoort = "overdrachtbinnenbrin"
    if profile in SUPPORT:
        dossier.overdrachtsoort, dossier.metadata.overstap = "swv-dossier", profile
        pupil = dossier.huidigeschool.leerling
        for name in ("bsn", "eindtoets_basisonderwijs", "voorschools", "vroegschools"):
            pupil.ClearField(name)
        for carer in pupil.verzorger:
            carer.ClearField("banknummer")
    return dossier


def errors(profile: str, change: Change) -> list[tuple[str, str]]:
    """Give what a change to a valid dossier breaks: rules with the places."""
    return _places(_checked(profile, change, warnings=False))


def warnings(profile: str, change: Change) -> list[tuple[str, str]]:
    """Give the warnings of the standard's own rules after a change."""
    found = _checked(profile, change, warnings=True)
    return _places([one for one in found if not one.rule.id.startswith("OSO.")])


def _checked(profile: str, change: Change, *, warnings: bool) -> tuple[Finding, ...]:
    dossier = made(profile)
    change(dossier)
    return validate(dossier, structure_checked=True, warnings=warnings).findings


def _places(findings: Any) -> list[tuple[str, str]]:
    return [(one.rule.id, one.location) for one in findings]


def pupil(change: Change) -> Change:
    """Make a change to a pupil one to a dossier."""
    return lambda dossier: change(dossier.huidigeschool.leerling)


def clear(*names: str) -> Change:
    """Take away fields of a message."""

    def change(message: Any) -> None:
        for name in names:
            message.ClearField(name)

    return change


def put(**values: Any) -> Change:
    """Set fields of a message to values."""

    def change(message: Any) -> None:
        for name, value in values.items():
            setattr(message, name, value)

    return change


def add(name: str) -> Change:
    """Make a field of a message be there, empty."""

    def change(message: Any) -> None:
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            items = getattr(message, name)
            items.add() if field.message_type is not None else items.append("x")
        elif field.message_type is not None:
            getattr(message, name).SetInParent()
        else:
            setattr(message, name, field.default_value)

    return change
