"""What a source answers when nothing is ready for who asks: the best reason, and no secrets."""

from __future__ import annotations

import pytest

from oso_las.exchange import _why_not, is_marked_for
from oso_las.kinds import BINNEN_BRIN, OVERSTAP
from oso_las.model import State
from oso_las.tables import DossierRow
from oso_rpc.errors import name_of

ASKER, OTHER = "01VV", "02ZZ"


def _row(state: State, target: str, kind: str) -> DossierRow:
    return DossierRow(
        state=state.value,
        kind=kind,
        profile="POVO",
        dossier_year="2019.1",
        number_kind="bsn",
        pupil_number="999900006",
        birth_date="2007-03-01",
        pupil_name="",
        collect_time=0,
        dossier_sha256=b"",
        target_brin=target,
    )


@pytest.mark.parametrize(
    ("dossiers", "expected"),
    [
        ([], "DOSSIER_NOT_READY"),
        ([(State.DRAFT, "")], "DOSSIER_NOT_READY"),
        ([(State.DRAFT, OTHER)], "DOSSIER_NOT_READY"),
        ([(State.DRAFT, ASKER)], "DOSSIER_NOT_INSPECTED"),
        ([(State.DRAFT, ASKER, BINNEN_BRIN)], "DOSSIER_NOT_READY"),
        ([(State.INSPECTED, ASKER)], "DOSSIER_NOT_READY"),
        ([(State.READY, OTHER)], "NOT_FOR_THIS_SCHOOL"),
        ([(State.WITHDRAWN, ASKER)], "DOSSIER_WITHDRAWN"),
        ([(State.WITHDRAWN, OTHER)], "DOSSIER_NOT_READY"),
        ([(State.WITHDRAWN, ASKER), (State.READY, OTHER)], "NOT_FOR_THIS_SCHOOL"),
        ([(State.DRAFT, ASKER), (State.READY, OTHER)], "DOSSIER_NOT_INSPECTED"),
        ([(State.DRAFT, ASKER), (State.WITHDRAWN, ASKER)], "DOSSIER_NOT_INSPECTED"),
    ],
)
def test_the_reason_is_the_best_one_that_may_be_told(
    dossiers: list[tuple[State, str] | tuple[State, str, str]], expected: str
) -> None:
    """A draft meant for another school is as good as unknown; the best of the others is told."""
    rows = [_row(one[0], one[1], one[2] if len(one) > 2 else OVERSTAP) for one in dossiers]
    ours = [row for row in rows if is_marked_for(row, ASKER)]

    assert expected == name_of(_why_not(rows, ours))
