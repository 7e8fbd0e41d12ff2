"""Commands on who takes part: `oso-registry board|school|swv|ri|supplier|product ...`.

The kinds are alike: a table says what they are called and which options they have, and from it each
gets its commands. Imports are made where they are used: see `asking`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

_ADDRESS = {
    "street": "Street.",
    "house_number": "House number, with addition.",
    "postcode": "Postcode, such as 1234AB.",
    "town": "Town.",
}
_SECTORS = ["po", "so", "vo", "vso", "mbo"]
Option = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of party, as commands call it.

    Attributes:
        command: The group of commands, such as `board`.
        message: The contract's name, such as `Board`.
        plural: Its plural in the contract.
        file: Its service's file in the contract, without `_service`.
        nl: What it is called in Dutch.
        en: What it is called in English.
        prefix: How its resource names begin.
        example: What an id looks like, for help.
        address: Whether it has an address.
        options: Further options to add or change one, by field.
        filters: Options to narrow a list, by field of the request.
        force: Whether to close it can be forced.
        told: Fields that a list shows besides id, name and status.

    """

    command: str
    message: str
    plural: str
    file: str
    nl: str
    en: str
    prefix: str
    example: str
    address: bool = True
    options: tuple[tuple[str, Option], ...] = ()
    filters: tuple[Option, ...] = ()
    force: bool = True
    told: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """What requests call one."""
        return "regional_initiative" if self.command == "ri" else self.command

    @property
    def service(self) -> str:
        """The service's name."""
        return "".join(word.title() for word in self.file.split("_")) + "Service"

    def request(self, verb: str, **fields: Any) -> Any:
        """Make a request."""
        module = import_module(f"oso.registry.v1.{self.file}_service_pb2")
        noun = self.plural if verb == "List" else self.message
        return getattr(module, f"{verb}{noun}Request")(**fields)

    def name(self, text: str) -> str:
        """Give the resource name of an id."""
        if self.command == "product" and not text.startswith(self.prefix):
            oin, _, product = text.partition("/")
            return f"suppliers/{oin}/products/{product}"
        return text if text.startswith(self.prefix) else f"{self.prefix}{text}"


_STATUS = click.option("--status", type=click.Choice(["active", "closed"]), help="Only these.")
_BOARD = click.option("--board", help="Number of the board.")
_SECTOR = click.option("--sector", type=click.Choice(_SECTORS), help="Kind of education.")
KINDS = (
    Kind("board", "Board", "Boards", "board", "Bestuur", "Board", "boards/", "41234"),
    Kind(
        "school",
        "School",
        "Schools",
        "school",
        "School",
        "School",
        "schools/",
        "00SS",
        options=(
            ("board", _BOARD),
            ("sector", _SECTOR),
            (
                "locations",
                click.option(
                    "--location",
                    "locations",
                    multiple=True,
                    metavar="NN=NAME",
                    help="A location (vestiging); give all of them.",
                ),
            ),
            ("test_school", click.option("--test-school", is_flag=True, help="Run by OSO.")),
        ),
        filters=(_BOARD, _SECTOR),
        told=("board", "sector", "qualification"),
    ),
    Kind(
        "swv",
        "Swv",
        "Swvs",
        "swv",
        "SWV",
        "SWV",
        "swvs/",
        "PO3001",
        options=(("test_swv", click.option("--test-swv", is_flag=True, help="Run by OSO.")),),
        told=("qualification",),
    ),
    Kind(
        "ri",
        "RegionalInitiative",
        "RegionalInitiatives",
        "regional_initiative",
        "Regionaal initiatief",
        "Regional initiative",
        "regionalInitiatives/",
        "noord",
        force=False,
    ),
    Kind(
        "supplier",
        "Supplier",
        "Suppliers",
        "supplier",
        "Leverancier",
        "Supplier",
        "suppliers/",
        "00000099000000007000",
        filters=(
            click.option(
                "--admission",
                type=click.Choice(["candidate", "admitted", "refused", "withdrawn"]),
                help="Only those whose admission has come this far.",
            ),
        ),
        told=("admission",),
    ),
    Kind(
        "product",
        "Product",
        "Products",
        "supplier",
        "Product",
        "Product",
        "suppliers/",
        "00000099000000007000/magister-5.3",
        address=False,
        options=(("version", click.option("--version", help="Version, such as 5.3.")),),
        filters=(click.option("--supplier", "parent", help="OIN of its supplier."),),
        told=("version",),
    ),
)


def _line(desk: Desk, kind: Kind, party: Any) -> str:
    shown_id = party.name.removeprefix(kind.prefix).replace("/products/", "/")
    told = [word(desk, party, field) for field in kind.told]
    return "  ".join(
        [shown_id, plain(party.display_name), *filter(None, told), word(desk, party, "status")]
    )


def _fields(party: Any, given: dict[str, Any]) -> list[str]:
    """Put what options say into a party; give the fields they touch."""
    touched = []
    for field, value in given.items():
        if value in (None, (), False):
            continue
        if field in _ADDRESS:
            setattr(party.address, field, value)
            touched.append("address")
            continue
        if field == "locations":
            del party.locations[:]
            for text in value:
                number, _, name = text.partition("=")
                party.locations.add(vestiging=number, display_name=name)
        elif field == "sector":
            party.sector = number_of(party, field, value)
        elif field == "board":
            party.board = next(one for one in KINDS if one.command == "board").name(value)
        else:
            setattr(party, field, value)
        touched.append(field)
    return list(dict.fromkeys(touched))


