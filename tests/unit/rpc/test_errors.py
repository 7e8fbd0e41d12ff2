"""Errors as data: every reason has its texts, and survives the way over the wire."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_DELIVERED,
    RESULT_CODE_DOSSIER_NOT_READY,
    RESULT_CODE_INTERNAL,
    RESULT_CODE_REQUEST_INVALID,
    RESULT_CODE_SESSION_EXPIRED,
    RESULT_CODE_SESSION_MISMATCH,
    RESULT_CODE_UNREACHABLE,
    ResultCode,
)
from oso_rpc.errors import (
    OsoError,
    best_result,
    code_named,
    facts_of,
    from_rpc_error,
    name_of,
    status_name,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

CODES = [code for code in ResultCode.values() if code]
# The ranking as the protocol has it, best first; other refusals rank as SESSION_MISMATCH does.
RANKING = [
    "DELIVERED",
    "DOSSIER_NOT_CHANGED",
    "DOSSIER_NOT_INSPECTED",
    "NOT_FOR_THIS_SCHOOL",
    "DOSSIER_WITHDRAWN",
    "DOSSIER_YEAR_NOT_SUPPORTED",
    "DOSSIER_NOT_READY",
    "TRANSFER_INCOMPLETE",
    "MANIFEST_INVALID",
    "SESSION_MISMATCH",
    "UNREACHABLE",
]


def received(
    status: status_pb2.Status | None,
    code: grpc.StatusCode = grpc.StatusCode.INTERNAL,
    trailing: Sequence[tuple[str, str | bytes]] = (),
) -> grpc.aio.AioRpcError:
    """Make what a call raises when this status comes in."""
    if status is not None:
        code = next(one for one in grpc.StatusCode if one.value[0] == status.code)
        trailing = (*trailing, ("grpc-status-details-bin", status.SerializeToString()))
    metadata: Any = grpc.aio.Metadata(*trailing)
    return grpc.aio.AioRpcError(
        code, grpc.aio.Metadata(), metadata, details=status.message if status else "lost"
    )


def placeholders(text: str) -> set[str]:
    """Give the names a text has room for."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", CODES, ids=name_of)
def test_every_code_speaks_both_languages(code: ResultCode.ValueType) -> None:
    """Every result code has a Dutch and an English sentence about the same data."""
    facts = facts_of(code)

    assert facts.text_nl.endswith((".", "{detail}"))
    assert facts.text_en.endswith((".", "{detail}"))
    assert facts.text_nl != facts.text_en
    assert placeholders(facts.text_nl) == placeholders(facts.text_en)
    assert all(name.isidentifier() for name in placeholders(facts.text_nl))


@pytest.mark.parametrize("code", CODES, ids=name_of)
def test_every_code_has_a_real_status(code: ResultCode.ValueType) -> None:
    """Every result code names a gRPC status; OK only where it is no refusal."""
    facts = facts_of(code)

    assert status_name(facts.grpc_code) != "UNKNOWN"
    assert (facts.grpc_code == 0) == (
        name_of(code) in {"DELIVERED", "GRANTED", "MATCHED", "LAPSED", "REPORTED"}
    )


def test_ranking_is_the_protocols() -> None:
    """Results rank as the protocol says, each strictly above the next."""
    codes = [code_named(name) for name in RANKING]
    ranks = [facts_of(code).rank for code in codes if code is not None]

    assert len(RANKING) == len(ranks)
    assert sorted(set(ranks), reverse=True) == ranks


def test_missing_data_shows_as_dash() -> None:
    """A text whose data is not known says `-`, and never fails."""
    text = OsoError(RESULT_CODE_SESSION_EXPIRED).text("nl")

    assert text == "Deze sessie is verlopen op -."


def test_data_with_braces_is_only_data() -> None:
    """Braces in data are shown as they are, not filled in."""
    text = OsoError(RESULT_CODE_SESSION_EXPIRED, expire_time="{expire_time.__class__}").text("en")

    assert text == "This session expired at {expire_time.__class__}."


def test_best_result_takes_the_last_on_a_tie() -> None:
    """Of several delivery points the best result wins; on a tie the last one asked."""
    best = best_result(
        [
            (RESULT_CODE_UNREACHABLE, "A"),
            (RESULT_CODE_DOSSIER_NOT_READY, "B"),
            (RESULT_CODE_DOSSIER_NOT_READY, "C"),
            (RESULT_CODE_UNREACHABLE, "D"),
        ]
    )

    assert best == (RESULT_CODE_DOSSIER_NOT_READY, "C")


def test_best_result_of_nothing_is_unreachable() -> None:
    """Nobody asked means nobody reached."""
    assert best_result([]) == (RESULT_CODE_UNREACHABLE, "")


