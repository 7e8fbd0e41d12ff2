"""What people read of a rejected row, in Dutch and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import school_list_pb2 as lists

if TYPE_CHECKING:
    from oso_registry.school_lists.rows import Rejection

_TEXTS = {
    lists.SCHOOL_LIST_REJECTION_MALFORMED: (
        "De regel is geen geldige CSV; misschien is een aanhalingsteken niet gesloten.",
        "The row is no valid CSV; perhaps a quote is not closed.",
    ),
    lists.SCHOOL_LIST_REJECTION_FIELD_COUNT: (
        "De regel heeft {fields} velden; er zijn {headings} kolommen.",
        "The row has {fields} fields; there are {headings} columns.",
    ),
    lists.SCHOOL_LIST_REJECTION_BLANK: (
        "{column} is leeg.",
        "{column} is blank.",
    ),
    lists.SCHOOL_LIST_REJECTION_BRIN: (
        "{column} moet twee cijfers en twee letters zijn, zoals 00SS; er staat {value}.",
        "{column} must be two digits and two letters, such as 00SS; it looks like {value}.",
    ),
    lists.SCHOOL_LIST_REJECTION_VESTIGING: (
        (
            "{column} moet de instellingscode met twee cijfers zijn, zoals 00SS01, of alleen die "
            "cijfers; er staat {value}."
        ),
        (
            "{column} must be the institution code and two digits, such as 00SS01, or only those "
            "digits; it looks like {value}."
        ),
    ),
    lists.SCHOOL_LIST_REJECTION_VESTIGING_OF_OTHER_BRIN: (
        "{column} begint met een andere instellingscode dan die van de regel.",
        "{column} starts with another institution code than that of the row.",
    ),
    lists.SCHOOL_LIST_REJECTION_BOARD: (
        (
            "{column} moet vijf cijfers zijn, zoals 41234, ook als het met een nul begint; "
            "er staat {value}."
        ),
        (
            "{column} must be five digits, such as 41234, also when the first is a zero; it looks "
            "like {value}."
        ),
    ),
    lists.SCHOOL_LIST_REJECTION_POSTCODE: (
        "{column} moet vier cijfers en twee letters zijn, zoals 1234 AB; er staat {value}.",
        "{column} must be four digits and two letters, such as 1234 AB; it looks like {value}.",
    ),
    lists.SCHOOL_LIST_REJECTION_TOO_LONG: (
        "{column} is langer dan 200 tekens.",
        "{column} is longer than 200 characters.",
    ),
    lists.SCHOOL_LIST_REJECTION_CHARACTER: (
        "{column} bevat een teken dat niet te tonen is of bij een eerdere omzetting verloren ging.",
        "{column} has a character that cannot be shown, or was lost in an earlier conversion.",
    ),
    lists.SCHOOL_LIST_REJECTION_FORMULA: (
        "{column} begint met =, +, - of @, zoals een formule; er staat {value}.",
        "{column} begins with =, +, - or @, as a formula does; it looks like {value}.",
    ),
    lists.SCHOOL_LIST_REJECTION_COLUMNS_DIFFER: (
        "{column} zegt iets anders dan de kolom die hetzelfde betekent.",
        "{column} says something else than the column that means the same.",
    ),
    lists.SCHOOL_LIST_REJECTION_SECTOR_UNKNOWN: (
        "Uit {column} blijkt niet om welke onderwijssector het gaat; er staat {value}.",
        "{column} does not tell which kind of education it is; it looks like {value}.",
    ),
    lists.SCHOOL_LIST_REJECTION_SECTOR_DIFFERS: (
        "{column} is van een andere onderwijssector dan voor de lijst is opgegeven.",
        "{column} is of another kind of education than was given for the list.",
    ),
    lists.SCHOOL_LIST_REJECTION_TWICE: (
        "Deze vestiging staat ook op regel {other}.",
        "This location is also on line {other}.",
    ),
    lists.SCHOOL_LIST_REJECTION_BOARDS_DIFFER: (
        "De regels van deze instellingscode noemen verschillende besturen.",
        "The rows of this institution code name different boards.",
    ),
    lists.SCHOOL_LIST_REJECTION_SECTORS_DIFFER: (
        "De regels van deze instellingscode zijn van onderwijssectoren die niet samengaan.",
        "The rows of this institution code are of kinds of education that do not go together.",
    ),
    lists.SCHOOL_LIST_REJECTION_REGISTERED_OTHERWISE: (
        "Deze instellingscode staat geregistreerd als {registered}, de lijst zegt {stated}.",
        "This institution code is registered as {registered}, the list says {stated}.",
    ),
    lists.SCHOOL_LIST_REJECTION_TEST_SCHOOL: (
        "Dit is de instellingscode van een testschool van OSO.",
        "This is the institution code of a test school of OSO.",
    ),
}


def texts_of(rejection: Rejection) -> tuple[str, str]:
    """Give what is wrong with the row in Dutch and in English."""
    known = {"column": rejection.column, "value": rejection.value, **rejection.details}
    dutch, english = _TEXTS[rejection.reason]
    return dutch.format_map(known), english.format_map(known)
