"""Care (zorg, until 2018.1.1) and support (onderwijsondersteuning, since 2019.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.dossier.v1.ondersteuning_pb2 import (
    ArrangementCluster12,
    Diagnose,
    Onderwijsondersteuning,
    Opp,
    ToelichtingOnderwijsbehoeften,
)
from oso.dossier.v1.persoon_pb2 import Persoon
from oso.dossier.v1.zorg_pb2 import Zorg
from oso_dossier.years.outcome import Reason
from oso_dossier.years.tree import Block, Leaf

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

    from oso_dossier.years.passage import Passage
    from oso_dossier.years.tree import Node

SWITCH, OLD_SWITCH = "cat_onderwijsondersteuning", "cat_zorgenbegeleiding"
_SAME = ("medicijngebruik", "tlv", "lwoo", "rvc")
_FAMILY_DOCTOR = "huisarts"


def to_support(passage: Passage) -> None:
    """Turn care into support, with the plans of action in it and a doctor beside it."""
    _rename_switch(passage, OLD_SWITCH, SWITCH)
    pupil = passage.pupil
    support = Block(Onderwijsondersteuning.DESCRIPTOR)
    for care in pupil.take("zorg"):
        if isinstance(care, Block):
            _carry(care, support)
            support.put("diagnose", _as(care, "diagnose", Diagnose.DESCRIPTOR))
            arrangements = _as(care, "arrangement", ArrangementCluster12.DESCRIPTOR)
            support.put("arrangement_cluster12", arrangements)
            _carry_opp(passage, care, support)
            _carry_doctor(passage, care)
            passage.drop(care, passage.cause(Reason.NOT_IN_YEAR))
    for life in pupil.take("sefunctioneren"):
        if isinstance(life, Block):
            _explain(passage, life, support)
            passage.drop(life, passage.cause(Reason.NOT_IN_YEAR))
    support.put("handelingsplan", pupil.take("handelingsplanlijst"))
    if support.children:
        pupil.put("onderwijsondersteuning", [support])


def to_care(passage: Passage) -> None:
    """Turn support into care, with the plans of action beside it and the doctor in it."""
    _rename_switch(passage, SWITCH, OLD_SWITCH)
    pupil = passage.pupil
    care = Block(Zorg.DESCRIPTOR)
    for support in pupil.take("onderwijsondersteuning"):
        if isinstance(support, Block):
            _carry(support, care)
            for diagnosis in support.take("diagnose"):
                care.put("diagnose", _one_code_each(diagnosis))
            arrangement = Zorg.DESCRIPTOR.nested_types_by_name["Arrangement"]
            care.put("arrangement", _as(support, "arrangement_cluster12", arrangement))
            care.put("opp", _as(support, "opp", Zorg.DESCRIPTOR.nested_types_by_name["Opp"]))
            pupil.put("handelingsplanlijst", support.take("handelingsplan"))
            passage.drop(support, passage.cause(Reason.NOT_IN_YEAR))
    doctors = _as(pupil, "huisarts", Zorg.DESCRIPTOR.nested_types_by_name["Arts"])
    for doctor in doctors:
        if passage.is_open(OLD_SWITCH):
            made = Leaf(_FAMILY_DOCTOR, replaced=passage.cause(Reason.ROLE_ADDED))
            doctor.put("soort", [made])
            care.put("artslijst", [doctor])
        else:
            passage.drop(doctor, passage.cause(Reason.SWITCHED_OFF, OLD_SWITCH))
    if care.children:
        pupil.put("zorg", [care])


def _rename_switch(passage: Passage, old: str, new: str) -> None:
    switches = passage.metadata.block("categorie_uitlevering")
    if switches is not None:
        switches.put(new, switches.take(old))


def _carry(source: Block, target: Block) -> None:
    for name in _SAME:
        target.put(name, source.take(name))


def _as(block: Block, name: str, descriptor: Descriptor) -> list[Block]:
    """Take blocks away to use them as another message with the same fields."""
    found = [one for one in block.take(name) if isinstance(one, Block)]
    for one in found:
        one.descriptor = descriptor
    return found


def _carry_opp(passage: Passage, care: Block, support: Block) -> None:
    """Keep one development perspective, with the documents of all."""
    perspectives = _as(care, "opp", Opp.DESCRIPTOR)
    if not perspectives:
        return
    documents = [node for one in perspectives for node in one.take("document")]
    kept = perspectives[0]
    if passage.policy.opp == "latest":
        kept = max(perspectives, key=_begin)
    for one in perspectives:
        if one is not kept:
            passage.drop(one, passage.cause(Reason.ONLY_ONE))
    kept.put("document", documents)
    support.put("opp", [kept])


def _begin(perspective: Block) -> tuple[int, int, int]:
    leaf = perspective.leaf("opp_ingangdatum")
    return (leaf.value.year, leaf.value.month, leaf.value.day) if leaf is not None else (0, 0, 0)


def _carry_doctor(passage: Passage, care: Block) -> None:
    """Make one of the doctors the huisarts."""
    doctors = _as(care, "artslijst", Persoon.DESCRIPTOR)
    family = [one for one in doctors if _FAMILY_DOCTOR in one.text("soort").lower()]
    if passage.policy.doctor == "family-or-first":
        family = family or doctors
    for one in doctors:
        if one in family[:1]:
            _strip_doctor(passage, one)
            passage.pupil.put("huisarts", [one])
        else:
            passage.drop(one, passage.cause(Reason.NO_FAMILY_DOCTOR))


def _strip_doctor(passage: Passage, doctor: Block) -> None:
    """Take away what a huisarts may not have."""
    unwanted = [
        (("soort", "geboortedatum"), Reason.NOT_IN_YEAR),
        (("roepnaam", "geslacht"), Reason.NOT_OF_DOCTOR),
    ]
    secret = doctor.leaf("adresgeheim")
    if secret is not None and secret.value:  # without the mark the address may not travel either
        unwanted.append((("adresgeheim", "adreslijst"), Reason.SECRET))
    for names, reason in unwanted:
        for name in names:
            for node in doctor.take(name):
                passage.drop(node, passage.cause(reason))


def _explain(passage: Passage, life: Block, support: Block) -> None:
    """Use a report as the explanation of needs, where support is mandatory and has nothing else."""
    switch = passage.switch(SWITCH)
    documents = life.children.get("document", [])
    if (
        passage.policy.explanation == "document"
        and documents
        and not support.children
        and switch is not None
        and switch.value == "VERPLICHT"
    ):
        explanation = Block(ToelichtingOnderwijsbehoeften.DESCRIPTOR)
        explanation.put("document", [documents.pop(0)])
        support.put("toelichting_onderwijsbehoeften", [explanation])


def _one_code_each(diagnosis: Node) -> list[Node]:
    """Split a diagnosis of several codes: each code with the same facts; documents stay once."""
    if not isinstance(diagnosis, Block):
        return []
    descriptor = Zorg.DESCRIPTOR.nested_types_by_name["Diagnose"]
    codes = diagnosis.take("code")
    split: list[Node] = []
    for number, code in enumerate(codes):
        one = Block(descriptor, {"code": [code]})
        for name, nodes in diagnosis.children.items():
            if name == "document":
                one.put(name, [] if number else nodes)
            else:
                one.put(
                    name,
                    [Leaf(node.value, node.origin) for node in nodes if isinstance(node, Leaf)],
                )
        split.append(one)
    return split
