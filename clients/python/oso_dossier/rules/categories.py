"""Rules OS.cat: what a category switch says must fit what is in the dossier.

The switches stand in metadata/categorie_uitlevering. VERPLICHT (mandatory) wants at least one
element of the category; VERBODEN (forbidden) and OPT-UIT (kept back by the parents) want none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oso.dossier.v1.dossier_pb2 import CategorieUitlevering
from oso_dossier.labels import label
from oso_dossier.rules.definition import has
from oso_dossier.rules.rule import ALL_PROFILES, Rule, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oso_dossier.rules.subject import Subject

MANDATORY, FORBIDDEN, OPT_OUT = "VERPLICHT", "VERBODEN", "OPT-UIT"
_OPT_OUT_SINCE, _ALL_SINCE, _OLD_UNTIL = "2017.1.2", "2019.1", "2018.1.1"


def _dossier(subject: Subject) -> Any:
    return subject.dossier


def _pupil(subject: Subject) -> Any:
    return subject.pupil


def _support(subject: Subject) -> Any:
    return subject.pupil.onderwijsondersteuning


@dataclass(frozen=True, slots=True)
class Category:
    """A category, and the elements that belong to it.

    Attributes:
        number: Its number in the standard.
        switch: Name of its switch.
        holder: Gives the message its elements stand in.
        elements: Their names, in the order of the rules.
        since: First year in which opting out is tested.

    """

    number: int
    switch: str
    holder: Callable[[Subject], Any]
    elements: tuple[str, ...]
    since: str = _OPT_OUT_SINCE


# There is no rule for 3 (school) and 4 (pupil): the structure wants both.
CATEGORIES = (
    Category(1, "cat_metadata", _dossier, ("metadata", "overdrachtsoort")),
    Category(2, "cat_ouderinzage", _dossier, ("inzage",)),
    Category(
        5,
        "cat_oudersverzorgers",
        _pupil,
        ("verzorgersaansprakelijk", "verzorger", "aansprakelijkeinstelling"),
    ),
    Category(
        6,
        "cat_vve",
        _pupil,
        ("vanpeuterspeelzaal", "naampeuterspeelzaal", "voorschools", "vroegschools"),
    ),
    Category(7, "cat_schoolloopbaan", _pupil, ("schoolloopbaanlijst",)),
    Category(8, "cat_overstapadvies", _pupil, ("overstapadvies",)),
    Category(
        9,
        "cat_onderwijsondersteuning",
        _support,
        (
            "toelichting_onderwijsbehoeften",
            "diagnose",
            "medicijngebruik",
            "opp",
            "tlv",
            "arrangement_cluster12",
            "arrangement_pao",
            "lwoo",
            "rvc",
        ),
        _ALL_SINCE,
    ),
    Category(10, "cat_verzuim", _pupil, ("verzuim",)),
    Category(11, "cat_eindtoetsbo", _pupil, ("eindtoets_basisonderwijs",)),
    Category(12, "cat_toetsresultaten", _pupil, ("toetslijst",)),
    Category(13, "cat_handelingsplannen", _support, ("handelingsplan",), _ALL_SINCE),
    Category(14, "cat_cijferlijsten", _pupil, ("cijferlijstlijst",)),
    Category(
        15,
        "cat_vombo",
        _pupil,
        (
            "bevorderd",
            "examenresultaat",
            "resultaatvakkenvo",
            "certificaat",
            "competenties",
            "stage",
            "overigvombo",
        ),
    ),
    Category(16, "cat_bijlagedocs", _pupil, ("overigdocumentlijst",)),
)
# As they were before 2019.1; only opting out was tested then.
_OLD = (
    Category(9, "cat_zorgenbegeleiding", _pupil, ("zorg", "sefunctioneren")),
    Category(13, "cat_handelingsplannen", _pupil, ("handelingsplanlijst",)),
)
# The official rule looks for a name that is written wrong, so that it never finds one.
_MISSPELT = "toelichting_onderwijsbehoeften"
_WHY = {
    MANDATORY: Text("verplicht", "mandatory"),
    FORBIDDEN: Text("verboden", "forbidden"),
    OPT_OUT: Text("weggelaten op verzoek van de ouders", "left out at the parents' request"),
}
_WORD = {MANDATORY: "mandatory", FORBIDDEN: "forbidden", OPT_OUT: "optout"}


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A rule about a category.

    Attributes:
        rule: The rule.
        category: The category.
        value: What the switch says when the rule looks at the elements.
        element: The element it is about; of a mandatory category: its switch.

    """

    rule: Rule
    category: Category
    value: str
    element: str

    def is_broken(self, subject: Subject) -> bool:
        """Tell whether a dossier whose switch says this breaks the rule."""
        if self.element == _MISSPELT:
            return False
        holder = self.category.holder(subject)
        if self.value == MANDATORY:
            return not any(has(holder, name) for name in self.category.elements)
        return has(holder, self.element)


