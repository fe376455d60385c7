"""Models from the network: sizes and licences first, progress, cancel, and nothing for who may not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from filo_core.errors import ProfileError
from filo_core.profiles.fetching import DownloadStoppedError, Report
from filo_core.types import Role
from gui.screens import CanBeBusy
from gui.settings import models_presenter
from gui.settings.models_page import ModelsPage
from gui.settings.panel import SettingsPanel
from gui.state import AppState

Until = Callable[..., None]


class Network:
    """Stands in for the fetching: it waits for ``go`` or for being stopped."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.problem = ""
        self.asked: list[str] = []

    def __call__(self, access: object, models: Path, name: str, report: Report, stopped: Callable[[], bool]) -> Path:
        del access
        self.asked.append(name)
        report("clip.pt", 250_000_000, 1_000_000_000)
        while not self.go.wait(0.01):
            if stopped():
                raise DownloadStoppedError("Stopped.")
        if self.problem:
            raise ProfileError(self.problem)
        return models / name


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network()
    monkeypatch.setattr(models_presenter, "fetch_model", made)
    return made


@pytest.fixture
def page(qtbot: QtBot, state: AppState, network: Network) -> Iterator[ModelsPage]:
    made = ModelsPage(state)
    qtbot.addWidget(made)
    made.show()
    yield made
    network.go.set()
    made.close_down()


def cells(page: ModelsPage) -> list[list[str]]:
    table = page.table
    return [
        [item.text() if (item := table.item(row, column)) else "" for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_size_and_licence_stand_there_before_anything_is_fetched(page: ModelsPage, network: Network) -> None:
    full, eyes = cells(page)
    assert full[1:] == ["no", "2.41 GB", "MIT, Apache-2.0"]
    assert eyes[1:] == ["no", "88 MB", "Apache-2.0"]
    assert "CLIP ViT-L/14@336 by OpenAI: 1.71 GB, MIT" in page.parts.text()
    assert network.asked == []


def test_a_download_shows_how_far_it_is_and_says_when_it_is_done(
    page: ModelsPage, network: Network, until: Until
) -> None:
    page.fetch_button.click()
    until(lambda: page.bar.value() == 250, "a quarter has come")
    assert page.bar.format().replace("%%", "%") == "clip.pt: 250 MB of 1.00 GB"
    assert not page.fetch_button.isEnabled()
    network.go.set()
    until(lambda: "is installed" in page.message.sentence, "it is here")
    assert network.asked == ["full"]
    assert page.fetch_button.isEnabled()
    assert page.bar.isHidden()


def test_a_cancelled_download_ends_without_a_complaint(page: ModelsPage, network: Network, until: Until) -> None:
    page.fetch_button.click()
    until(lambda: bool(network.asked), "it has begun")
    page.stop_button.click()
    assert not page.stop_button.isEnabled()
    until(page.fetch_button.isEnabled, "it has ended")
    assert page.message.isHidden()


def test_another_language_ends_no_download(qtbot: QtBot, state: AppState, network: Network, until: Until) -> None:
    panel = SettingsPanel(state)
    qtbot.addWidget(panel)
    assert isinstance(panel, CanBeBusy)
    assert not panel.is_busy
    panel.models.fetch_button.click()
    until(lambda: bool(network.asked), "it has begun")
    assert panel.is_busy, "so the window keeps the panel, and with it what is being fetched"
    network.go.set()
    until(lambda: not panel.is_busy, "it has ended")
    panel.close_down()


def test_what_went_wrong_is_said_in_a_sentence(page: ModelsPage, network: Network, until: Until) -> None:
    network.problem = "CLIP did not come from any address."
    network.go.set()
    page.fetch_button.click()
    until(lambda: "did not come from any address" in page.message.sentence, "the sentence is there")


def test_only_an_admin_fetches_models(page: ModelsPage, state: AppState) -> None:
    bench = state.workbench
    bench.users.add("Ada", Role.ADMIN, "740936")
    bench.access.sign_in("Ada", "740936")
    bench.users.add("Sue", Role.SUPERVISOR, "586203")
    state.refresh_operator()
    assert page.fetch_button.isEnabled()
    bench.access.sign_in("Sue", "586203")
    state.refresh_operator()
    assert not page.fetch_button.isEnabled()
