"""What the Traffic Center keeps for a while only: on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oso_store import Database
from oso_trafficcenter.store import MIGRATIONS, Answer, Transaction

_NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


async def test_old_answers_go_a_few_at_a_time(database_url: str) -> None:
    """So many answers go in one transaction, the oldest first; those of this week stay."""
    database: Database[Transaction] = Database(database_url, Transaction, brief=True)
    await database.migrate(MIGRATIONS)
    await database.start()
    ages = {"a": 30, "b": 10, "c": 20, "d": 1}

    def answer(tx: Transaction) -> None:
        for name, days in ages.items():
            made = Answer(request_sha256=b"x", granted=True, content=b"y")
            tx.add_answer("las-a", name, made, _NOW - timedelta(days=days))

    def kept(tx: Transaction) -> list[str]:
        return [name for name in ages if tx.answer("las-a", name) is not None]

    await database.write(answer)
    week_ago = _NOW - timedelta(days=7)

    assert 2 == await database.write(lambda tx: tx.forget_answers(week_ago, limit=2))
    assert ["b", "d"] == await database.read(kept)
    assert 1 == await database.write(lambda tx: tx.forget_answers(week_ago, limit=2))
    assert 0 == await database.write(lambda tx: tx.forget_answers(week_ago, limit=2))
    assert ["d"] == await database.read(kept)
    await database.close()
