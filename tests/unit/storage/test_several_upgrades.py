"""Several records of one program are brought to the newest schema at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import create_engine

from storage.migrations import upgrade


def test_each_thread_upgrades_its_own_record() -> None:
    together = Barrier(4)

    def tables(_: int) -> int:
        engine = create_engine("sqlite://")
        try:
            with engine.begin() as connection:
                together.wait(30)
                upgrade(connection, "memory", lambda _revision: None)
                return len(connection.exec_driver_sql("SELECT name FROM sqlite_master").all())
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        (number,) = set(pool.map(tables, range(4)))
    assert number > 20
