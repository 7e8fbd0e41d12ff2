"""Reading a school list: bytes in, rows and rejections out.

A row never spans lines here, although CSV lets a quoted field do so: a quote that somebody forgot
would swallow rows without a trace, and line numbers would not be those of the file.

Whatever comes in, reading it ends within `MAX_BYTES` of input, `MAX_LINES` lines and some ten times
that memory.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import SECTOR_UNSPECIFIED
from oso.registry.v1.school_list_pb2 import (
    SCHOOL_LIST_REJECTION_COLUMNS_DIFFER,
    SCHOOL_LIST_REJECTION_FIELD_COUNT,
    SCHOOL_LIST_REJECTION_MALFORMED,
    SCHOOL_LIST_REJECTION_SECTOR_DIFFERS,
    SCHOOL_LIST_REJECTION_SECTOR_UNKNOWN,
)
from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_SCHOOL_LIST_EMPTY,
    RESULT_CODE_SCHOOL_LIST_LINE_TOO_LONG,
    RESULT_CODE_SCHOOL_LIST_NOT_TEXT,
    RESULT_CODE_SCHOOL_LIST_SECTOR_UNKNOWN,
    RESULT_CODE_SCHOOL_LIST_TOO_LARGE,
)
from oso_registry.school_lists import fields
from oso_registry.school_lists.headings import ADDRESS, Column, headings_of, known_headings
from oso_registry.school_lists.rows import Address, Rejection, Row, SchoolList, shape_of
from oso_registry.school_lists.sectors import go_together, one_of, sectors_in
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oso.directory.v1.directory_pb2 import Sector
    from oso.registry.v1.school_list_pb2 import SchoolListRejection
    from oso_registry.school_lists.headings import Headings

# The lists of all sectors together have 3 MiB and 12,000 lines; a line has some 500 bytes.
MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 30_000
MAX_LINE_BYTES = 16 * 1024
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ";,"
# csv's Python name for what Windows programs write; the bytes it leaves open are refused.
_ENCODINGS = {"utf-8": "utf-8", "windows-1252": "cp1252"}


def read_school_list(content: bytes, sector: Sector.ValueType = SECTOR_UNSPECIFIED) -> SchoolList:
    """Read a school list of either generation.

    Args:
        content: The file.
        sector: Kind of education of all its schools; not given: each row says it.

    Raises:
        OsoError: The file as a whole cannot be used: one of the SCHOOL_LIST reasons.

    """
    if len(content) > MAX_BYTES:
        raise too_large()
    encoding = _encoding_of(content)
    lines = _lines(content.removeprefix(_BOM), _ENCODINGS[encoding])
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        raise OsoError(RESULT_CODE_SCHOOL_LIST_EMPTY)
    delimiter, headings = _headings(first[1])
    if not sector and Column.STRUCTURE not in headings.places:
        raise OsoError(RESULT_CODE_SCHOOL_LIST_SECTOR_UNKNOWN)
    reader = _RowReader(headings, delimiter, sector)
    count = sum(reader.read(number, line) for number, line in lines)
    if not count:
        raise OsoError(RESULT_CODE_SCHOOL_LIST_EMPTY)
    return SchoolList(
        rows=tuple(reader.rows),
        rejections=tuple(reader.rejections),
        count=count,
        encoding=encoding,
        delimiter=delimiter,
        absent=headings.absent,
    )


def too_large() -> OsoError:
    """Make the refusal of a file that is larger than any school list."""
    return OsoError(RESULT_CODE_SCHOOL_LIST_TOO_LARGE, bytes=f"{MAX_BYTES}", lines=f"{MAX_LINES}")


def _encoding_of(content: bytes) -> str:
    """Tell how the characters are written: UTF-8 if all of it is, else Windows-1252 if all is.

    Raises:
        OsoError: SCHOOL_LIST_NOT_TEXT, with the line.

    """
    wrong = content.find(b"\0")
    if wrong < 0:
        names = ["utf-8"] if content.startswith(_BOM) else list(_ENCODINGS)
        for name in names:
            try:
                content.decode(_ENCODINGS[name])
            except UnicodeDecodeError as error:
                wrong = error.start
            else:
                return name
    line = content.count(b"\n", 0, wrong) + 1
    raise OsoError(RESULT_CODE_SCHOOL_LIST_NOT_TEXT, line=str(line))


def _lines(content: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    """Give the lines with their numbers, without what ends them.

    Raises:
        OsoError: SCHOOL_LIST_TOO_LARGE, SCHOOL_LIST_LINE_TOO_LONG.

    """
    stream = io.BytesIO(content)
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number > MAX_LINES:
            raise too_large()
        if len(line) > MAX_LINE_BYTES:
            raise OsoError(
                RESULT_CODE_SCHOOL_LIST_LINE_TOO_LONG, line=str(number), limit=str(MAX_LINE_BYTES)
            )
        yield number, line.rstrip(b"\r\n").decode(encoding)


def _headings(line: str) -> tuple[str, Headings]:
    """Find the delimiter, under which most headings are known, and the columns."""
    tried = {delimiter: _split(line, delimiter) or [] for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda one: known_headings(tried[one]))
    return delimiter, headings_of(tried[delimiter])


def _split(line: str, delimiter: str) -> list[str] | None:
    """Split a line into fields; None when it is malformed."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


