"""`oso-registry test-school`: hands over to the test school, which is another program.

OfficeHeart and a school are systems that meet only on the wire: none imports the other.
"""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from oso_registry.desk import Desk, pass_desk

_PROGRAM = "oso_test_school"


@click.command(
    "test-school",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@pass_desk
def test_school(desk: Desk, arguments: tuple[str, ...]) -> None:
    """A school where a supplier tries every outcome: init, serve, scenarios, request, notify."""
    if importlib.util.find_spec(_PROGRAM) is None:
        raise click.ClickException(
            desk.text(
                "De testschool is hier niet geïnstalleerd: het pakket oso_test_school ontbreekt.",
                "The test school is not installed here: package oso_test_school is missing.",
            )
        )
    told = ["--lang", desk.language, *(["--json"] if desk.as_json else [])]
    sys.stdout.flush()
    os.execv(  # noqa: S606  this very Python, with what was typed
        sys.executable, [sys.executable, "-m", _PROGRAM, *told, *arguments]
    )


COMMANDS = [test_school]
