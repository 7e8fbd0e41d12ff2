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

from demo.landscape import CASTS, CommandFailedError, Country, command, title
from oso_dossier import canonical, read_xml
from oso_dossier.errors import DossierXmlError
from oso_dossier.profiles import profile_of
from oso_las.kinds import OVERSTAP, PROFILES_OF

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
    """At the source: import, inspect, set ready; an SWV is told, for it cannot ask."""
    source, target = country.cast.source, country.cast.target
    who, las = title(source), ("oso", "las", "--home", country.home(source), "--json")
    told = _timed(who, f"imports {dossier.name}", *las, "import", dossier, result="DRAFT")
    number = str(json.loads(told)["number"])
    by = ("--account", "j.devries")
    _timed(who, "the parents have inspected it", *las, "inspect", number, *by, result="INSPECTED")
    ready = (*las, "ready", number, "--for", target.party, *by)
    if target.is_swv:
        what = f"sets it ready for {target.party}, and says so"
        _timed(who, what, *ready, "--notify", result="NOTIFIED")
    else:
        _timed(who, f"sets it ready for {target.party}", *ready, result="READY")
    return int(number)


def _request(dossier: Path) -> tuple[tuple[str, ...], str]:
    """Give what asks for the pupil of a dossier, and the number that goes with it."""
    pupil = read_xml(dossier).dossier.huidigeschool.leerling
    kind = pupil.WhichOneof("nummer") or "bsn"
    born = pupil.geboortedatum
    birth_date = f"{born.year:04d}-{born.month:02d}-{born.day:02d}"
    options = ("--number-kind", kind, "--birth-date", birth_date, "--confirm-applied")
    return options, f"{getattr(pupil, kind)}\n"


def _fetch(country: Country, dossier: Path) -> dict[str, Any]:
    """At the target: open a session, fetch, verify, store, close."""
    target = country.cast.target
    las = ("oso", "las", "--home", country.home(target), "--json")
    by = ("--account", "m.jansen")
    if target.is_swv:
        told = command(*las, "fetch", "1", *by, quiet=False)
    else:
        options, number = _request(dossier)
        asked = ("request", "--from", country.cast.source.party, *options, *by)
        told = command(*las, *asked, given=number, quiet=False)
    collected: dict[str, Any] = json.loads(told)
    for leg in collected["legs"]:
        what = f"{leg['what']} ({leg['who']})"
        _leg(title(target), what, leg["result"], leg["milliseconds"])
    return collected


def _show_timeline(country: Country, session: str) -> None:
    home = country.home(country.cast.target)
    timeline = json.loads(command("oso", "las", "--home", home, "--json", "timeline", session))
    print(f"\nThe Traffic Center recorded (session {session}, {timeline['state']}):")
    for event in timeline["events"]:
        print(f"  {event['time']}  {event['step']:<6} by {event['system']:<12} {event['outcome']}")


def _prove(country: Country, number: int, dossier: Path) -> bool:
    """Export at the target and compare with what went in."""
    source, target = country.cast.source, country.cast.target
    out = country.folder / "received.xml"
    command("oso", "las", "--home", country.home(target), "export", str(number), out)
    same = canonical(out.read_bytes()) == canonical(dossier.read_bytes())
    verdict = "equal" if same else "NOT EQUAL"
    print(
        f"\nWhat {target.party} exports and what {source.party} imported: {verdict} "
        f"(canonical XML, {out.stat().st_size:,} bytes)."
    )
    return same


def _kind_of(dossier: Path) -> str:
    """Give the kind a dossier travels as; the usual one where it says nothing we know."""
    profile = profile_of(read_xml(dossier).dossier)
    found = (kind for kind, profiles in PROFILES_OF.items() if profile in profiles)
    return next(found, OVERSTAP)


def tell(dossier: Path) -> int:
    """Tell the whole story; give the exit code."""
    cast = CASTS[_kind_of(dossier)]
    print(f"OSO: {dossier.name} from {title(cast.source)} to {title(cast.target)}\n")
    with (
        tempfile.TemporaryDirectory(prefix="oso-demo-") as scratch,
        contextlib.ExitStack() as stack,
    ):
        country = Country(Path(scratch), cast)
        begin = time.perf_counter()
        country.build()
        _leg("OfficeHeart", "founded; parties, systems, mandates", "DONE", _since(begin))
        logs, office = country.folder, country.office_heart
        serve = ("oso-registry", "serve", "--home", office)
        stack.enter_context(_process(logs / "oh.log", *serve))
        _enrol(country)
        config = country.traffic_center / "trafficcenter.toml"
        stack.enter_context(
            _process(logs / "tc.log", "oso-trafficcenter", "serve", "--config", config)
        )
        for one in (cast.source, cast.target):
            las = ("oso", "las", "--home", country.home(one), "serve")
            stack.enter_context(_process(logs / f"{one.system_id}.log", *las))
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
