"""The log file: one JSON object a line, rotated, with passwords and keys taken out before anything is written."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from filo_core.errors import StorageError
from filo_core.printable import json_without_controls
from workflows.settings.redaction import redact

logger = logging.getLogger(__name__)


def _redacted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = _without_secrets(value)
    return event


def _without_secrets(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {key: _without_secrets(part) for key, part in value.items()}
        case list() | tuple() | set():
            return [_without_secrets(part) for part in value]
        case _:
            return value


def _redacted_line(_logger: Any, _method: str, line: Any) -> str:
    # Once more over what is really written: objects become text only while the line is made.
    return json_without_controls(redact(line))


def configure_logging(folder: Path) -> Path:
    """Send the log of this process to a file in ``folder``, whose path comes back.

    Raises:
        StorageError: if the folder cannot be written.
    """
    path = folder / "filo.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            "{path} cannot be written: {reason}. Set FILO_HOME to a folder that can be.",
            path=path,
            reason=error.strerror or error,
        ) from error
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redacted,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
                _redacted_line,
            ],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, logging.handlers.RotatingFileHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _catch_what_nobody_does()
    return path


def _catch_what_nobody_does() -> None:
    """Send to the log what Python prints on the terminal by itself: warnings, and what ends a thread or a clean-up."""
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread
    sys.unraisablehook = _log_unraisable


def _log_end_of_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_type is SystemExit:
        return
    error = what.exc_value if what.exc_value is not None else what.exc_type()
    name = what.thread.name if what.thread is not None else "unknown"
    logger.error("the thread %s ended", name, exc_info=error)


def _log_unraisable(what: sys.UnraisableHookArgs) -> None:
    logger.error("%s: %r", what.err_msg or "an error where none can be raised", what.object, exc_info=what.exc_value)
