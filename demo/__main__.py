"""Tells the story of one dossier, leg by leg."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.landscape import SOURCE, TARGET, CommandFailedError, Country, command
from oso_dossier import canonical, read_xml
from oso_dossier.errors import DossierXmlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULT = Path(__file__).parent / "dossiers" / "povo.xml"


def _leg(who: str, what: str, result: str, milliseconds: float) -> None:
    print(f"  {who:<22} {what:<44} {result:<20} {milliseconds:>8.0f} ms", flush=True)


def _timed(who: str, what: str, *arguments: str | Path, result: str) -> str:
    begin = time.perf_counter()
    told = command(*arguments)  # type: ignore[arg-type]
    _leg(who, what, result, (time.perf_counter() - begin) * 1000)
    return told


@contextlib.contextmanager
def _process(log: Path, name: str, *arguments: str | Path) -> Iterator[None]:
    """Run a server until the end of the block; its log goes to a file."""
    begin = time.perf_counter()
    with log.open("w", encoding="utf-8") as errors:
        child = subprocess.Popen(
            [Path(sys.executable).parent / name, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        ready = child.stdout.readline().strip() if child.stdout else ""
        if not ready:
            raise CommandFailedError(f"{name} did not start:\n{log.read_text(encoding='utf-8')}")
        _leg(ready.partition(" ready")[0], f"started, process {child.pid}", "READY", _since(begin))
        yield
    finally:
        child.terminate()
        child.wait(timeout=30)


def _since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000


def _enrol(country: Country) -> None:
    """Give each system its certificate: on invitation, for a key that stays where it was made."""
    begin = time.perf_counter()
    enrolments = country.enrolments()
    _leg("OfficeHeart", "invites three systems", "INVITED", _since(begin))
    for who, invitation, enroll in enrolments:
        _timed(
            who, "makes a key, asks for its certificate", *enroll, invitation, result="CERTIFIED"
        )


def _prepare(country: Country, dossier: Path) -> int:
    """At the source: import, inspect, set ready."""
    home, who = country.home(SOURCE[0]), f"school {SOURCE[0]}"
    las = ("oso", "las", "--home", home, "--json")
    told = _timed(who, f"imports {dossier.name}", *las, "import", dossier, result="DRAFT")
    number = str(json.loads(told)["number"])
    by = ("--account", "j.devries")
    _timed(who, "the parents have inspected it", *las, "inspect", number, *by, result="INSPECTED")
    for_target = ("--for", TARGET[0], *by)
    _timed(
        who, f"sets it ready for {TARGET[0]}", *las, "ready", number, *for_target, result="READY"
    )
    return int(number)


def _fetch(country: Country, dossier: Path) -> dict[str, Any]:
    """At the target: open a session, fetch, verify, store, close."""
    pupil = read_xml(dossier).dossier.huidigeschool.leerling
    kind = pupil.WhichOneof("nummer") or "bsn"
    born = pupil.geboortedatum
    told = command(
        *("oso", "las", "--home", country.home(TARGET[0]), "--json", "request"),
        *("--from", SOURCE[0], "--number-kind", kind, "--confirm-applied"),
        *("--birth-date", f"{born.year:04d}-{born.month:02d}-{born.day:02d}"),
        *("--account", "m.jansen"),
        given=f"{getattr(pupil, kind)}\n",
        quiet=False,
    )
    collected: dict[str, Any] = json.loads(told)
    for leg in collected["legs"]:
        _leg(
            f"school {TARGET[0]}",
            f"{leg['what']} ({leg['who']})",
            leg["result"],
            leg["milliseconds"],
        )
    return collected


def _show_timeline(country: Country, session: str) -> None:
    told = command("oso", "las", "--home", country.home(TARGET[0]), "--json", "timeline", session)
    timeline = json.loads(told)
    print(f"\nThe Traffic Center recorded (session {session}, {timeline['state']}):")
    for event in timeline["events"]:
        print(f"  {event['time']}  {event['step']:<6} by {event['system']:<12} {event['outcome']}")


def _prove(country: Country, number: int, dossier: Path) -> bool:
    """Export at the target and compare with what went in."""
    out = country.folder / "received.xml"
    command("oso", "las", "--home", country.home(TARGET[0]), "export", str(number), out)
    same = canonical(out.read_bytes()) == canonical(dossier.read_bytes())
    verdict = "equal" if same else "NOT EQUAL"
    print(
        f"\nWhat {TARGET[0]} exports and what {SOURCE[0]} imported: {verdict} "
        f"(canonical XML, {out.stat().st_size:,} bytes)."
    )
    return same


def tell(dossier: Path) -> int:
    """Tell the whole story; give the exit code."""
    print(f"OSO: {dossier.name} from school {SOURCE[0]} to school {TARGET[0]}\n")
    with (
        tempfile.TemporaryDirectory(prefix="oso-demo-") as scratch,
        contextlib.ExitStack() as stack,
    ):
        country = Country(Path(scratch))
        begin = time.perf_counter()
        country.build()
        _leg("OfficeHeart", "founded; schools, systems, mandates", "DONE", _since(begin))
        stack.enter_context(
            _process(
                country.folder / "oh.log", "oso-registry", "serve", "--home", country.office_heart
            )
        )
        _enrol(country)
        config = country.traffic_center / "trafficcenter.toml"
        logs = country.folder
        stack.enter_context(
            _process(logs / "tc.log", "oso-trafficcenter", "serve", "--config", config)
        )
        for brin in (SOURCE[0], TARGET[0]):
            serve = ("oso", "las", "--home", country.home(brin), "serve")
            stack.enter_context(_process(logs / f"{brin}.log", *serve))
        _prepare(country, dossier)
        collected = _fetch(country, dossier)
        _show_timeline(country, collected["session"])
        return 0 if _prove(country, collected["number"], dossier) else 1


def main() -> int:
    """Run the demo with the dossier of the first argument, or the one that comes with it."""
    dossier = Path(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT
    try:
        return tell(dossier)
    except CommandFailedError as error:
        print(f"\n{error.text}", file=sys.stderr)
    except (DossierXmlError, OSError) as error:
        print(f"\n{dossier}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
