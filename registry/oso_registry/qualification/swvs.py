"""Where an SWV stands, and what registrars decide about it.

An SWV takes the same states as a school, but has no steps: nothing says what an SWV must do before
it may receive. A registrar decides, and says for every decision what it rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_registry.calls import invalid
from oso_registry.parties.register import require_active, require_etag
from oso_registry.parties.registers import SWV
from oso_registry.parties.resources import SWVS
from oso_registry.qualification import model
from oso_registry.qualification.records import cannot, note_decision, record_of, shown
from oso_registry.qualification.resources import QUALIFICATIONS, party_of
from oso_registry.store import microseconds_of

if TYPE_CHECKING:
    from oso.registry.v1.party_pb2 import Swv
    from oso.registry.v1.qualification_pb2 import Qualification
    from oso.registry.v1.qualification_service_pb2 import ActOnQualificationRequest
    from oso_registry.store import Transaction


def get_swv_qualification(tx: Transaction, name: str) -> Qualification:
    """Tell how far an SWV the caller sees has come.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    swv = SWV.get(tx, party_of(name))
    return shown(tx, _told(tx, swv, record_of(tx, swv.name)))


def act_on_swv(tx: Transaction, request: ActOnQualificationRequest) -> Qualification:
    """Decide about an SWV.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, PARTY_CLOSED, QUALIFICATION_STATE; REQUEST_INVALID
            without a reason, or with an end of the trial.

    """
    swv = SWV.get(tx, party_of(request.name))
    record = record_of(tx, swv.name)
    require_etag(record, request.etag)
    before = model.standing(swv)
    after = model.state_after(before, request.act, record.suspended_state)
    if after is None:
        raise cannot(swv, model.act_name(request.act))
    if request.act in model.OF_ACTIVE:
        require_active(swv)
    if not request.reason.strip():
        raise invalid("reason", "is needed for every decision about an SWV: say what it rests on")
    if request.HasField("trial_end_time"):
        raise invalid("trial_end_time", "does not belong here: the trial of an SWV has no end")
    swv.qualification = after
    note_decision(tx, record, before, request.act, request.reason)
    swv = tx.put(SWVS, swv)
    return _told(tx, swv, tx.put(QUALIFICATIONS, record))


def _told(tx: Transaction, swv: Swv, record: Qualification) -> Qualification:
    """Give a record as the contract has it: with the state, and with whom it may exchange."""
    record.state = model.standing(swv)
    record.partners = model.partners(swv, microseconds_of(tx.now))
    return record
