"""The words of the printout itself. Labels of fields and meanings of codes stand in the contract.

To translate: add a `Wording`, and the label and meaning options of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Wording:
    """Texts in one language; `{}` is filled in.

    Plain language (B1): parents read them.
    """

    months: tuple[str, ...]
    yes: str
    no: str
    decimal_sign: str
    empty: str
    withheld: str
    title: str
    nameless: str
    page: str
    intro: str
    correction: str
    left_out: str
    nothing_left_out: str
    withheld_note: str
    mark_note: str
    pupil: str
    carers: str
    school: str
    advice: str
    support: str
    tests: str
    grades: str
    absence: str
    further: str
    attachments: str
    inspection: str
    about: str
    numbered: str
    attachment: str
    of_municipality: str
    land_code: str
    emergency: str
    details: str
    code: str
    date: str
    test: str
    group: str
    score: str
    compared: str
    part: str
    period: str
    school_year: str
    course: str
    subject: str
    result: str
    school_column: str
    level: str
    domains: str
    finished: str
    other_tests: str
    tests_in: str
    chart: str
    chart_words: str
    chart_point: str
    chart_table: str
    attachments_table: str
    number: str
    file: str
    belongs_to: str
    in_printout: str
    size: str
    kilobytes: str
    bytes: str
    digest: str
    digest_note: str
    digests: str
    digests_table: str
    as_picture: str
    ask_school: str
    missing: str
    broken: str
    too_large: str
    locked: str
    inside: str
    pictures: str
    picture_of: str
    picture_failed: str
    sign_intro: str
    seen: str
    agreed: str
    disagreed: str
    remarks: str
    name: str
    sign_date: str
    signature: str


_NL = Wording(
    months=(
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
    yes="Ja",
    no="Nee",
    decimal_sign=",",
    empty="(niet ingevuld)",
    withheld="geheim",
    title="Dossier van {}",
    nameless="een leerling zonder naam",
    page="Pagina {} van {}",
    intro=(
        "Dit is een uitdraai voor ouders en verzorgers. U ziet hier wat de school over de leerling "
        "wil doorgeven, in gewone woorden."
    ),
    correction=(
        "Klopt er iets niet, of mist u iets? Vraag de school om het te verbeteren of aan te "
        "vullen. Daar heeft u recht op. Bent u het ergens niet mee eens? Uw opmerking kan bij "
        "het dossier worden gevoegd."
    ),
    left_out="Deze onderdelen zijn weggelaten (opt-uit): {}.",
    nothing_left_out="Er zijn geen onderdelen weggelaten (opt-uit).",
    withheld_note=(
        "Waar “geheim” staat, is het telefoonnummer, e-mailadres of adres geheim. Het staat niet "
        "in deze uitdraai."
    ),
    mark_note=(
        "Staat er ergens {}? Dan kan dat teken niet worden afgedrukt. Op een scherm kan de school "
        "u laten zien wat er staat."
    ),
    pupil="De leerling",
    carers="Ouders en verzorgers",
    school="School en schoolloopbaan",
    advice="Advies",
    support="Ondersteuning",
    tests="Toetsen",
    grades="Cijfers en examen",
    absence="Verzuim",
    further="Overige documenten en gegevens",
    attachments="Bijlagen",
    inspection="Inzage en handtekening",
    about="Over dit dossier",
    numbered="{} {}",
    attachment="Bijlage {}",
    of_municipality="gemeente {}",
    land_code="landcode {}",
    emergency="te gebruiken in noodgevallen",
    details="Bijzonderheden: {}",
    code="code {}",
    date="Datum",
    test="Toets",
    group="Groep",
    score="Score",
    compared="Vergeleken met anderen",
    part="Onderdeel",
    period="Periode",
    school_year="Schooljaar",
    course="Opleiding",
    subject="Vak",
    result="Resultaat",
    school_column="School",
    level="Niveau",
    domains="Domeinen",
    finished="Afronding",
    other_tests="Andere toetsen",
    tests_in="Toetsen: {}",
    chart="Verloop: {}",
    chart_words="Lijngrafiek van {}: {}. Dezelfde getallen staan in de tabel.",
    chart_point="{} op {}",
    chart_table="Getallen bij de grafiek: {}",
    attachments_table="Bijlagen bij dit dossier",
    number="Nr.",
    file="Bestand",
    belongs_to="Hoort bij",
    in_printout="In deze uitdraai",
    size="Grootte",
    kilobytes="{} kB",
    bytes="{} bytes",
    digest="Controlegetal (SHA-256)",
    digest_note=(
        "Aan het controlegetal kan de school zien of een bestand later is veranderd. U hoeft er "
        "niets mee te doen."
    ),
    digests="Controlegetallen, voor de school",
    digests_table="Controlegetal van elke bijlage",
    as_picture="ja, als plaatje achteraan",
    ask_school="nee, vraag de school om het te laten zien",
    missing="nee, het bestand is niet meegeleverd",
    broken="nee, het bestand is beschadigd",
    too_large="nee, het plaatje is te groot om af te drukken",
    locked="nee, het bestand is versleuteld",
    inside="bevat: {}",
    pictures="Plaatjes uit de bijlagen",
    picture_of="Plaatje uit bijlage {}: {}",
    picture_failed="Dit plaatje is beschadigd en kan niet worden afgedrukt.",
    sign_intro=(
        "Vul dit in als u het dossier heeft bekeken. Kruis aan wat klopt. Vanaf 16 jaar "
        "tekent de leerling zelf."
    ),
    seen="Ik heb dit dossier bekeken.",
    agreed="Ik ben het eens met wat er in dit dossier staat.",
    disagreed="Ik ben het niet (helemaal) eens met wat er in dit dossier staat.",
    remarks="Opmerkingen",
    name="Naam",
    sign_date="Datum",
    signature="Handtekening",
)

_EN = Wording(
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    yes="Yes",
    no="No",
    decimal_sign=".",
    empty="(not filled in)",
    withheld="secret",
    title="Dossier of {}",
    nameless="a pupil without a name",
    page="Page {} of {}",
    intro=(
        "This is a printout for parents and carers. It shows what the school wants to pass on "
        "about the pupil, in plain words."
    ),
    correction=(
        "Is something wrong, or is something missing? Ask the school to correct or complete it. "
        "That is your right. Do you disagree with something? Your remark can be added to the "
        "dossier."
    ),
    left_out="These parts were left out (opt-out): {}.",
    nothing_left_out="No parts were left out (opt-out).",
    withheld_note=(
        "Where it says “secret”, the phone number, e-mail address or address is secret. It is not "
        "in this printout."
    ),
    mark_note=(
        "Do you see {} anywhere? That character cannot be printed. The school can show you on a "
        "screen what it is."
    ),
    pupil="The pupil",
    carers="Parents and carers",
    school="School and school career",
    advice="Advice",
    support="Support",
    tests="Tests",
    grades="Grades and examination",
    absence="Absence",
    further="Other documents and information",
    attachments="Attachments",
    inspection="Inspection and signature",
    about="About this dossier",
    numbered="{} {}",
    attachment="Attachment {}",
    of_municipality="municipality of {}",
    land_code="country code {}",
    emergency="for use in emergencies",
    details="Particulars: {}",
    code="code {}",
    date="Date",
    test="Test",
    group="Year group",
    score="Score",
    compared="Compared with others",
    part="Part",
    period="Period",
    school_year="School year",
    course="Course",
    subject="Subject",
    result="Result",
    school_column="School",
    level="Level",
    domains="Domains",
    finished="Completion",
    other_tests="Other tests",
    tests_in="Tests: {}",
    chart="Progress: {}",
    chart_words="Line chart of {}: {}. The same numbers are in the table.",
    chart_point="{} on {}",
    chart_table="Numbers of the chart: {}",
    attachments_table="Attachments of this dossier",
    number="No.",
    file="File",
    belongs_to="Belongs to",
    in_printout="In this printout",
    size="Size",
    kilobytes="{} kB",
    bytes="{} bytes",
    digest="Check number (SHA-256)",
    digest_note=(
        "By the check number the school can see whether a file was changed later. You need not "
        "do anything with it."
    ),
    digests="Check numbers, for the school",
    digests_table="Check number of each attachment",
    as_picture="yes, as a picture at the end",
    ask_school="no, ask the school to show it",
    missing="no, the file was not delivered",
    broken="no, the file is damaged",
    too_large="no, the picture is too large to print",
    locked="no, the file is encrypted",
    inside="holds: {}",
    pictures="Pictures from the attachments",
    picture_of="Picture from attachment {}: {}",
    picture_failed="This picture is damaged and cannot be printed.",
    sign_intro=(
        "Fill this in when you have looked at the dossier. Tick what is right. From the age of "
        "16 the pupil signs."
    ),
    seen="I have looked at this dossier.",
    agreed="I agree with what this dossier says.",
    disagreed="I do not (fully) agree with what this dossier says.",
    remarks="Remarks",
    name="Name",
    sign_date="Date",
    signature="Signature",
)

WORDINGS: Mapping[str, Wording] = {"nl": _NL, "en": _EN}
"""The words by language."""
