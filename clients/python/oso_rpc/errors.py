"""Errors as data, on the wire and off it.

There is one error across RPC, `OsoError`: a result code with data. Its texts come from the contract
(the options of `oso.result.v1.ResultCode`) and are made at the edge, where somebody reads them. On
the wire it is a gRPC status with google.rpc.ErrorInfo (AIP-193), LocalizedMessage in Dutch, and
where it helps BadRequest and RetryInfo.
"""

from __future__ import annotations

from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from oso.options.v1 import result_pb2
from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_INTERNAL,
    RESULT_CODE_UNREACHABLE,
    ResultCode,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

DOMAIN = "oso"
# Under this name a call's metadata carries the number a helpdesk can find it by, both ways.
REQUEST_ID_KEY = "x-request-id"
_PREFIX = "RESULT_CODE_"
_STATUS = {code.value[0]: code for code in grpc.StatusCode}
# What another party says ends on somebody's screen: no more of it than fits there.
_MAX_FOREIGN_TEXT = 500
_NOBODY_ANSWERED = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)


class OsoError(Exception):
    """A refusal or failure with its reason.

    Attributes:
        code: The reason.
        metadata: Data that goes with it, for the text and for programs. Never about the pupil.
        retry_after: When it makes sense to try again; None when it does not say.
        violations: Fields of the request that are wrong: (path, description).

    """

    def __init__(
        self,
        code: ResultCode.ValueType,
        *,
        retry_after: timedelta | None = None,
        violations: Sequence[tuple[str, str]] = (),
        **metadata: str,
    ) -> None:
        """Record the reason and its data."""
        super().__init__(code, metadata)
        self.code = code
        self.metadata: Mapping[str, str] = metadata
        self.retry_after = retry_after
        self.violations = tuple(violations)

    @property
    def name(self) -> str:
        """The reason as ErrorInfo has it, such as `SESSION_MISMATCH`."""
        return name_of(self.code)

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return text_of(self.code, self.metadata, language)

    def __str__(self) -> str:
        """Give reason and English text."""
        return f"{self.name}: {self.text('en')}"


def name_of(code: ResultCode.ValueType) -> str:
    """Give the name of a result code without its prefix."""
    return ResultCode.Name(code).removeprefix(_PREFIX)


def code_named(name: str) -> ResultCode.ValueType | None:
    """Give the result code of a name without prefix; None when this version has none such."""
    number = ResultCode.DESCRIPTOR.values_by_name.get(_PREFIX + name)
    return None if number is None else ResultCode.ValueType(number.number)


@cache
def facts_of(code: ResultCode.ValueType) -> result_pb2.ResultCodeOptions:
    """Give what the contract says of a result code."""
    value = ResultCode.DESCRIPTOR.values_by_number[code]
    return value.GetOptions().Extensions[result_pb2.result_code]


def text_of(code: ResultCode.ValueType, metadata: Mapping[str, str], language: str = "nl") -> str:
    """Give the text of a result code; data that is not known becomes `-`."""
    facts = facts_of(code)
    template = facts.text_nl if language == "nl" else facts.text_en
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format_map({name: metadata.get(name, "-") for name in names})


def best_result(
    results: Iterable[tuple[ResultCode.ValueType, str]],
) -> tuple[ResultCode.ValueType, str]:
    """Give the best of (result, routing key) by rank; on a tie the last one (OSO wiki 2018)."""
    best = (RESULT_CODE_UNREACHABLE, "")
    for result in results:
        if facts_of(result[0]).rank >= facts_of(best[0]).rank:
            best = result
    return best


def status_of(error: OsoError) -> status_pb2.Status:
    """Make the status that carries an error over the wire."""
    details: list[AnyMessage] = []

    def add(
        detail: error_details_pb2.ErrorInfo
        | error_details_pb2.LocalizedMessage
        | error_details_pb2.BadRequest
        | error_details_pb2.RetryInfo,
    ) -> None:
        packed = AnyMessage()
        packed.Pack(detail)
        details.append(packed)

    add(error_details_pb2.ErrorInfo(reason=error.name, domain=DOMAIN, metadata=error.metadata))
    add(error_details_pb2.LocalizedMessage(locale="nl", message=error.text("nl")))
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for field, description in error.violations:
            bad.field_violations.add(field=field, description=description)
        add(bad)
    if error.retry_after is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromTimedelta(error.retry_after)
        add(retry)
    code = facts_of(error.code).grpc_code
    return status_pb2.Status(code=code, message=error.text("en"), details=details)


async def abort(
    context: grpc.aio.ServicerContext[object, object],
    error: OsoError,
    trailing: Sequence[tuple[str, str]] = (),
) -> NoReturn:
    """End a call with an error."""
    status = rpc_status.to_status(status_of(error))
    context.set_trailing_metadata((*trailing, *(status.trailing_metadata or ())))
    await context.abort(status.code, status.details)
    raise AssertionError  # abort never returns


def status_name(code: grpc.StatusCode | int) -> str:
    """Give the name of a gRPC status, which asyncio servers know as a number."""
    status = code if isinstance(code, grpc.StatusCode) else _STATUS.get(code)
    return "UNKNOWN" if status is None else status.name


def from_rpc_error(error: grpc.aio.AioRpcError, *, party: str) -> OsoError:
    """Turn the error of a call into an OsoError.

    A status without OSO's details comes from gRPC itself: nobody answered in time or at all
    (UNREACHABLE), or the other side is broken (INTERNAL). Whatever the other side sends, this gives
    an OsoError, and nothing in it that a screen or log cannot show.

    Args:
        error: What the call raised.
        party: Whom the call was to, for the text.

    """
    try:
        told = _told(rpc_status.from_call(error))
    except (DecodeError, ValueError):
        told = None
    if told is not None:
        return told
    if error.code() in _NOBODY_ANSWERED:
        return OsoError(RESULT_CODE_UNREACHABLE, party=party)
    request = dict(error.trailing_metadata() or ()).get(REQUEST_ID_KEY, "-")
    return OsoError(RESULT_CODE_INTERNAL, request=_shown(str(request)))


def _told(status: status_pb2.Status | None) -> OsoError | None:
    """Read OSO's details from a status; None when it has none, or a reason we do not know."""
    code = metadata = retry_after = None
    violations: list[tuple[str, str]] = []
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in () if status is None else status.details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            code, metadata = code_named(info.reason), info.metadata
        elif detail.Unpack(bad):
            violations = [
                (_shown(one.field), _shown(one.description)) for one in bad.field_violations
            ]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta()
    if code is None or metadata is None:
        return None
    error = OsoError(code, retry_after=retry_after, violations=violations)
    # Not as keywords: names another party chose must not become arguments.
    error.metadata = {_shown(key): _shown(value) for key, value in metadata.items()}
    return error


def _shown(text: str) -> str:
    """Make a text of another party fit for a screen: one line, no control characters, not long."""
    return "".join(one if one.isprintable() else " " for one in text[:_MAX_FOREIGN_TEXT])
