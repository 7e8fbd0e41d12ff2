"""What is said of a result code when a session is explained: a row of a table.

The tables are `said_results` and `said_refusals`. A row is found by code and case: the same code
means something else when the source's side is wrong, or when it was the report that was refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from oso.registry.v1 import ticket_pb2 as contract

if TYPE_CHECKING:
    from oso.registry.v1.ticket_pb2 import SessionLeg, SessionParty, SessionVerdict
    from oso.result.v1.result_code_pb2 import ResultCode


class Case(Enum):
    """The circumstances in which a code was given."""

    ANY = "any"
    # The target's delivery point, certificate, school or request is meant.
    TARGET = "target"
    # The source's delivery point or school is meant.
    SOURCE = "source"
    # The source's request had been found right before.
    MATCHED = "matched"
    # Closing was refused.
    CLOSE = "close"


@dataclass(frozen=True)
class Said:
    """What is said of a code.

    The texts are templates with `{source}` and `{target}`, the two schools. A summary has no full
    stop: what differed or was missing may come behind it.

    Attributes:
        leg: Where it happens, when no event says so.
        party: Who has to do something.
        summary_nl: What is the matter, Dutch.
        summary_en: The same in English.
        advice_nl: What to do next, Dutch.
        advice_en: The same in English.
        verdict: How a session with this result ended.

    """

    leg: SessionLeg.ValueType
    party: SessionParty.ValueType
    summary_nl: str
    summary_en: str
    advice_nl: str
    advice_en: str
    verdict: SessionVerdict.ValueType = contract.SESSION_VERDICT_FAILED


Table: TypeAlias = "dict[tuple[ResultCode.ValueType, Case], Said]"

# For a code this version does not have: a newer Traffic Center gave it.
NEWER = Said(
    contract.SESSION_LEG_UNSPECIFIED,
    contract.SESSION_PARTY_OFFICE_HEART,
    "Het verkeerscentrum gaf een reden die deze versie van OfficeHeart niet kent",
    "The Traffic Center gave a reason that this version of OfficeHeart does not know",
    "Vraag de beheerder van OfficeHeart om bij te werken en noem het sessienummer.",
    "Ask the administrator of OfficeHeart to update, and give the session id.",
)
