from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from filo_core.errors import StorageError
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.types import Box, Eyes, InspectionFilter, Role, TaughtPatch
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.storage.making import MODEL_HASH, make_draft, make_part, sign_part, sign_product
from tests.unit.workflows.keeping.forwarding.conftest import Station, names, records
from tools.postgres_server import PASSWORD, PostgresServer
from workflows.keeping.forwarding import Forwarder, ForwardingError
from workflows.keeping.logs import configure_logging
from workflows.people.access import Access
from workflows.people.users import Users

Stations = tuple[Station, Station]


def test_rows_arrive_once_in_order_and_whole(stations: Stations, plant_url: str, tmp_path: Path) -> None:
    station, _ = stations
    station.judge(range(7))
    assert station.forwarder(plant_url, batch=4).forward() == 1 + 7 + 3
    assert station.forwarder(plant_url).forward() == 0
    station.judge(range(7, 9))
    assert station.forwarder(plant_url).forward() == 2
    arrived = records(plant_url, tmp_path)
    assert [record.name for record in arrived] == names(range(9))
    with station.storage.reading() as own:
        kept = own.inspections.following(InspectionFilter(), 0, 100)
    for here, there in zip(kept, arrived, strict=True):
        assert (here.verdict, here.image_hash, here.regions) == (there.verdict, there.image_hash, there.regions)
        assert (here.review, here.recipe_hash, here.inspected_at) == (
            there.review,
            there.recipe_hash,
            there.inspected_at,
        )
        assert here.image_score == there.image_score


def test_a_part_arrives_with_its_views_and_those_of_another_station_are_the_same_part(
    tmp_path: Path, plant_url: str
) -> None:
    for name in ("line 1", "line 2"):
        folder = tmp_path / name
        with open_storage(sqlite_url(folder / "filo.sqlite"), folder / "images") as storage:
            recipe = sign_part(storage)
            recorder = Recorder(storage, recipe.product)
            for number, shades in enumerate(((1, 2), (3, 2))):
                recorder.record_one(make_part(storage, recipe, shades, (0.1, 0.9), f"part {number}"))
            Station(name, storage, recipe, folder).forwarder(plant_url).forward()
            with storage.reading() as own:
                here = list(own.inspections.following(InspectionFilter(), 0, 100))
        if name == "line 1":
            with open_storage(plant_url, tmp_path / "plant") as plant, plant.transaction() as transaction:
                top = transaction.products.draft(recipe.product).views[0]
                transaction.products.make_view(recipe.product, replace(top, suffix="_t"))
    there = records(plant_url, tmp_path)
    assert [(record.name, record.views) for record in there] == [(record.name, record.views) for record in here]
    with open_storage(plant_url, tmp_path / "plant") as plant, plant.reading() as reading:
        draft = reading.products.draft(recipe.product)
    assert [view.name for view in draft.views] == ["top", "side"]
    assert draft.views[0].suffix == "_t", "what the plant says of a view stays"


def test_the_plant_has_the_product_as_it_was_signed(tmp_path: Path) -> None:
    learned = LearnedMap(MapKind.LIGHT, MODEL_HASH, ("0" * 64,))
    taught = (TaughtPatch("c" * 64, "third.png", Box(1, 2, 3, 4)),)
    wanted = replace(make_draft(), eyes=Eyes(), learned_map=learned, taught_patches=taught)
    plant_url = sqlite_url(tmp_path / "plant.sqlite")
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as storage:
        recipe = sign_product(storage, draft=wanted)
        Station("line 1", storage, recipe, tmp_path).forwarder(plant_url).forward()
    with open_storage(plant_url, tmp_path / "reader") as plant, plant.reading() as transaction:
        draft = transaction.products.draft(recipe.product)
    assert (draft.eyes, draft.learned_map, draft.taught_patches) == (Eyes(), learned, taught)
    assert not draft.changed_since_signing


