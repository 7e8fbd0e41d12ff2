"""A Hypothesis strategy for dossiers, driven by the contract. Needs hypothesis; for tests only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import strategies as st

from oso.dossier.v1.document_pb2 import (
    TEKSTVORM_BASE64,
    TEKSTVORM_BASE64_REGELS,
    TEKSTVORM_BASE64_REGELS_OPEN,
    TEKSTVORM_LETTERLIJK,
)
from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier.attachments import bytes_of_text, describe
from oso_dossier.data_set import UNSAID, set_year
from oso_dossier.document import DossierDocument
from oso_dossier.plan import ElementPlan, Kind, MessagePlan, dossier_plan
from oso_dossier.values import BooleanType, DateType, DecimalType, IntegerType, StringType

if TYPE_CHECKING:
    from oso.dossier.v1.document_pb2 import Bestandsinhoud
    from oso_dossier.data_set import Year
    from oso_dossier.values import ValueType

_MOST = 2  # of anything that repeats
_LONGEST = 24  # text
# Every character XML 1.0 can hold, the awkward ones often.
_CHARACTERS = st.one_of(
    st.sampled_from(list("\t\n\r &<>\"'\x7f\x85\u00a0\u2028\ufffd\U0001f600")),
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"
    ),
)
# What trips a reader or writer only as a whole.
_AWKWARD = st.sampled_from(
    ["]]>", "<![CDATA[", "<!--", "&amp;", "&#13;", "\r\n", "  ", " x ", "e\u0301", "\u202e"]
)


def _string(kind: StringType) -> st.SearchStrategy[str]:
    if kind.pattern is not None:
        return st.from_regex(re.compile(kind.pattern.pattern, re.ASCII), fullmatch=True)
    most = min(kind.max_length or _LONGEST, _LONGEST)
    plain = st.text(_CHARACTERS, min_size=kind.min_length, max_size=most)
    awkward = st.tuples(plain, _AWKWARD, plain).map("".join).map(lambda text: text[:most])
    return plain | awkward


def _decimal() -> st.SearchStrategy[Decimal]:
    texts = st.from_regex(r"[+-]?(?:[0-9]{1,6}(?:\.[0-9]{0,4})?|\.[0-9]{1,4})", fullmatch=True)
    return texts.filter(str.isascii).map(lambda text: Decimal(value=text))


def _value(kind: ValueType) -> st.SearchStrategy[Any]:
    if isinstance(kind, StringType):
        return _string(kind)
    if isinstance(kind, BooleanType):
        return st.booleans()
    if isinstance(kind, IntegerType):
        return st.integers(kind.least, kind.most)
    if isinstance(kind, DecimalType):
        return _decimal()
    if isinstance(kind, DateType) and kind.only_31_july:
        return st.integers(1, 9999).map(lambda year: Date(year=year, month=7, day=31))
    return st.dates().map(lambda day: Date(year=day.year, month=day.month, day=day.day))


_ATTACHMENT = st.one_of(
    st.binary(min_size=1, max_size=120).map(lambda content: (content, TEKSTVORM_BASE64)),
    st.binary(min_size=1, max_size=120).map(lambda content: (content, TEKSTVORM_BASE64_REGELS)),
    # more than one line: a single one without line feed is TEKSTVORM_BASE64
    st.binary(min_size=58, max_size=180).map(
        lambda content: (content, TEKSTVORM_BASE64_REGELS_OPEN)
    ),
    st.text(_CHARACTERS, min_size=1, max_size=20)
    .filter(lambda text: bytes_of_text(text)[1] == TEKSTVORM_LETTERLIJK)  # no base64
    .map(lambda text: (text.encode(), TEKSTVORM_LETTERLIJK)),
)


@st.composite
def dossiers(draw: st.DrawFn, year: Year = UNSAID) -> DossierDocument:
    """Draw a dossier of a year that satisfies the structure: anything the schema admits."""
    attachments: list[bytes] = []
    dossier = Dossier()
    set_year(dossier, year)
    _fill(draw, dossier_plan(year), dossier, attachments)
    return DossierDocument(dossier, tuple(attachments))


def _fill(draw: st.DrawFn, plan: MessagePlan, message: Any, attachments: list[bytes]) -> None:
    if plan.text is not None:
        setattr(message, plan.text.field, draw(_value(plan.text.value)))
    for attribute in plan.attributes.values():
        if draw(st.booleans()):
            setattr(message, attribute.field, draw(_value(attribute.value)))
    for slot in plan.slots:
        if slot[0].required or draw(st.integers(0, 2)) == 0:
            _element(draw, draw(st.sampled_from(slot)), message, attachments)


def _element(draw: st.DrawFn, plan: ElementPlan, message: Any, attachments: list[bytes]) -> None:
    holder = getattr(message, plan.field)
    if plan.kind is Kind.ATTACHMENT:
        _attachment(draw, holder, attachments)
        return
    if plan.kind in {Kind.WRAPPER, Kind.GROUP}:
        items = getattr(holder, plan.inner) if plan.inner else holder
        for _ in range(draw(st.integers(plan.least, _MOST))):
            _fill(draw, plan.message, items.add(), attachments)  # type: ignore[arg-type]
        return
    count = draw(st.integers(1, _MOST)) if plan.repeated else 1
    for _ in range(count):
        if plan.kind is Kind.MESSAGE:
            if plan.repeated:
                target = holder.add()
            else:
                target = holder
                target.SetInParent()
            _fill(draw, plan.message, target, attachments)  # type: ignore[arg-type]
            continue
        value = draw(_value(plan.value))  # type: ignore[arg-type]
        if plan.repeated:
            (getattr(holder, plan.inner) if plan.inner else holder).append(value)
        elif plan.plain:
            setattr(message, plan.field, value)
        else:
            holder.CopyFrom(value)


def _attachment(draw: st.DrawFn, target: Bestandsinhoud, attachments: list[bytes]) -> None:
    content, form = draw(_ATTACHMENT)
    attachments.append(content)
    target.CopyFrom(describe(content, len(attachments), form))
