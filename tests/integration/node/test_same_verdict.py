"""The contract says the same in Node as in Python: what a dossier must be is written down once."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import protovalidate
import pytest
from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]

from oso_dossier import check_structure, read_xml
from oso_dossier.place import spell
from oso_dossier.plan import Kind, dossier_plan
from oso_dossier.rules import validate
from oso_dossier.rules.rule import FILE

from ...unit.dossier.official import mutants  # noqa: TID252  tests are no package
from .changed import changed_codes, changed_structure
from .conftest import ROOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.place import Place

pytestmark = pytest.mark.slow

# Rule and field, such as ("CL.14", "huidigeschool.leerling.verzorger[1].geslacht").
_Violation = tuple[str, str]
_PART_OF_FILE = "/dossier[1]/metadata[1]/deeldossier[1]"


def in_node(node: str, dossiers: Sequence[Dossier]) -> list[list[_Violation]]:
    """Give what `@bufbuild/protovalidate` says of each dossier."""
    content = b"".join(_VarintBytes(one.ByteSize()) + one.SerializeToString() for one in dossiers)
    done = subprocess.run(
        [node, ROOM / "validate.mjs"], input=content, capture_output=True, check=False
    )
    assert b"" == done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    found = [[(one["rule"], one["path"]) for one in each["violations"]] for each in told]
    assert int(any(found)) == done.returncode
    return found


def in_python(dossier: Dossier) -> list[_Violation]:
    """Give what protovalidate for Python says of a dossier."""
    return [
        (one.proto.rule_id, _field_path(one.proto.field))
        for one in protovalidate.collect_violations(dossier)
    ]


def _field_path(path: Any) -> str:
    """Write a path as Node does."""
    parts = []
    for one in path.elements:
        index = one.subscript
        parts.append(one.field_name + (f"[{index.value}]" if index is not None else ""))
    return ".".join(parts)


def _location(path: str) -> str:
    """Turn a field's path into the place of its element, in the standard's notation."""
    plan = dossier_plan()
    here: Place = (None, "dossier", 1)
    parts = iter(path.split("."))
    for part in parts:
        element = next(one for one in plan.elements if one.field == part.partition("[")[0])
        if element.kind is Kind.WRAPPER:
            here = (here, element.name, 1)
            counted = next(parts) if element.inner else part  # the list is a message of its own
            here = (here, element.item, _number(counted))
        else:
            here = (here, element.name, _number(part))
        plan = element.message or plan
    return spell(here)


def _number(part: str) -> int:
    """Count from 1, as the standard does; a part without index is the only one."""
    return int(part.partition("[")[2].rstrip("]") or 0) + 1


def _codes(violations: list[_Violation]) -> set[tuple[str, str]]:
    """Give the wrong codes among violations: code list and place."""
    return {(rule, _location(path)) for rule, path in violations if rule.startswith("CL.")}


def _our_codes(dossier: Dossier) -> set[tuple[str, str]]:
    """Give the wrong codes our rules find. The rule of list 33 speaks of the whole file."""
    return {
        (_list_of(one.rule.id), _PART_OF_FILE if one.location == FILE else one.location)
        for one in validate(dossier).findings
        if one.rule.id.startswith("CL.")
    }


def _official_codes(expected: dict[str, Any]) -> set[tuple[str, str]]:
    """Give the wrong codes the official validators find."""
    return {
        (_list_of(one["id"]), _PART_OF_FILE if one["location"] == FILE else one["location"])
        for one in expected["errors"] or ()  # none where the official validator breaks off
        if one["id"].startswith("CL.")
    }


def _list_of(rule_id: str) -> str:
    """Give the code list a rule is about: `CL.48` of `CL.48.cat_vve`."""
    return ".".join(rule_id.split(".")[:2])


def _with_wrong_codes() -> list[tuple[Dossier, set[tuple[str, str]]]]:
    """Give the changed dossiers with wrong codes that can be a message, and those codes.

    Not those with a number spelled as in `05`: of a number a message holds no spelling.
    """
    found = []
    for name, xml, expected in mutants():
        codes = _official_codes(expected)
        if codes and expected["schema_valid"] and "_root_" not in name:  # those are no dossier
            dossier = read_xml(xml).dossier
            if not dossier.schrijfwijzen:
                found.append((dossier, codes))
    return found


def test_broken_structure_is_broken_everywhere(node: str) -> None:
    """Of 100 dossiers, half of them broken, Node, Python and our own check refuse the same."""
    dossiers = changed_structure(100)

    violations = in_node(node, dossiers)

    assert [sorted(in_python(one)) for one in dossiers] == [sorted(one) for one in violations]
    assert [bool(check_structure(one)) for one in dossiers] == [
        any(not rule.startswith("CL.") for rule, _ in one) for one in violations
    ]
    assert 50 <= sum(map(bool, violations)) < 100  # some changes leave it as good as it was


def test_wrong_codes_are_wrong_everywhere(node: str) -> None:
    """Of 50 dossiers with codes of no list, all three find the same lists and places."""
    dossiers = changed_codes(50)

    violations = in_node(node, dossiers)

    assert [sorted(in_python(one)) for one in dossiers] == [sorted(one) for one in violations]
    assert [_our_codes(one) for one in dossiers] == [_codes(one) for one in violations]
    assert all(map(_codes, violations))


def test_official_verdicts_on_codes_are_found_everywhere(node: str) -> None:
    """Of 50 changed official dossiers, all three find the codes the official validators refuse."""
    chosen = _with_wrong_codes()[:50]
    dossiers = [dossier for dossier, _ in chosen]

    violations = in_node(node, dossiers)

    assert 50 == len(chosen)
    assert [sorted(in_python(one)) for one in dossiers] == [sorted(one) for one in violations]
    assert [_our_codes(one) for one in dossiers] == [_codes(one) for one in violations]
    assert [codes for _, codes in chosen] == [_codes(one) for one in violations]
