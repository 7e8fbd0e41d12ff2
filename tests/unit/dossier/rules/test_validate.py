"""`validate` and `explain` as a whole.

Misuse tried here: a dossier that is no dossier, a profile the dossier does not say it has, a text
that stops a careless pattern, spellings that lie.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier import Problem, read_xml, write_xml
from oso_dossier.document import DossierDocument
from oso_dossier.profiles import PROFILES as ALL_PROFILES
from oso_dossier.rules import RULES, UnknownRuleError, explain, validate
from oso_dossier.synthetic import PROFILES, generate
from oso_dossier.testing import dossiers

PUPIL = "/dossier[1]/huidigeschool[1]/leerling[1]"


def _ids(dossier: Dossier, **options: str) -> list[str]:
    return [one.rule.id for one in validate(dossier, **options).findings]  # type: ignore[arg-type]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_invented_dossier_follows_the_rules(profile: str) -> None:
    """What the package makes up is a valid dossier of the profile asked for."""
    report = validate(generate(profile, 1).dossier)

    assert report.is_valid
    assert report.findings == ()
    assert report.profile == profile


def test_nothing_is_said_of_rules_when_the_structure_is_wrong() -> None:
    """An empty message has structure findings, and no rule is tried on it."""
    report = validate(Dossier())

    assert Problem.MISSING in {one.problem for one in report.structure}
    assert report.findings == ()
    assert not report.is_valid


def test_a_dossier_can_be_checked_as_another_profile() -> None:
    """The rules are those of the profile asked for; the header is still checked as it is."""
    dossier = generate("POPO", 1).dossier

    assert _ids(dossier) == []
    assert "PaO.SO03" in _ids(dossier, profile="POSWV")
    assert "PaO.LL12" in _ids(dossier, profile="POSWV")
    assert validate(dossier, profile="POSWV").profile == "POSWV"


@pytest.mark.parametrize(
    ("kind", "move", "rule"),
    [
        ("overdrachtbinnenbrin", "POVO", None),
        ("overdrachtbinnenbrin", "", None),
        ("swv-dossier", "POVO", "PaO.SO02"),
        ("iets", "POVO", "OVa.OS03"),
        ("iets", "VOSWV", "PaO.SO03"),
        ("overstapdossier", "POSWV", "OVa.OS02"),
        ("overstapdossier", "VOMBO", "OVa.OS02"),
    ],
)
def test_kind_and_move_choose_the_rules(kind: str, move: str, rule: str | None) -> None:
    """The kind of transfer chooses the sheet; of an unknown kind the move does."""
    dossier = generate("POVO", 1).dossier
    dossier.overdrachtsoort, dossier.metadata.overstap = kind, move
    if not move:
        dossier.metadata.ClearField("overstap")

    header = [one for one in _ids(dossier) if ".OS" in one or ".SO" in one]

    assert header == ([rule] if rule else [])


def test_a_code_cut_in_two_by_a_comment_is_judged_by_its_pieces() -> None:
    """As in the official rules one piece that is a code is enough, and the whole is not looked at.

    The comment comes back when the dossier is written, without what it said.
    """
    xml = write_xml(generate("POVO", 1))
    whole = b"<soortadres>bezoek</soortadres>"
    assert whole in xml
    one_is_code = read_xml(xml.replace(whole, b"<soortadres>post<!-- x -->?</soortadres>", 1))
    none_is = read_xml(xml.replace(whole, b"<soortadres>bez<?x y?>oek</soortadres>", 1))

    assert _ids(one_is_code.dossier) == []
    assert _ids(none_is.dossier) == ["CL.19"]
    assert b"<soortadres>bez<!---->oek</soortadres>" in write_xml(none_is)
    assert read_xml(write_xml(none_is)) == none_is


@pytest.mark.parametrize(
    ("whole", "cut", "rules"),
    [
        (b"<overstap>POVO<", b"<overstap>PO<!---->VO<", ["CL.16", "OVa.OS02"]),
        (b"<overstap>POVO<", b"<overstap>?<!---->POVO<", []),
        (b">overstapdossier<", b">overstap<!---->dossier<", ["CL.29", "OVa.OS03"]),
        (b">LASLVS<", b">LAS<!---->LVS<", []),
        (b">LASLVS<", b">LA<!---->SLVS<", ["CL.33", "OVa.MD01"]),
        (b"versie>2019.1<", b"versie>2019<!---->.1<", ["OG.02"]),
        (b"versie>2019.1.1<", b"versie>2019.1<!---->.1<", []),
    ],
)
def test_a_header_cut_in_two_is_judged_by_its_pieces(
    whole: bytes, cut: bytes, rules: list[str]
) -> None:
    """Also what chooses the rules is looked at in pieces; the version of the rules is not."""
    xml = write_xml(generate("POVO", 1))
    assert whole in xml

    assert _ids(read_xml(xml.replace(whole, cut, 1)).dossier) == rules


def test_a_number_is_judged_by_its_spelling() -> None:
    """A code with a zero or a space before it is not the code, though it is the same number."""
    xml = write_xml(generate("POVO", 1))
    for spelled in ("01", " 1", "+1"):
        document = read_xml(_with_gender(xml, spelled))

        assert _ids(document.dossier) == ["CL.14"]

    assert _ids(read_xml(_with_gender(xml, "1")).dossier) == []


def _with_gender(xml: bytes, spelled: str) -> bytes:
    start = xml.index(b"<geslacht>") + len("<geslacht>")
    return xml[:start] + spelled.encode() + xml[xml.index(b"</geslacht>") :]


def test_a_spelling_that_lies_is_not_believed() -> None:
    """The spelling kept beside a value counts only while it spells that value."""
    dossier = generate("POVO", 1).dossier
    dossier.huidigeschool.leerling.geslacht = 1
    dossier.schrijfwijzen.add(pad=f"{PUPIL}/geslacht[1]", tekst="2", knippen=[0, 1, 9])

    assert _ids(dossier) == []


@pytest.mark.parametrize(
    "number", ["a" * 1_000_000, "a@" * 500_000, "a@" + "b-" * 500_000, "@" * 1_000_000]
)
def test_a_long_text_is_judged_at_once(number: str) -> None:
    """However long a text is, and whatever is in it, it is looked at once."""
    dossier = generate("POVO", 1).dossier
    contact = dossier.huidigeschool.communicatielijst[0]
    contact.soort, contact.nummer = "e-mail", number

    assert "OG.01.pattern" in _ids(dossier)


def test_what_read_xml_gives_need_not_be_checked_twice() -> None:
    """Whoever says that the structure was checked gets the same report."""
    document = read_xml(write_xml(generate("VOVO", 3)))

    assert validate(document.dossier, structure_checked=True) == validate(document.dossier)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(dossiers(), st.sampled_from([None, *ALL_PROFILES]))
def test_any_dossier_gets_the_same_verdict_as_message_and_as_file(
    document: DossierDocument, profile: str | None
) -> None:
    """Whatever the structure admits is judged, and written and read again it is judged alike."""
    report = validate(document.dossier, profile=profile, warnings=True)

    again = read_xml(write_xml(document)).dossier

    assert report.structure == ()
    assert validate(again, profile=profile, warnings=True, structure_checked=True) == report


def test_every_rule_explains_itself_in_both_languages() -> None:
    """Each rule has all its texts, and says other things in Dutch than in English."""
    for rule_id, rule in RULES.items():
        dutch, english = explain(rule_id, "nl"), explain(rule_id, "en")

        assert all((*rule.condition, *rule.message, *rule.hint, rule.source))
        assert dutch.startswith(f"{rule_id}: ")
        assert dutch.splitlines()[0] != english.splitlines()[0]


def test_a_rule_tells_what_it_was_before() -> None:
    """Of a rule that changed both forms are told, each with its years."""
    dutch, english = explain("OVa.OV03", "nl"), explain("OVa.LL04", "en")

    assert "Eerder, vanaf het eerste jaar tot en met 2016.1" in dutch
    assert "fout: het dossier wordt geweigerd" in dutch.splitlines()[-1]
    assert "Only when the dossier has a part from the pupil administration." in english


def test_a_rule_nobody_knows_is_an_error() -> None:
    """The error tells which id was asked for."""
    with pytest.raises(UnknownRuleError) as caught:
        explain("OVa.LL99")

    assert caught.value.rule_id == "OVa.LL99"


def test_the_message_of_a_finding_holds_no_value() -> None:
    """What a finding says is the same for every dossier: it can be logged."""
    document = generate("POVO", 1)
    contact = document.dossier.huidigeschool.leerling.communicatielijst[0]
    contact.soort, contact.nummer = "e-mail", "geheime-waarde"

    report = validate(DossierDocument(document.dossier, document.attachments).dossier)

    assert [one.rule.id for one in report.errors] == ["OG.01.at", "OG.01.pattern"]
    assert not any("geheime-waarde" in one.text("nl") for one in report.errors)
