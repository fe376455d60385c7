"""Nothing secret reaches the log."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from filo_core.errors import StorageError
from workflows.keeping.logs import configure_logging, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("rtsp://operator:s3cret@camera.local/stream lost", "s3cret"),
        ("postgresql+psycopg://filo:p%40ss-word@db/plant", "p%40ss-word"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("key=sk-AbCdEf1234567890 refused", "AbCdEf1234567890"),
    ],
)
def test_passwords_and_keys_are_taken_out_of_any_text(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[hidden]" in redact(text)


def test_ordinary_sentences_stay_as_they_are() -> None:
    text = "a.png: 12:30 at https://example.org/x is the key to it"
    assert redact(text) == text


def test_the_log_file_holds_one_json_object_a_line_without_planted_secrets(tmp_path: Path) -> None:
    path = configure_logging(tmp_path)
    try:
        raise ValueError("rtsp://a:planted-one@cam/1")
    except ValueError:
        structlog.get_logger("test").exception("camera failed", source="rtsp://a:planted-two@cam/1")
    logging.getLogger("library").warning("library says %s", "rtsp://a:planted-three@cam/1")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["level"] for line in lines} == {"error", "warning"}
    assert "planted-" not in path.read_text()
    assert "ValueError" in lines[0]["exception"]


def test_a_log_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="FILO_HOME"):
        configure_logging(tmp_path / "file" / "logs")


UNCAUGHT = """
import gc, sys, threading, warnings
from pathlib import Path
from workflows.keeping.logs import configure_logging
configure_logging(Path(sys.argv[1]))
warnings.warn("a library is old")
thread = threading.Thread(target=lambda: 1 / 0, name="line watcher")
thread.start()
thread.join()
class Torn:
    def __del__(self):
        raise ValueError("while cleaning up")
Torn()
gc.collect()
"""


def test_what_nobody_catches_is_in_the_log_and_nothing_of_it_on_the_terminal(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]

    done = subprocess.run(
        [sys.executable, "-c", UNCAUGHT, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stderr == done.stdout == ""
    lines = [json.loads(line) for line in (tmp_path / "filo.log").read_text().splitlines()]
    said = [str(line["event"]) for line in lines]
    assert any("a library is old" in event for event in said)
    assert any("line watcher" in event for event in said)
    assert any("ZeroDivisionError" in line.get("exception", "") for line in lines)
    assert any("while cleaning up" in line.get("exception", "") for line in lines)


def test_signs_that_steer_a_terminal_are_written_out_in_the_log(tmp_path: Path) -> None:
    path = configure_logging(tmp_path)
    name = "\x1b[2J\x9b31m\u202epart.png"

    logging.getLogger("line").warning("%s cannot be read", name)

    written = path.read_text(encoding="utf-8")
    assert not set("\x1b\x9b\u202e") & set(written)
    assert json.loads(written.splitlines()[-1])["event"] == f"{name} cannot be read"
