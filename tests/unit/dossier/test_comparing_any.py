"""Comparing any two dossiers: what must hold whatever is in them, and what it may cost."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier import DossierDocument, read_xml
from oso_dossier.comparing import Kind, compare
from oso_dossier.comparing.tree import tree_of
from oso_dossier.testing import dossiers

from .official import SHARED

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import FieldDescriptor

    from oso.dossier.v1.toets_pb2 import Toets

_PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _copy(document: DossierDocument) -> DossierDocument:
    """Give a copy of a document, to change."""
    dossier = Dossier()
    dossier.CopyFrom(document.dossier)
    return DossierDocument(dossier, document.attachments)


@_PROPERTY
@given(dossiers())
def test_a_dossier_does_not_differ_from_itself(document: DossierDocument) -> None:
    """Nothing changed, and nothing stands in another order."""
    found = compare(document, document)

    assert (found.changes, found.reordered, found.other_pupil) == ((), (), ())


def _shuffle(message: Any, chance: random.Random) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().Extensions[field_pb2.facts].form == field_pb2.XML_FORM_NONE:
            continue
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                _shuffle(one, chance)
        if field.is_repeated:
            items = list(value)
            chance.shuffle(items)
            del value[:]
            value.extend(items)


@_PROPERTY
@given(dossiers(), st.randoms(use_true_random=False))
def test_the_order_of_lists_is_no_change(document: DossierDocument, chance: random.Random) -> None:
    """Whatever lists are put in another order, on whatever level, nothing changed."""
    other = _copy(document)
    _shuffle(other.dossier, chance)

    assert compare(document, other).changes == ()


_Place = tuple[Any, "FieldDescriptor", "int | None"]


def _values(message: Any) -> Iterator[_Place]:
    """Give the places of all values of a message, in the order of the tree."""
    for field, value in message.ListFields():
        options = field.GetOptions().Extensions[field_pb2.facts]
        if options.form == field_pb2.XML_FORM_NONE:
            continue
        kind = field.message_type
        is_value = kind is None or kind.file.package == "google.type"
        for index in range(len(value)) if field.is_repeated else [None]:
            one = value if index is None else value[index]
            if is_value or kind.GetOptions().Extensions[field_pb2.attachment]:
                yield message, field, index
            else:
                yield from _values(one)


def _mutate(place: _Place) -> None:
    message, field, index = place
    holder = getattr(message, field.name)
    value = holder if index is None else holder[index]
    new: Any = f"{value}x"
    if isinstance(value, Date):
        value.year += -1 if value.year > 1 else 1
        return
    if isinstance(value, Decimal):
        value.value = "7" if value.value.strip("+0.") != "7" else "8"
        return
    if field.message_type is not None:
        value.sha256 = bytes([value.sha256[0] ^ 1]) + value.sha256[1:]
        return
    if isinstance(value, bool):
        new = not value
    elif isinstance(value, int):
        new = value - 1 if value > 0 else value + 1
    if index is None:
        setattr(message, field.name, new)
    else:
        holder[index] = new


@_PROPERTY
@given(dossiers(), st.data())
def test_one_other_value_is_one_change_at_its_place(
    document: DossierDocument, data: st.DataObject
) -> None:
    """A dossier in which one value was changed differs there, and nowhere else."""
    leaves = [
        one for nodes in tree_of(document.dossier).values() for n in nodes for one in n.leaves()
    ]
    other = _copy(document)
    places = list(_values(other.dossier))
    assert len(places) == len(leaves)
    number = data.draw(st.integers(0, len(places) - 1))
    _mutate(places[number])
    path = leaves[number].path

    changes = compare(document, other).changes

    assert [(one.kind, one.old_path, one.new_path) for one in changes] == [
        (Kind.CHANGED, path, path)
    ]


@pytest.mark.parametrize("year", ["2017.1.2", "2018.1.1", "2019.1"])
def test_places_are_those_in_the_file(year: str) -> None:
    """Each value of an official example stands in its file where the tree says it does."""
    files = sorted((SHARED / "dossiers" / year).glob("*.xml"))
    if not files:
        pytest.skip("the official examples are not here")
    for file in files:
        root = etree.parse(file).getroot()
        names = {"o": etree.QName(root).namespace}
        for nodes in tree_of(read_xml(file).dossier).values():
            for leaf in (leaf for node in nodes for leaf in node.leaves()):
                path = re.sub(r"/(?=[a-z])", "/o:", leaf.path)
                found: Any = root.xpath(path, namespaces=names)
                assert len(found) == 1, leaf.path


def _other(number: int, test: Toets) -> None:
    test.toetsidentificatie.eldtoetscode = f"n{number}"
    test.opmerking = f"n{number}"


def _same_key(number: int, test: Toets) -> None:
    test.opmerking = f"n{number}"


def _nothing(number: int, test: Toets) -> None:
    del number, test


@pytest.mark.parametrize("change", [_other, _same_key, _nothing])
def test_the_work_grows_with_the_length_of_a_list(change: Callable[[int, Toets], None]) -> None:
    """Twice as many items take about twice as many steps, however alike or unlike they are."""

    def steps(count: int) -> int:
        documents = DossierDocument(Dossier()), DossierDocument(Dossier())
        for document in documents:
            for number in range(count):
                test = document.dossier.huidigeschool.leerling.toetslijst.add()
                test.toetsidentificatie.eldtoetscode = "E"
                test.opmerking = f"o{number % 3}"
                if document is documents[1]:
                    change(number, test)
        called = 0

        def count_call(*_: object) -> None:
            nonlocal called
            called += 1

        sys.setprofile(count_call)
        try:
            compare(*documents)
        finally:
            sys.setprofile(None)
        return called

    assert steps(800) < 2.3 * steps(400)