@pytest.mark.parametrize("code", [code for code in CODES if facts_of(code).grpc_code], ids=name_of)
def test_every_error_survives_the_wire(code: ResultCode.ValueType) -> None:
    """Reason, data, fields and waiting time arrive as they were sent, for every code."""
    sent = OsoError(
        code,
        retry_after=timedelta(seconds=90),
        violations=[("key.search_key", "must be 32 bytes")],
        detail="x",
        party="las-b",
    )

    arrived = from_rpc_error(received(status_of(sent)), party="nobody")

    assert sent.code == arrived.code
    assert sent.metadata == arrived.metadata
    assert sent.retry_after == arrived.retry_after
    assert sent.violations == arrived.violations
    assert sent.text("nl") == arrived.text("nl")


def test_status_carries_the_dutch_sentence() -> None:
    """LocalizedMessage is Dutch, for the school worker; the status message is English."""
    status = status_of(OsoError(RESULT_CODE_SESSION_MISMATCH, fields="kind"))
    localized = error_details_pb2.LocalizedMessage()

    assert any(detail.Unpack(localized) for detail in status.details)
    assert localized.locale == "nl"
    assert localized.message == "De aanvraag wijkt af van de toegekende sessie (kind)."
    assert status.message == "The request differs from the granted session (kind)."


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    ],
)
def test_nobody_answers(code: grpc.StatusCode) -> None:
    """When gRPC itself says that nobody answered, the error says who could not be reached."""
    error = from_rpc_error(received(None, code), party="las-b")

    assert error.code == RESULT_CODE_UNREACHABLE
    assert error.metadata == {"party": "las-b"}


def test_broken_party_is_internal_with_its_request_id() -> None:
    """A failure without details is INTERNAL, with the number the helpdesk can look for."""
    lost = received(None, grpc.StatusCode.UNKNOWN, [("x-request-id", "abc-1")])

    error = from_rpc_error(lost, party="las-b")

    assert error.code == RESULT_CODE_INTERNAL
    assert error.metadata == {"request": "abc-1"}


def test_unknown_reason_of_a_newer_party() -> None:
    """A reason this version does not know becomes INTERNAL instead of a crash."""
    status = status_of(OsoError(RESULT_CODE_SESSION_MISMATCH))
    info = error_details_pb2.ErrorInfo(reason="NOT_INVENTED_YET", domain="oso")
    status.details[0].Pack(info)

    assert from_rpc_error(received(status), party="x").code == RESULT_CODE_INTERNAL


@pytest.mark.parametrize("key", ["code", "self", "retry_after", "violations"])
def test_hostile_names_stay_data(key: str) -> None:
    """Names another party chooses for its data cannot pass for our arguments."""
    status = status_of(OsoError(RESULT_CODE_SESSION_MISMATCH))
    info = error_details_pb2.ErrorInfo(reason="SESSION_MISMATCH", domain="oso", metadata={key: "1"})
    status.details[0].Pack(info)

    error = from_rpc_error(received(status), party="x")

    assert error.code == RESULT_CODE_SESSION_MISMATCH
    assert error.metadata == {key: "1"}


def test_hostile_texts_are_made_fit_for_a_screen() -> None:
    """Control characters and endless texts of another party do not reach a screen or log."""
    sent = OsoError(RESULT_CODE_REQUEST_INVALID, detail="\x1b[2Jgone\n" + "x" * 10_000)

    detail = from_rpc_error(received(status_of(sent)), party="x").metadata["detail"]

    assert detail.startswith(" [2Jgone x")
    assert len(detail) == 500


@pytest.mark.parametrize("spoil", ["status", "detail", "code"])
def test_spoiled_details_do_not_crash(spoil: str) -> None:
    """Details that are nonsense, or contradict the status, still give an error we know."""
    status = status_of(OsoError(RESULT_CODE_SESSION_MISMATCH))
    if spoil == "detail":
        status.details[0].value = b"\xff\xff\xff"
    error = received(status)
    if spoil == "status":
        error = received(
            None, grpc.StatusCode.INTERNAL, [("grpc-status-details-bin", b"\xff\xff\xff")]
        )
    if spoil == "code":
        packed = status.SerializeToString()
        error = received(None, grpc.StatusCode.OK, [("grpc-status-details-bin", packed)])

    assert from_rpc_error(error, party="x").code == RESULT_CODE_INTERNAL


def test_details_of_others_are_not_ours() -> None:
    """A reason in another domain than `oso` means nothing to us."""
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason="DELIVERED", domain="example.com"))
    status = status_pb2.Status(code=13, message="lost", details=[packed])

    error = from_rpc_error(received(status), party="x")

    assert error.code == RESULT_CODE_INTERNAL
    assert error.code != RESULT_CODE_DELIVERED
