"""What systems kept before they knew kinds and notifications is still there after."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from oso_las.store import MIGRATIONS as OF_A_SCHOOL
from oso_las.store import Transaction as OfASchool
from oso_store import Database
from oso_trafficcenter.store import MIGRATIONS as OF_THE_CENTER
from oso_trafficcenter.store import Transaction as OfTheCenter

_SESSION = "0198f1e0-0000-7000-8000-000000000001"
_OLD_SESSION = """
INSERT INTO session VALUES (:session, 2, 1, '00SS', '01VV', 'las-b', :key, :some, :some,
                            1, 2, 3, 1, :key, :some)
"""
_OLD_DOSSIER = """
INSERT INTO las_dossier VALUES (1, 'ready', 'POVO', '2019.1', 'bsn', '999900006', '2007-03-01',
                                'Voorbeeld', 1, :some, '01VV', '', '')
"""
_OLD_REQUEST = """
INSERT INTO las_request VALUES (1, :session, '01VV', :key, 'bsn', '999900006',
                                '2007-03-01', 1, 'DOSSIER_NOT_READY', false)
"""
_OLD_RETRIEVAL = """
INSERT INTO las_retrieval VALUES (:session, '00SS', 'bsn', '999900006', '2007-03-01', :some,
                                  :some, 1, 'open', :some, NULL)
"""


_VALUES = {"session": _SESSION, "key": "0000000700001VV00001", "some": b"x"}


async def _put(database: Database[Any], statements: list[str]) -> None:
    def work(tx: Any) -> None:
        connection = getattr(tx, "_connection", None) or tx.connection()
        for statement in statements:
            used = {name: value for name, value in _VALUES.items() if f":{name}" in statement}
            connection.execute(text(statement), used)

    await database.write(work)


async def test_a_centers_sessions_are_those_of_schools(database_url: str) -> None:
    """A session from before SWVs has no SWV."""
    database: Database[OfTheCenter] = Database(database_url, OfTheCenter)
    await database.migrate(OF_THE_CENTER, "0001")
    await database.start()
    await _put(database, [_OLD_SESSION])
    await database.migrate(OF_THE_CENTER)

    session = await database.read(lambda tx: tx.look_up(_SESSION))
    await database.close()

    assert session is not None
    assert (session.target_swv, session.target_brin) == ("", "01VV")


async def test_a_schools_dossiers_and_requests_are_for_a_move(database_url: str) -> None:
    """Whatever was kept before other kinds were known is an overstapdossier."""
    database: Database[OfASchool] = Database(database_url, OfASchool)
    await database.migrate(OF_A_SCHOOL, "0001")
    await database.start()
    await _put(database, [_OLD_DOSSIER, _OLD_REQUEST, _OLD_RETRIEVAL])
    await database.migrate(OF_A_SCHOOL)

    def kinds(tx: OfASchool) -> list[str]:
        retrieval = tx.retrieval(_SESSION)
        assert retrieval is not None
        asked = tx.who_was_asked_for(_SESSION)
        (request,) = tx.requests_for(asked, "overstapdossier", "01VV")
        return [tx.dossier(1).kind, request.kind, retrieval.kind]

    found = await database.read(kinds)
    await database.close()

    assert found == ["overstapdossier"] * 3
