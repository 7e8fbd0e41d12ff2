"""One value as people write it: dates, numbers, yes and no, codes by their meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from oso.options.v1 import field_pb2
from oso_dossier.labels import label, meaning
from oso_dossier.printing.glyphs import visible
from oso_dossier.printing.wording import WORDINGS

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

    from oso_dossier.printing.wording import Wording

_FACTS = field_pb2.facts
_KILO = 1000


class Formatter:
    """Writes labels and values in one language, for one year of the standard."""

    def __init__(self, language: str, year: str) -> None:
        """Fix the language and the year.

        Args:
            language: `nl` or `en`.
            year: Year of the standard: codes may mean something else in another year.

        Raises:
            KeyError: There are no words in that language.

        """
        self.words: Wording = WORDINGS[language]
        self.language = language
        self._year = year

    def label(self, field: FieldDescriptor) -> str:
        """Give what people read instead of the name of a field."""
        return label(field, self.language)

    def value(self, field: FieldDescriptor, value: Any) -> str:
        """Give one value of a field that holds no message of ours."""
        if isinstance(value, Date):
            return self.date(value)
        if isinstance(value, Decimal):
            return visible(value.value.replace(".", self.words.decimal_sign))
        if isinstance(value, bool):
            return self.words.yes if value else self.words.no
        code_list = field.GetOptions().Extensions[_FACTS].code_list
        if code_list:
            return self._meaning(code_list, str(value))
        return visible(str(value)) if str(value).strip() else self.words.empty

    def _meaning(self, code_list: int, code: str) -> str:
        """Give what a code means; of a bare number nobody can explain: that it is a code."""
        text = visible(meaning(code_list, code, self.language, self._year))
        return self.words.code.format(text) if text == code and code.isdecimal() else text

    def date(self, value: Date) -> str:
        """Give a date in words: 12 maart 2026. What is no date is shown as it is."""
        if not 1 <= value.month <= len(self.words.months):
            return f"{value.day}-{value.month}-{value.year}"
        return f"{value.day} {self.words.months[value.month - 1]} {value.year}"

    def size(self, count: int) -> str:
        """Give a size in bytes or kilobytes."""
        if count < _KILO:
            return self.words.bytes.format(count)
        return self.words.kilobytes.format(-(-count // _KILO))
