"""The language model from the command line: suggestions, names of models, lists for Table VII, measuring."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.conftest import Result

Run = Callable[..., Result]


class Model(BaseHTTPRequestHandler):
    """Answers in bullets, and a schema with an error of its own; says nothing of screws."""

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [{"id": "llama-3", "object": "model"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "response_format" in asked:
            self._send(500, {})
            return
        part = asked["messages"][-1]["content"].split("JSON: ")[1].splitlines()[0]
        text = "I am sorry." if "screw" in part else "- dent\n- bad smell\n- oil stain"
        self._send(200, {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})

    def _send(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-should-retry", "false")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def asked() -> Iterator[dict[str, str]]:
    """Variables that name a language model on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield {"FILO_LLM_BASE_URL": f"http://127.0.0.1:{serving.server_port}/v1", "FILO_LLM_MODEL": "llama-3"}
        serving.shutdown()
        thread.join()


def test_a_list_is_suggested_for_a_part_and_the_models_are_named(run: Run, asked: dict[str, str]) -> None:
    found = run("product", "suggest", "new", "--class-name", "metal nut", "--json", env=asked)
    assert found.status == 0, found.stderr
    assert [one["name"] for one in found.json["types"]] == ["dent", "oil stain"]
    assert found.json["source"] == "language model"
    assert "Written by the language model llama-3" in found.json["note"]
    alone = run("product", "suggest", "new", "--class-name", "metal nut", "--json")
    assert alone.json["source"] == "library"
    assert run("models", "names", env=asked).stdout.split() == ["llama-3"]
    refused = run("models", "names")
    assert (refused.status, "No language model is set up" in refused.stderr) == (1, True)


def test_lists_of_table_vii_are_written_and_what_failed_is_named_and_asked_again(
    run: Run, asked: dict[str, str], tmp_path: Path
) -> None:
    done = run("models", "lists", "--table", "VII", "--out", tmp_path / "lists", env=asked)
    assert done.status == 1
    assert "Nothing for screw" in done.stderr
    lists = json.loads((tmp_path / "lists" / "llama.json").read_text())
    assert lists["printed circuit board"] == ["dent", "oil stain"]
    assert "screw" not in lists
    # 15 classes of MVTec AD, and 12 of VisA, where four boards and two kinds of macaroni have one name each.
    assert len(lists) == 15 + 12 - 3 - 1 - 1
    other = run("models", "lists", "--out", tmp_path, env=asked | {"FILO_LLM_MODEL": "mystery"})
    assert (other.status, "--as" in other.stderr) == (1, True)
