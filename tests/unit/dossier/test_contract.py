"""The contract has the whole data set of 2019.1, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import protovalidate
import pytest

from buf.validate import validate_pb2
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier.data_set import UNSAID, YEARS, Year
from oso_dossier.plan import ElementPlan, MessagePlan, dossier_plan
from oso_dossier.values import BooleanType, DateType, DecimalType, IntegerType, StringType

from .official import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.values import ValueType

_TYPES: dict[str, type] = {
    "string": StringType,
    "boolean": BooleanType,
    "date": DateType,
    "integer": IntegerType,
    "decimal": DecimalType,
}


@dataclass
class Place:
    """What the contract says of one path.

    Attributes:
        field: Descriptor of its field; of an item: that of its list.
        plan: What the codec makes of it; None for an attribute.
        value: Type of its text.
        category: Its category, or that of what it stands in.
        first_year: First year it, or what it stands in, belongs to the standard.
        privacy: The highest mark on the way to it.
        is_item: It is an item of a list that has an element around it.

    """

    field: Any
    plan: ElementPlan | None
    value: ValueType | None
    category: str = ""
    first_year: str = "2016.1"
    privacy: int = field_pb2.PRIVACY_UNSPECIFIED
    is_item: bool = False

    @property
    def facts(self) -> field_pb2.FieldFacts:
        """What the options say."""
        options: field_pb2.FieldFacts = self.field.GetOptions().Extensions[field_pb2.facts]
        return options

    def below(self, place: Place) -> Place:
        """Give this one with what it takes over from the place it stands in."""
        return replace(
            self,
            category=self.facts.category or place.category,
            first_year=max(self.facts.first_year, place.first_year),
            privacy=max(self.facts.privacy, place.privacy),
        )


def _walk(plan: MessagePlan, path: str, above: Place) -> Iterator[tuple[str, Place]]:
    by_name = plan.make.DESCRIPTOR.fields_by_name
    for attribute in plan.attributes.values():
        place = Place(by_name[attribute.field], None, attribute.value)
        yield f"{path}/@{attribute.name}", place.below(above)
    for element in plan.elements:
        value = element.value
        if element.message is not None and element.message.text is not None:
            value = element.message.text.value
        place = Place(by_name[element.field], element, value).below(above)
        here = f"{path}/{element.name}"
        yield here, place
        if element.item:
            here = f"{here}/{element.item}"
            yield here, replace(place, is_item=True)
        if element.message is not None:
            yield from _walk(element.message, here, place)


def _contract(year: Year = UNSAID) -> dict[str, Place]:
    root = Place(Dossier.DESCRIPTOR.fields_by_name["metadata"], None, None)
    found = list(_walk(dossier_plan(year), "dossier", root))
    assert len(found) == len(dict(found))
    return dict(found)


def _standard() -> dict[str, dict[str, str]]:
    rows = facts("fields.csv")
    return {row["path"]: row for row in rows if row["path"].startswith("dossier/")}


def test_every_path_of_the_standard_is_in_the_contract_and_no_other() -> None:
    """All paths below `dossier` stand in the contract, and the contract has no path besides."""
    found = _contract().keys()

    assert set(found) == set(_standard())


def _occurrence(place: Place) -> tuple[bool, bool]:
    """Tell whether something must be there, and whether it may be there more than once."""
    plan = place.plan
    if plan is None:
        rules = place.field.GetOptions().Extensions[validate_pb2.field]
        return rules.required, False
    if place.is_item:
        return plan.least > 0, True
    return plan.required, plan.repeated


def test_occurrence_is_that_of_the_standard() -> None:
    """What must be there, and what may be there more than once, is as in the standard."""
    contract = _contract()
    for path, row in _standard().items():
        required, repeated = _occurrence(contract[path])

        assert repeated == (row["max_occurs"] == "unbounded"), path
        if row["choice_group"]:  # of one there is nothing to choose: then it is required itself
            assert required == row["effectively_required"].startswith(("yes", "exactly")), path
        else:
            assert required == (row["min_occurs"] != "0"), path


def test_choices_are_those_of_the_standard() -> None:
    """What excludes each other in the standard is a oneof in the contract, and nothing else is."""
    contract = _contract()
    standard: dict[tuple[str, str], set[str]] = {}
    ours: dict[tuple[str, str], set[str]] = {}
    for path, row in _standard().items():
        parent, _, name = path.rpartition("/")
        if row["choice_group"]:
            standard.setdefault((parent, row["choice_group"]), set()).add(name)
        choice = contract[path].field.containing_oneof
        if choice is not None and len(choice.fields) > 1 and not contract[path].is_item:
            ours.setdefault((parent, choice.name), set()).add(name)

    assert sorted(map(sorted, ours.values())) == sorted(map(sorted, standard.values()))


def test_types_and_facets_are_those_of_the_standard() -> None:
    """Every text has the type, lengths, pattern and range the standard gives it."""
    contract = _contract()
    for path, row in _standard().items():
        value = contract[path].value
        if path.endswith("/bestandsinhoud"):
            assert contract[path].plan is not None
            continue
        assert (value is None) == (not row["base_type"]), path
        if value is None:
            continue
        assert isinstance(value, _TYPES[row["base_type"]]), path
        if isinstance(value, StringType):
            pattern = value.pattern.pattern if value.pattern else "^(?:)$"
            assert str(value.min_length) == (row["min_length"] or "0"), path
            assert str(value.max_length or "") == row["max_length"], path
            assert pattern == f"^(?:{row['pattern']})$".replace(r"\p{Nd}", r"\d"), path
        if isinstance(value, DateType):
            assert value.only_31_july == bool(row["pattern"]), path
        if isinstance(value, IntegerType) and row["min_value"]:
            bounds = (int(row["min_value"]), int(row["max_value"]))
            assert (value.least, value.most) == bounds, path


def test_categories_and_code_lists_are_those_of_the_standard() -> None:
    """Every element belongs to the category and the code list the standard gives it."""
    contract = _contract()
    wrong = [
        path
        for path, row in _standard().items()
        if row["category"] != contract[path].category
        or (
            not contract[path].is_item
            and row["code_list"] != str(contract[path].facts.code_list or "")
        )
    ]

    assert wrong == []


def test_first_years_are_those_of_the_standard() -> None:
    """Every element says since which year of the standard it is there."""
    contract = _contract()
    years = ("2016.1", "2017.1.2", "2018.1.1", "2019.1")
    rows = {row["path"]: row for row in facts("versions_fields.csv")}
    wrong = [
        path
        for path, place in contract.items()
        if place.first_year != next(year for year in years if rows[path][year] not in {"", "-"})
    ]

    assert wrong == []


@pytest.mark.parametrize("year", YEARS, ids=lambda year: year.name)
def test_everything_about_the_pupil_is_personal(year: Year) -> None:
    """All below the pupil is marked personal or stricter; support, diagnoses and origin special."""
    contract = _contract(year)
    pupil = "dossier/huidigeschool/leerling"
    loose = [
        path
        for path, place in contract.items()
        if path.startswith((pupil, "dossier/inzage")) and place.privacy < field_pb2.PRIVACY_PERSONAL
    ]
    special = (
        "onderwijsondersteuning",
        "zorg",
        "sefunctioneren",
        "handelingsplanlijst",
        "verzuim",
        "nationaliteit",
        "nnca",
        "leerlinggewicht",
    )
    weak = [
        path
        for path, place in contract.items()
        if path.startswith(tuple(f"{pupil}/{name}" for name in special))
        and place.privacy < field_pb2.PRIVACY_SPECIAL
    ]

    assert (loose, weak) == ([], [])


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
        one = contract[path].field
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
        for path, place in _contract().items()
        if place.privacy == field_pb2.PRIVACY_NATIONAL_NUMBER
    }

    assert marked == {"bsn", "onderwijsnummer"}