def test_another_station_writes_while_images_are_copied(
    stations: Stations, plant_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stations
    first.judge(range(2))
    read, forwarded = first.storage.artefacts.get_bytes, []

    def read_slowly(content_hash: str) -> bytes:
        second.judge(range(10 + len(forwarded), 11 + len(forwarded)))
        forwarded.append(second.forwarder(plant_url).forward())
        return read(content_hash)

    monkeypatch.setattr(first.storage.artefacts, "get_bytes", read_slowly)
    first.forwarder(plant_url, images=tmp_path / "shared images").forward()
    assert sum(forwarded) >= len(forwarded) > 1
    assert len([record for record in records(plant_url, tmp_path) if record.name in names(range(2))]) == 2


def test_images_stay_on_the_station_unless_the_plant_has_a_folder_for_them(
    stations: Stations, plant_url: str, tmp_path: Path
) -> None:
    first, second = stations
    first.judge(range(2))
    second.judge(range(2, 4))
    shared = tmp_path / "shared images"
    first.forwarder(plant_url).forward()
    second.forwarder(plant_url, images=shared).forward()
    with open_storage(plant_url, shared) as plant:
        there = {path.name for path in plant.artefacts.stored()}
    arrived = records(plant_url, tmp_path)
    assert [record.image_hash in there for record in arrived] == [False, False, True, True]
    assert arrived[3].map_hash in there


def test_two_stations_at_once_lose_nothing_and_share_what_both_judged(
    stations: Stations, plant_url: str, tmp_path: Path
) -> None:
    first, second = stations
    first.judge(range(20))
    second.judge(range(15, 40))
    ready = threading.Barrier(2)

    def forward(station: Station) -> int:
        ready.wait(20)
        return station.forwarder(plant_url, batch=3).forward()

    with open_storage(plant_url, tmp_path / "reader"), ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(forward, stations))
    assert counts == [1 + 20 + 7, 1 + 25 + 9]
    arrived = records(plant_url, tmp_path)
    # Five images lay in the folders of both: judged once in the plant, as in any record, with the reviews of both.
    assert sorted(record.name for record in arrived) == sorted(names(range(40)))
    for station, shades in ((first, range(15)), (second, range(20, 40))):
        own = [record.name for record in arrived if record.name in names(shades)]
        assert own == names(shades), station.name
    shared = next(record for record in arrived if record.name == "part 15.png")
    with open_storage(plant_url, tmp_path / "reader") as plant, plant.reading() as transaction:
        assert {review.reviewer for review in transaction.reviews.of(shared.inspection_id)} == {"line 1", "line 2"}
        assert len(transaction.products.drafts()) == 1


def test_two_forwarders_of_one_station_send_each_row_once(stations: Stations, plant_url: str, tmp_path: Path) -> None:
    station, _ = stations
    station.judge(range(12))
    with open_storage(plant_url, tmp_path / "reader"), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: station.forwarder(plant_url, batch=2).forward(), range(2)))
    assert [record.name for record in records(plant_url, tmp_path)] == names(range(12))


def test_a_second_station_of_the_same_name_is_refused(stations: Stations, plant_url: str, tmp_path: Path) -> None:
    first, second = stations
    first.judge(range(2))
    second.judge(range(5, 7))
    first.forwarder(plant_url).forward()
    posing = Forwarder(second.storage, "line 1", plant_url, scratch=tmp_path / "scratch")
    with pytest.raises(ForwardingError, match=r"are not from this record\. Give this station another name"):
        posing.forward()
    assert len(records(plant_url, tmp_path)) == 2


def test_users_and_their_pins_stay_on_the_station(stations: Stations, plant_url: str, tmp_path: Path) -> None:
    station, _ = stations
    Users(station.storage, Access(station.storage)).add("Grace", Role.ADMIN, "607385")
    station.forwarder(plant_url).forward()
    with open_storage(plant_url, tmp_path / "reader") as plant, plant.reading() as transaction:
        assert not transaction.users.any()


def test_a_station_without_a_name_cannot_forward(stations: Stations, tmp_path: Path) -> None:
    with pytest.raises(ForwardingError, match="needs a name"):
        Forwarder(stations[0].storage, "", sqlite_url(tmp_path / "p.sqlite"), scratch=tmp_path)


def test_a_server_that_dies_in_the_middle_is_gone_on_with(
    stations: Stations, postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    station, _ = stations
    station.judge(range(30))
    commits: list[int] = []

    def die_after_the_third(count: int) -> None:
        commits.append(count)
        if len(commits) == 3:
            postgres.stop("immediate")

    try:
        with pytest.raises(StorageError, match="does not answer") as caught:
            station.forwarder(postgres_url, batch=4, on_batch=die_after_the_third).forward()
    finally:
        postgres.start()
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    station.forwarder(postgres_url, batch=4).forward()
    assert [record.name for record in records(postgres_url, tmp_path)] == names(range(30))


def test_a_day_offline_is_made_up_for_by_itself_and_no_log_has_the_password(
    stations: Stations, postgres: PostgresServer, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.keeping.forwarding.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("workflows.keeping.forwarding.LONGEST_WAIT_S", 0.2)
    log = configure_logging(tmp_path / "logs")
    station, _ = stations
    caught_up = threading.Event()
    seen: list[int] = []

    def count(rows: int) -> None:
        seen.append(rows)
        if sum(seen) >= 1 + 60 + 20:
            caught_up.set()

    forwarder = station.forwarder(postgres_url, on_batch=count)
    pause = threading.Event()
    postgres.stop()
    try:
        forwarder.start()
        station.judge(range(60))
        while not forwarder.state.problem:
            pause.wait(0.02)
        assert seen == []
        assert "does not answer" in forwarder.state.problem
    finally:
        postgres.start()
    try:
        assert caught_up.wait(30)
    finally:
        forwarder.stop()
    assert [record.name for record in records(postgres_url, tmp_path)] == names(range(60))
    written = log.read_text(encoding="utf-8")
    assert "not forwarded" in written
    password = make_url(postgres_url).password
    assert password is not None
    assert password not in written + forwarder.state.problem