def _with_options(kind: Kind, command: Callable[..., Any], *, name: bool) -> Callable[..., Any]:
    """Give a command the options that say what is in a party."""
    made = command
    for _, option in reversed(kind.options):
        made = option(made)
    for field, text in reversed(_ADDRESS.items() if kind.address else ()):
        made = click.option(f"--{field.replace('_', '-')}", help=text)(made)
    return click.option("--name", "display_name", required=name, help="Name as registered.")(made)


def groups() -> Iterator[click.Group]:
    """Give the group of commands of each kind."""
    for kind in KINDS:
        group = click.Group(kind.command, help=f"{kind.en}s: show, list, add, change, close.")
        for make in (_show, _list, _add, _change, _close, _reopen):
            group.add_command(make(kind))
        yield group


def _show(kind: Kind) -> click.Command:
    @click.command("show", help=f"Show one. ID such as {kind.example}.")
    @click.argument("id_", metavar="ID")
    @pass_desk
    def show(desk: Desk, id_: str) -> None:
        request = kind.request("Get", name=kind.name(id_))
        told = desk.run(lambda channel: call(channel, kind.service, request))
        _tell(desk, kind, getattr(told, kind.field))

    return show


def _tell(desk: Desk, kind: Kind, party: Any) -> None:
    lines = [_line(desk, kind, party)]
    if kind.address and party.HasField("address"):
        at = party.address
        street = plain(f"{at.street} {at.house_number}").strip()
        lines.append(
            "  " + ", ".join(filter(None, [street, plain(f"{at.postcode} {at.town}").strip()]))
        )
    for location in getattr(party, "locations", ()):
        name = plain(location.display_name)
        lines.append(f"  {location.vestiging}  {name}  {word(desk, location, 'status')}")
    for passed in getattr(party, "qualifications", ()):
        role = word(desk, passed, "role")
        lines.append(f"  {passed.profile}  {role}  {passed.dossier_year}")
    desk.show(party, *lines)


def _list(kind: Kind) -> click.Command:
    @click.command("list", help="List them, by id.")
    @click.option("--text", default="", help="Only those with this in name, number or town.")
    @_STATUS
    @pass_desk
    def list_(desk: Desk, /, text: str, **filters: str | None) -> None:
        request = kind.request("List", text=text)
        if kind.command == "product":
            request.parent = f"suppliers/{filters.pop('parent', None) or '-'}"
        if board := filters.pop("board", None):
            request.board = f"boards/{board}"
        for field, value in filters.items():
            if value:
                setattr(request, field, number_of(request, field, value))

        async def go(channel: grpc.aio.Channel) -> None:
            plural = f"{kind.field}s"
            async for one in every(channel, kind.service, request, plural):
                desk.show(one, _line(desk, kind, one))

        desk.run(go)

    for option in kind.filters:
        list_ = option(list_)  # type: ignore[assignment]
    return list_


def _add(kind: Kind) -> click.Command:
    def add(desk: Desk, /, id_: str, **given: Any) -> None:
        name = kind.name(id_)
        fields = {f"{kind.field}_id": name.rpartition("/")[2]}
        if kind.command == "product":
            fields["parent"] = name.partition("/products/")[0]
        request = kind.request("Create", **fields)
        _fields(getattr(request, kind.field), given)
        told = desk.run(lambda channel: call(channel, kind.service, request))
        _tell(desk, kind, getattr(told, kind.field))

    made = click.argument("id_", metavar="ID")(_with_options(kind, pass_desk(add), name=True))
    return click.command("add", help=f"Register one. ID such as {kind.example}.")(made)


def _change(kind: Kind) -> click.Command:
    def change(desk: Desk, /, id_: str, **given: Any) -> None:
        async def go(channel: grpc.aio.Channel) -> Any:
            asked = kind.request("Get", name=kind.name(id_))
            party = getattr(await call(channel, kind.service, asked), kind.field)
            request = kind.request("Update", **{kind.field: party})
            request.update_mask.paths.extend(
                _fields(getattr(request, kind.field), given) or ["display_name"]
            )
            return await call(channel, kind.service, request)

        _tell(desk, kind, getattr(desk.run(go), kind.field))

    made = click.argument("id_", metavar="ID")(_with_options(kind, pass_desk(change), name=False))
    return click.command("change", help="Change one: give the options that change.")(made)


def _close(kind: Kind) -> click.Command:
    @click.command("close", help="Close one. It is kept, for others point at it.")
    @click.argument("id_", metavar="ID")
    @pass_desk
    def close(desk: Desk, id_: str, *, force: bool = False) -> None:
        request = kind.request("Close", name=kind.name(id_))
        if force:
            request.force = True
        told = desk.run(lambda channel: call(channel, kind.service, request))
        _tell(desk, kind, getattr(told, kind.field))

    if kind.force:
        close = click.option("--force", is_flag=True, help="End what depends on it too.")(close)
    return close


def _reopen(kind: Kind) -> click.Command:
    @click.command("reopen", help="Let a closed one take part again.")
    @click.argument("id_", metavar="ID")
    @pass_desk
    def reopen(desk: Desk, id_: str) -> None:
        request = kind.request("Reopen", name=kind.name(id_))
        told = desk.run(lambda channel: call(channel, kind.service, request))
        _tell(desk, kind, getattr(told, kind.field))

    return reopen
