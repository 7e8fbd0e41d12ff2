"""Invented lists: what is written is what is read, in every form a list may have."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oso.directory.v1.directory_pb2 import Sector
from oso_registry.school_lists.fields import FieldError, text_of
from oso_registry.school_lists.inventing import invented
from oso_registry.school_lists.reading import read_school_list
from oso_registry.school_lists.rows import Address, Row
from oso_registry.school_lists.stating import statement_of
from oso_registry.school_lists.writing import FORMS, Form, Generation, write_school_list

SECTORS = list(Sector.values())[1:]
FORM = st.builds(
    Form,
    generation=st.sampled_from(Generation),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    delimiter=st.sampled_from(";,"),
    end=st.sampled_from(["\n", "\r\n"]),
)


def _usable(text: str) -> bool:
    try:
        return text_of(text) == text
    except FieldError:
        return False


TEXT = st.text(st.characters(codec="cp1252"), max_size=40).filter(_usable)
ROW = st.builds(
    Row,
    line=st.just(0),
    brin=st.from_regex(r"[0-9]{2}[A-Z]{2}", fullmatch=True),
    vestiging=st.from_regex(r"[0-9]{2}", fullmatch=True),
    name=TEXT.filter(bool),
    board=st.from_regex(r"([0-9]{5})?", fullmatch=True),
    address=st.builds(
        Address,
        TEXT,
        TEXT,
        st.from_regex(r"([1-9][0-9]{3}[A-Z]{2})?", fullmatch=True),
        TEXT,
    ),
    sector=st.sampled_from(SECTORS),
)


def _has_one_meaning(content: bytes, form: Form) -> bool:
    """Tell whether no other encoding fits: Windows-1252 for `Â¡` is UTF-8 for `¡`."""
    try:
        return form.encoding != "cp1252" or content.isascii() or not content.decode("utf-8")
    except UnicodeDecodeError:
        return True


@given(st.lists(ROW, min_size=1, max_size=5), FORM, st.sampled_from(SECTORS))
def test_what_is_written_is_read(rows: list[Row], form: Form, sector: Sector.ValueType) -> None:
    """Rows, written in any form that has one meaning, are read as they were, quotes and all."""
    expected = tuple(
        Row(line, row.brin, row.vestiging, row.name, row.board, row.address, sector)
        for line, row in enumerate(rows, 2)
    )

    content = write_school_list(expected, form)
    assume(_has_one_meaning(content, form))

    read = read_school_list(content, sector)

    assert (expected, ()) == (read.rows, read.rejections)


@given(st.integers(), st.integers(1, 60), st.integers(1, 30), FORM, st.sampled_from(SECTORS))
def test_an_invented_list_is_a_good_one(
    seed: int, schools: int, boards: int, form: Form, sector: Sector.ValueType
) -> None:
    """Every invented list is read without a rejection, in every form, and contradicts nothing."""
    rows = invented(seed, schools, boards, sector)

    read = read_school_list(write_school_list(rows, form), sector)

    statement = statement_of(read)
    assert tuple(rows) == read.rows
    assert ([], schools) == (list(statement.rejections), len(statement.schools))


@pytest.mark.parametrize("generation", Generation)
def test_lists_look_like_the_ministrys(generation: Generation) -> None:
    """Each generation has its number of columns, a heading with a blank, and its own encoding."""
    content = write_school_list(invented(1, 50, 10, Sector.SECTOR_VO), FORMS[generation])

    first = content.split(b"\r\n")[0].split(b";")
    assert {Generation.OLD: 30, Generation.NEW: 32}[generation] == len(first)
    assert b"GEMEENTENAAM " in first
    assert (b"\xef\xbb\xbf" == content[:3]) == (generation is Generation.NEW)


def test_the_country() -> None:
    """The national list has its schools and boards, all sectors, and BRINs that are shared."""
    rows = invented(20, 8000, 1300)

    statement = statement_of(read_school_list(write_school_list(rows, FORMS[Generation.NEW])))

    assert 8000 == len(statement.schools)
    assert 1300 == len({row.board for row in rows if row.board})
    assert set(SECTORS) == statement.sectors
    by_brin = Counter((row.brin, row.sector) for row in rows)
    shared = Counter(brin for brin, _ in by_brin)
    assert max(shared.values()) == 2
    assert 10_000 <= len(rows)


def test_the_same_seed_gives_the_same_list() -> None:
    """A list is the same for the same seed, and another for another."""
    once, again, other = (invented(seed, 20, 5) for seed in (7, 7, 8))

    assert once == again
    assert once != other


@pytest.mark.parametrize(("schools", "boards"), [(0, 1), (1, 0), (66_925, 1), (1, 100_000)])
def test_more_than_there_are_codes_for(schools: int, boards: int) -> None:
    """There are not more schools and boards than codes for them."""
    with pytest.raises(ValueError, match="between 1 and"):
        invented(1, schools, boards)
