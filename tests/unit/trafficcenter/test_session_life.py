"""The life of sessions, on a real SQLite file: whatever is done in whatever order."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from oso.directory.v1 import directory_pb2 as registry
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.session_pb2 import SessionEvent, SessionState
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_rpc.directory import DirectorySource
from oso_rpc.errors import OsoError, name_of
from oso_rpc.signing import Signer, key_id_of
from oso_store import Database
from oso_trafficcenter.sessions import Sessions
from oso_trafficcenter.store import MIGRATIONS, Transaction

from .conftest import POINTS, SOURCE, SYSTEMS, TARGET, Clock, Country, peer, three_schools

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_LIFETIME = timedelta(minutes=30)
_STEPS = st.sampled_from([timedelta(seconds=1), timedelta(minutes=10), _LIFETIME])


def _source_of(made: Country, folder: Path, clock: Clock) -> DirectorySource:
    """Sign the directory and give it as a Traffic Center reads it."""
    signer = Signer.load(_key(folder / "directory.key"))
    content = made.directory.SerializeToString(deterministic=True)
    signed = registry.SignedDirectory(
        directory=content,
        signature=signer.sign("oso.directory.v1", content),
        key_id=signer.key_id,
    )
    (folder / "directory.pb").write_bytes(signed.SerializeToString())
    keys = {key_id_of(signer.public_key): signer.public_key}
    source = DirectorySource(folder / "directory.pb", keys, clock, timedelta(days=3650))
    source.load()
    return source


def _key(path: Path) -> Path:
    path.write_bytes(Signer.new_pem())
    path.chmod(0o600)
    return path


class SessionLife(RuleBasedStateMachine):
    """What the Traffic Center answers, against a model of a few lines."""

    opened = Bundle("opened")

    @initialize()
    def start(self) -> None:
        """Begin with an empty database."""
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.runner = asyncio.Runner()
        folder = Path(self.folder.name)
        self.directory = _source_of(three_schools(), folder, self.clock)
        self.signer = Signer.load(_key(folder / "grant.key"))
        self.url = f"sqlite:///{folder / 'tc.sqlite'}"
        # The model: state and end of each session, lines written, answers given.
        self.state: dict[str, str] = {}
        self.end: dict[str, datetime] = {}
        self.lines: list[tuple[str, str, bool]] = []
        self.given: list[tuple[Any, Any]] = []
        self.begin()

    def begin(self) -> None:
        """Open the database, as a process does that starts."""
        self.database: Database[Transaction] = Database(self.url, Transaction)
        self.sessions = Sessions(
            self.database,
            self.directory,
            self.signer,
            clock=self.clock,
            new_id=lambda: str(uuid.uuid4()),
            lifetime=_LIFETIME,
        )
        self.runner.run(self.database.migrate(MIGRATIONS))
        self.runner.run(self.database.start())

    def call(self, method: Callable[..., Awaitable[Any]], request: Any, who: str) -> Any:
        """Make a call; give the answer, or the name of the reason it was refused for."""

        async def go() -> Any:
            return await method(request, peer(SYSTEMS[who]))

        try:
            return self.runner.run(go())
        except OsoError as refusal:
            return refusal.name

    def lapse(self, session_id: str) -> None:
        """Let the model's session expire, if its time is over."""
        if self.state[session_id] == "OPEN" and self.clock.time >= self.end[session_id]:
            self.state[session_id] = "EXPIRED"
            self.lines.append((session_id, "LAPSED", False))

    @rule(target=opened, known=st.booleans())
    def open(self, known: bool) -> tuple[str, bytes]:  # noqa: FBT001  Hypothesis gives keywords
        """A target asks for a session with a school that exists, or does not."""
        request = messages.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=POINTS[TARGET],
            source_brin=SOURCE if known else "99XX",
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            accepted_dossier_years=["2019.1"],
        )
        request.key.search_key = os.urandom(32)
        request.send_time.FromDatetime(self.clock.time)
        answer = self.call(self.sessions.open, request, TARGET)
        self.given.append((request, answer))
        if not known:
            assert "SOURCE_UNKNOWN" == answer
            self.lines.append(("", "SOURCE_UNKNOWN", True))
            return "", b""
        session_id = answer.session.session_id
        self.state[session_id] = "OPEN"
        self.end[session_id] = self.clock.time + _LIFETIME
        self.lines.append((session_id, "GRANTED", False))
        return session_id, request.key.search_key

    @rule(session=opened, right=st.booleans())
    def check(self, session: tuple[str, bytes], right: bool) -> None:  # noqa: FBT001
        """The source checks the right pupil, or another."""
        session_id, key = session
        request = messages.CheckSessionRequest(
            session_id=session_id or str(uuid.uuid4()),
            source_routing_key=POINTS[SOURCE],
            source_brin=SOURCE,
            target_brin=TARGET,
            target_routing_key=POINTS[TARGET],
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            target_certificate_sha256=peer(SYSTEMS[TARGET]).certificate_sha256,
        )
        request.key.search_key = key if right and key else bytes(32)
        answer = self.call(self.sessions.check, request, SOURCE)
        if not session_id:
            expected = "SESSION_UNKNOWN"
        else:
            self.lapse(session_id)
            expected = "MATCHED" if right else "SESSION_MISMATCH"
            if self.state[session_id] != "OPEN":
                expected = f"SESSION_{self.state[session_id]}"
        assert (answer if isinstance(answer, str) else "MATCHED") == expected
        self.lines.append((session_id, expected, expected != "MATCHED"))

    @rule(session=opened, by_target=st.booleans())
    def close(self, session: tuple[str, bytes], by_target: bool) -> None:  # noqa: FBT001
        """The target closes the session, or a thief tries to."""
        session_id = session[0]
        request = messages.CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=session_id or str(uuid.uuid4()),
            result=codes.RESULT_CODE_DOSSIER_NOT_READY,
            source_routing_key=POINTS[SOURCE],
        )
        answer = self.call(self.sessions.close, request, TARGET if by_target else SOURCE)
        if by_target:
            self.given.append((request, answer))
        if not session_id:
            expected = "SESSION_UNKNOWN"
        else:
            self.lapse(session_id)
            expected = "DOSSIER_NOT_READY"
            if not by_target:
                expected = "CERTIFICATE_NOT_ALLOWED"
            elif self.state[session_id] != "OPEN":
                expected = f"SESSION_{self.state[session_id]}"
            else:
                self.state[session_id] = "CLOSED"
        refused = expected != "DOSSIER_NOT_READY"
        assert (answer if isinstance(answer, str) else "DOSSIER_NOT_READY") == expected
        self.lines.append((session_id, expected, refused))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Whatever was asked before, asked again it gets the very same answer, and no new line."""
        if not self.given:
            return
        request, answer = data.draw(st.sampled_from(self.given))
        opening = isinstance(request, messages.OpenSessionRequest)
        method = self.sessions.open if opening else self.sessions.close

        assert answer == self.call(method, request, TARGET)

    @rule(data=st.data())
    def reuse(self, data: st.DataObject) -> None:
        """A request_id of before with other contents is refused, and that is a line too."""
        openings = [one for one, _ in self.given if isinstance(one, messages.OpenSessionRequest)]
        if not openings:
            return
        request = messages.OpenSessionRequest()
        request.CopyFrom(data.draw(st.sampled_from(openings)))
        request.key.search_key = os.urandom(32)

        assert "REQUEST_ID_REUSED" == self.call(self.sessions.open, request, TARGET)
        self.lines.append(("", "REQUEST_ID_REUSED", True))

    @rule(step=_STEPS)
    def wait(self, step: timedelta) -> None:
        """Time passes."""
        self.clock.time += step

    @rule()
    def sweep(self) -> None:
        """What is over expires, the oldest first."""
        over = [
            one
            for one, state in self.state.items()
            if state == "OPEN" and self.clock.time >= self.end[one]
        ]
        assert len(over) == self.runner.run(self.sessions.lapse())
        for one in sorted(over, key=self.end.__getitem__):
            self.lapse(one)

    @rule()
    def restart(self) -> None:
        """The process ends and starts again."""
        self.runner.run(self.database.close())
        self.begin()

    @invariant()
    def the_journal_tells_it_all(self) -> None:
        """Numbers without a gap, a line for each decision, states as the model has them."""
        if not hasattr(self, "database"):
            return

        def work(tx: Transaction) -> tuple[list[Any], dict[str, int]]:
            rows = tx._connection.exec_driver_sql(
                "SELECT sequence, session_id, content FROM event ORDER BY sequence"
            ).all()
            states = tx._connection.exec_driver_sql("SELECT session_id, state FROM session").all()
            return list(rows), {row[0]: row[1] for row in states}

        async def look() -> tuple[list[Any], dict[str, int]]:
            return await self.database.read(work)

        rows, states = self.runner.run(look())
        events = [SessionEvent.FromString(row[2]) for row in rows]

        assert list(range(1, len(rows) + 1)) == [row[0] for row in rows]
        assert [event.sequence for event in events] == [row[0] for row in rows]
        # Sessions of one moment may expire in either order.
        assert sorted(self.lines) == sorted(
            (row[1], name_of(event.outcome), event.refused)
            for row, event in zip(rows, events, strict=True)
        )
        assert self.state == {
            one: SessionState.Name(state).removeprefix("SESSION_STATE_")  # type: ignore[arg-type]
            for one, state in states.items()
        }

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "database"):
            self.runner.run(self.database.close())
            self.runner.close()
            self.folder.cleanup()


TestSessionLife = SessionLife.TestCase
TestSessionLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
