from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from filo_core.descriptions.suggest import Suggestion
from filo_core.types import ProductDescription, Provenance
from gui.products.wizard.suggester import Suggester
from gui.state import AppState
from workflows.settings.language_model import language_model_of
from workflows.settings.settings import Settings

Until = Callable[..., None]
NUT = ProductDescription("Nut M8", "metal nut")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def suggester_for(state: AppState, **settings: object) -> Suggester:
    return Suggester(Settings(**settings), state.workbench.library)  # type: ignore[arg-type]


def test_without_a_language_model_the_library_answers_and_the_note_says_so(state: AppState, until: Until) -> None:
    suggester = suggester_for(state)
    assert not suggester.asks_language_model
    answers: list[Suggestion] = []
    suggester.suggested.connect(answers.append)
    suggester.start(NUT)
    until(lambda: bool(answers) and not suggester.is_busy)
    assert answers[0].source is Provenance.LIBRARY
    assert "built-in library" in answers[0].note
    assert len(answers[0].types) >= 5
    suggester.close()


def test_a_language_model_that_cannot_be_reached_is_named_in_the_note(state: AppState, until: Until) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]
    suggester = suggester_for(state, llm_base_url=f"http://127.0.0.1:{port}/v1", llm_model="m")
    assert suggester.asks_language_model
    answers: list[Suggestion] = []
    suggester.suggested.connect(answers.append)
    suggester.start(NUT)
    until(lambda: bool(answers), seconds=30)
    assert answers[0].source is Provenance.LIBRARY
    assert "built-in library" in answers[0].note
    assert not answers[0].note.startswith("This list")
    suggester.close()


def test_a_cancelled_question_is_never_answered(state: AppState, silent_server: str, until: Until) -> None:
    suggester = suggester_for(state, llm_base_url=silent_server, llm_model="m", llm_timeout_s=30.0)
    answers: list[Suggestion] = []
    busy: list[bool] = []
    suggester.suggested.connect(answers.append)
    suggester.busy_changed.connect(busy.append)
    suggester.start(NUT)
    suggester.cancel()
    assert busy == [True, False]
    assert not suggester.is_busy
    until(lambda: not suggester._background.is_busy, "the thread has let go", seconds=20)
    assert answers == []
    suggester.close()


def test_the_settings_name_a_language_model_only_with_address_and_model() -> None:
    assert language_model_of(Settings()) is None
    assert language_model_of(Settings(llm_base_url="http://127.0.0.1/v1")) is None
    named = language_model_of(
        Settings(llm_base_url="http://127.0.0.1/v1", llm_model="m", llm_api_key=SecretStr("k"), llm_timeout_s=7)
    )
    assert named is not None
    assert (named.model, named.api_key.get_secret_value(), named.timeout_s) == ("m", "k", 7.0)
