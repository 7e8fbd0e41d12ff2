"""Run in a process of its own with the contract of the made-up year: what it sees, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import plug_in  # type: ignore[import-not-found]
import protovalidate

from oso_dossier import DossierDocument, StructureError, check_structure, read_xml, write_xml
from oso_dossier.labels import codes, meaning
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate
from oso_dossier.years import YEARS, convert, year_named, year_of

assert plug_in
NEW, OLD = year_named("2020.1"), year_named("2019.1")


def _structure(document: DossierDocument) -> list[str]:
    codec = [f"{one.problem.name} {one.detail}" for one in check_structure(document.dossier)]
    contract = [one.proto.rule_id for one in protovalidate.collect_violations(document.dossier)]
    return codec + contract


def _refused(xml: bytes) -> list[str]:
    try:
        read_xml(xml)
    except StructureError as error:
        return [f"{one.problem.name} {one.path.rpartition('/')[2]}" for one in error.findings]
    return []


def _errors(document: DossierDocument) -> list[str]:
    return [one.rule.id for one in validate(document.dossier).errors]


old = generate("POVO", 7)
pupil = old.dossier.huidigeschool.leerling
pupil.nnca = "1"
up = convert(old, NEW)
new = up.document
new.dossier.huidigeschool.leerling.overstapadvies.advies = "90"
xml = write_xml(new)
down = convert(new, OLD)
in_wrong_year = DossierDocument(type(new.dossier).FromString(new.dossier.SerializeToString()))
in_wrong_year.dossier.gegevensset = ""
text = xml.decode()
oldest = convert(old, YEARS[0])

with_new_code = generate("POVO", 7)
with_new_code.dossier.huidigeschool.leerling.overstapadvies.advies = "90"
checked = {"old": old, "new": new, "back": down.document, "new code in old year": with_new_code}
seen = {
    "years": [year.name for year in YEARS],
    "namespace": NEW.namespace in text,
    "order": text.index("<roepnaam>") < text.index("<voorkeursnaam>") < text.index("<bsn>"),
    "read": read_xml(xml) == new,
    "year": year_of(read_xml(xml).dossier).name,
    "header": new.dossier.metadata.standaardversie,
    "up": [one.path.rpartition("/")[2] for one in up.losses],
    "filled": [one.path.rpartition("/")[2] for one in up.changes],
    "down": [f"{one.path.rpartition('/')[2]} {one.cause.reason.name}" for one in down.losses],
    "advice": down.document.dossier.huidigeschool.leerling.overstapadvies.advies,
    "structure": _structure(new),
    "structure of the old": _structure(old),
    "back": _structure(down.document),
    "in the wrong year": _structure(in_wrong_year),
    "old file with the new field": _refused(
        write_xml(old).replace(b"</roepnaam>", b"</roepnaam><voorkeursnaam>x</voorkeursnaam>", 1)
    ),
    "rules": {name: _errors(one) for name, one in checked.items()},
    "codes": {year.name: "90" in codes(2, year.name) for year in (OLD, NEW)},
    "meaning": meaning(2, "90"),
    "chain": year_of(convert(oldest.document, NEW).document.dossier).name,
}
Path(sys.argv[1]).write_text(json.dumps(seen), encoding="utf-8")
