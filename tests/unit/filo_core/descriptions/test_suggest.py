from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from pydantic import SecretStr

from filo_core.descriptions.language_model import LanguageModelSettings
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.descriptions.suggest import suggest
from filo_core.types import ProductDescription, Provenance

Serve = Callable[[Callable[[BaseHTTPRequestHandler, bytes], None]], str]

BOARD = ProductDescription("sensor board", "circuit board")
LIBRARY_TYPES = AnomalyLibrary.load().suggest(BOARD)


def settings(base_url: str) -> LanguageModelSettings:
    return LanguageModelSettings(base_url=base_url, model="inspector-7b", api_key=SecretStr("sk-4711"), timeout_s=20)


def test_the_language_models_list_is_taken_where_it_answers(serve: Serve) -> None:
    message = {"message": {"content": '{"anomalies": ["lifted pad"]}'}, "finish_reason": "stop"}
    body = json.dumps({"choices": [message]}).encode()

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    suggestion = suggest(BOARD, settings(serve(answer)))
    assert [anomaly.name for anomaly in suggestion.types] == ["lifted pad"]
    assert suggestion.source is Provenance.LANGUAGE_MODEL
    assert "inspector-7b" in suggestion.note


@pytest.mark.parametrize("asked", [None, settings(""), settings("  ")])
def test_without_a_language_model_the_library_answers_and_the_note_names_the_family(
    asked: LanguageModelSettings | None,
) -> None:
    suggestion = suggest(BOARD, asked)
    assert suggestion.types == LIBRARY_TYPES
    assert suggestion.source is Provenance.LIBRARY
    assert suggestion.note == "This list comes from the built-in library: circuit board."


def test_where_the_language_model_cannot_be_reached_the_library_answers_and_the_note_says_why() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    suggestion = suggest(BOARD, settings(f"http://127.0.0.1:{port}/v1"))
    assert suggestion.types == LIBRARY_TYPES
    assert suggestion.source is Provenance.LIBRARY
    assert suggestion.note.startswith(f"The language model at 127.0.0.1:{port} cannot be reached.")
    assert suggestion.note.endswith("This list comes from the built-in library: circuit board.")
    assert "4711" not in suggestion.note


def test_a_cancelled_question_still_gives_the_librarys_list() -> None:
    suggestion = suggest(BOARD, settings("http://127.0.0.1:9/v1"), cancelled=lambda: True)
    assert suggestion.types == LIBRARY_TYPES
    assert "cancelled" in suggestion.note


def test_importing_the_descriptions_loads_neither_the_client_nor_anything_heavy() -> None:
    heavy = "{'openai', 'httpx2', 'torch', 'numpy', 'PIL', 'cv2'}"
    code = f"import sys, filo_core.descriptions.suggest; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
