"""The contract has the whole data set of 2019.1, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import protovalidate

from buf.validate import validate_pb2
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier.plan import ElementPlan, Kind, MessagePlan, dossier_plan
from oso_dossier.values import BooleanType, DateType, DecimalType, IntegerType, StringType

from .official import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES: dict[str, type] = {
    "string": StringType,
    "boolean": BooleanType,
    "date": DateType,
    "integer": IntegerType,
    "decimal": DecimalType,
}


def _walk(
    plan: MessagePlan, path: str, category: str
) -> Iterator[tuple[str, Any, ElementPlan | None, str]]:
    """Give every path of the contract: (path, field, its plan, its category)."""
    by_name = plan.make.DESCRIPTOR.fields_by_name
    for attribute in plan.attributes.values():
        yield f"{path}/@{attribute.name}", by_name[attribute.field], None, category
    for element in plan.elements:
        one = by_name[element.field]
        own = one.GetOptions().Extensions[field_pb2.facts].category or category
        here = f"{path}/{element.name}"
        yield here, one, element, own
        if element.item:
            yield f"{here}/{element.item}", one, element, own
            here = f"{here}/{element.item}"
        if element.message is not None:
            yield from _walk(element.message, here, own)
        if element.kind is Kind.ATTACHMENT:
            continue


def _contract() -> dict[str, tuple[Any, ElementPlan | None, str]]:
    found = {
        path: (one, plan, own) for path, one, plan, own in _walk(dossier_plan(), "dossier", "")
    }
    assert found
    return found


def _standard() -> dict[str, dict[str, str]]:
    rows = facts("fields.csv")
    return {row["path"]: row for row in rows if row["path"].startswith("dossier/")}


def test_every_path_of_the_standard_is_in_the_contract_and_no_other() -> None:
    """All paths below `dossier` stand in the contract, and the contract has no path besides."""
    found = _contract().keys()

    assert set(found) == set(_standard())


def test_occurrence_and_type_are_those_of_the_standard() -> None:
    """An element is required, repeated and typed in the contract as in the standard."""
    contract = _contract()
    for path, row in _standard().items():
        _, plan, _ = contract[path]
        if plan is None or (path.endswith(f"/{plan.item}") and plan.item):
            continue
        if plan.kind is Kind.VALUE:
            value = plan.value
            text = plan.message
            assert text is None
            assert isinstance(value, _TYPES[row["base_type"]]), path
        assert plan.repeated == (row["max_occurs"] == "unbounded"), path
        exact = row["effectively_required"].startswith(("yes", "exactly"))
        if not row["effectively_required"].startswith("at most"):
            assert plan.required == exact, path


def test_facets_are_those_of_the_standard() -> None:
    """Lengths and ranges in the contract are those of the standard."""
    contract = _contract()
    for path, row in _standard().items():
        _, plan, _ = contract[path]
        if plan is None or plan.value is None:
            continue
        if isinstance(plan.value, StringType):
            assert str(plan.value.min_length) == (row["min_length"] or "0"), path
            assert str(plan.value.max_length or "") == row["max_length"], path
            assert bool(plan.value.pattern) == bool(row["pattern"]), path
        if isinstance(plan.value, IntegerType) and row["min_value"]:
            assert (plan.value.least, plan.value.most) == (
                int(row["min_value"]),
                int(row["max_value"]),
            ), path


def test_categories_are_those_of_the_standard() -> None:
    """Every element belongs to the category the standard gives it."""
    contract = _contract()
    wrong = {
        path: (row["category"], contract[path][2])
        for path, row in _standard().items()
        if row["category"] != contract[path][2]
    }

    assert wrong == {}


def test_code_lists_hold_the_codes_in_force() -> None:
    """A field with a code list admits exactly the codes in force in 2019.1."""
    codes: dict[str, set[str]] = {}
    for row in facts("codelists.csv"):
        if row["in_2019_1"] == "yes":
            codes.setdefault(row["list"], set()).add(row["code"])
    contract = _contract()
    for path, row in _standard().items():
        if "xslt" not in row["code_list_source"]:
            continue
        one, _, _ = contract[path]
        rules: Any = one.GetOptions().Extensions[validate_pb2.field]
        cel = (rules.repeated.items if one.is_repeated else rules).cel
        inside = cel[0].expression.partition("[")[2].rpartition("]")[0]
        assert {code.strip(" '") for code in inside.split(",")} == codes[row["code_list"]], path
        assert cel[0].id == f"CL.{int(row['code_list']):02d}", path


def test_rules_of_the_contract_can_be_checked_by_any_validator() -> None:
    """An empty dossier is refused by protovalidate with the required fields by name."""
    violations = protovalidate.collect_violations(Dossier())

    missing = {one.proto.field and one.proto.field.elements[0].field_name for one in violations}
    assert missing == {"metadata", "overdrachtsoort", "huidigeschool"}


def test_national_numbers_are_marked() -> None:
    """BSN and onderwijsnummer are marked as national numbers: logs and screens hide them."""
    marked = {
        path.rpartition("/")[2]
        for path, (one, _, _) in _contract().items()
        if one.GetOptions().Extensions[field_pb2.facts].privacy == field_pb2.PRIVACY_NATIONAL_NUMBER
    }

    assert marked == {"bsn", "onderwijsnummer"}
