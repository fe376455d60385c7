"""Nothing secret reaches the log."""

import json
import logging
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