class _RowReader:
    """Reads row after row; what comes of them is gathered in `rows` and `rejections`."""

    def __init__(self, headings: Headings, delimiter: str, sector: Sector.ValueType) -> None:
        self.rows: list[Row] = []
        self.rejections: list[Rejection] = []
        self._headings = headings
        self._delimiter = delimiter
        self._sector = sector

    def read(self, number: int, line: str) -> bool:
        """Read a line; tell whether it is a row at all, and not blank."""
        values = _split(line, self._delimiter)
        if values is None:
            self.rejections.append(Rejection(number, SCHOOL_LIST_REJECTION_MALFORMED))
            return True
        width = self._headings.width
        if not any(map(str.strip, values)):
            return False
        if len(values) < width or any(map(str.strip, values[width:])):
            details = {"fields": str(len(values)), "headings": str(width)}
            rejection = Rejection(number, SCHOOL_LIST_REJECTION_FIELD_COUNT, details=details)
            self.rejections.append(rejection)
            return True
        row = _RowFields(number, values, self._headings)
        made = row.made(self._sector)
        if row.wrong:
            self.rejections += row.wrong
        else:
            self.rows.append(made)
        return True


class _RowFields:
    """The fields of one row; `wrong` is what cannot be used of them."""

    def __init__(self, line: int, values: Sequence[str], headings: Headings) -> None:
        self.wrong: list[Rejection] = []
        self._line = line
        self._values = values
        self._places = headings.places
        self._brin = ""

    def made(self, sector: Sector.ValueType) -> Row:
        """Make the row; good for nothing when `wrong` is not empty."""
        self._brin = brin = self._given(Column.BRIN, fields.brin_of) or ""
        return Row(
            line=self._line,
            brin=brin,
            vestiging=self._given(Column.VESTIGING, lambda one: fields.vestiging_of(one, brin))
            or "",
            name=self._given(Column.NAME, fields.needed_text_of) or "",
            board=self._given(Column.BOARD, fields.board_of) or "",
            address=Address(
                *(
                    self._given(
                        column,
                        fields.postcode_of if column is Column.POSTCODE else fields.text_of,
                    )
                    for column in ADDRESS
                )
            ),
            sector=self._sector_of(sector),
        )

    def _given(self, column: Column, read: Callable[[str], str]) -> str | None:
        """Read a column under each heading it has; None when the list does not have it."""
        found: str | None = None
        for place, heading in self._places.get(column, ()):
            try:
                value = read(self._values[place])
            except fields.FieldError as error:
                self._wrong(error.reason, heading, self._values[place])
                return None
            if found is not None and found != value:
                self._wrong(SCHOOL_LIST_REJECTION_COLUMNS_DIFFER, heading, self._values[place])
                return None
            found = value
        return found

    def _sector_of(self, given: Sector.ValueType) -> Sector.ValueType:
        """Find the kind of education: what was given, unless the row is clearly of another."""
        structure = self._given(Column.STRUCTURE, str.strip) or ""
        said = sectors_in(structure)
        heading = Column.STRUCTURE.heading
        if not given:
            one = one_of(said)
            if not one:
                self._wrong(SCHOOL_LIST_REJECTION_SECTOR_UNKNOWN, heading, structure)
            return one
        if said and not any(go_together(given, one) for one in said):
            self._wrong(SCHOOL_LIST_REJECTION_SECTOR_DIFFERS, heading, structure)
        return given

    def _wrong(self, reason: SchoolListRejection.ValueType, heading: str, value: str) -> None:
        shape = shape_of(value.strip())
        self.wrong.append(Rejection(self._line, reason, heading, shape, self._brin))