def category_rules() -> Iterator[CategoryRule]:
    """Give the rules, in the order of the standard; those of older years after their category."""
    for category in CATEGORIES:
        yield _mandatory(category)
        for value in (FORBIDDEN, OPT_OUT):
            since = category.since if value == OPT_OUT else _ALL_SINCE
            yield from _unwanted(category, value, since, "")
        for old in _OLD:
            if old.number == category.number:
                yield from _unwanted(old, OPT_OUT, _OPT_OUT_SINCE, _OLD_UNTIL)


def title(category: Category) -> Text:
    """Give what people call a category."""
    field = CategorieUitlevering.DESCRIPTOR.fields_by_name[category.switch]
    return Text(label(field, "nl"), label(field, "en"))


def _source(category: Category) -> str:
    official = "OS.cat120" if category.number == 12 else f"OS.cat{category.number:02d}"  # noqa: PLR2004  a slip of the standard
    return f"OSO gegevensset, common sheet, {official}"


def _mandatory(category: Category) -> CategoryRule:
    heading, names = title(category), ", ".join(category.elements)
    rule = Rule(
        f"OS.cat{category.number:02d}.mandatory",
        Severity.ERROR,
        ALL_PROFILES,
        Text(
            f"De schakelaar {category.switch} is VERPLICHT en geen van deze elementen is er:"
            f" {names}.",
            f"The switch {category.switch} is VERPLICHT and none of these elements is there:"
            f" {names}.",
        ),
        Text(
            f"'{heading.nl}' is verplicht, maar er staat niets van in het dossier.",
            f"'{heading.en}' is mandatory, but the dossier has nothing of it.",
        ),
        Text(
            "Vul deze gegevens aan. Horen ze niet in dit dossier, pas dan de schakelaar van de"
            " categorie aan.",
            "Add this information. If it does not belong in this dossier, change the switch of the"
            " category.",
        ),
        _source(category),
        _ALL_SINCE,
    )
    return CategoryRule(rule, category, MANDATORY, category.switch)


def _unwanted(category: Category, value: str, first: str, last: str) -> Iterator[CategoryRule]:
    heading, why = title(category), _WHY[value]
    for element in category.elements:
        rule_id = f"OS.cat{category.number:02d}.{_WORD[value]}"
        if len(category.elements) > 1:
            rule_id += f".{'toelichting' if element == _MISSPELT else element}"
        never = element == _MISSPELT
        rule = Rule(
            rule_id,
            Severity.ERROR,
            ALL_PROFILES,
            Text(
                f"De schakelaar {category.switch} is {value} en {element} is er."
                + (" Kan niet voorkomen: de standaard schrijft die naam verkeerd." * never),
                f"The switch {category.switch} is {value} and {element} is there."
                + (" Cannot happen: the standard misspells that name." * never),
            ),
            Text(
                f"'{heading.nl}' is {why.nl}, maar {element} staat wel in het dossier.",
                f"'{heading.en}' is {why.en}, but the dossier has {element}.",
            ),
            Text(
                f"Laat {element} weg uit het dossier, of pas de schakelaar van de categorie aan.",
                f"Leave {element} out of the dossier, or change the switch of the category.",
            ),
            _source(category),
            first,
            last,
        )
        yield CategoryRule(rule, category, value, element)
