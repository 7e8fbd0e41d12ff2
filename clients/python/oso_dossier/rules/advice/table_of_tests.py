"""Codes of tests, against the test-code table (toetscodetabel)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.advice.definition import Advice, Circumstances, advice, first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TEXTS: dict[str, Any] = {
    "condition": (
        "Er is een toetscodetabel gegeven, en deze code staat er niet in.",
        "A test-code table is given, and this code is not in it.",
    ),
    "message": (
        "Deze toetscode staat niet in de toetscodetabel.",
        "This test code is not in the test-code table.",
    ),
    "hint": (
        "Werk de toetscodetabel bij, of laat de code weg bij een toets zonder landelijke norm.",
        (
            "Bring the test-code table up to date, or leave out the code of a test without national"
            " norms."
        ),
    ),
    "source": "OSO: test-code table; only tests with national norms have a code",
}


def _unknown(name: str) -> Callable[[Any, Circumstances], Iterable[str]]:
    def looks(message: Any, now: Circumstances) -> Iterable[str]:
        if now.test_codes is None or not message.HasField(name):
            return ()
        return first(name, wrong=getattr(message, name) not in now.test_codes)

    return looks


ADVICE: tuple[Advice, ...] = (
    advice("OSO.TST.01", "Toetsidentificatie", _unknown("eldtoetscode"), **_TEXTS),
    advice("OSO.TST.02", "Toetsonderdeel", _unknown("eldonderdeelcode"), **_TEXTS),
)
