"""What every command needs: settings with the command line's overrides, errors as sentences, JSON on the last line."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.installation import import_problem
from filo_core.errors import FiloError, SettingsError
from filo_core.packaged import as_called
from filo_core.printable import json_without_controls, without_controls
from workflows.keeping.logs import configure_logging
from workflows.keeping.private_home import keep_private
from workflows.settings.file import variable_of
from workflows.settings.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

UNTRAINED_NOTE = (
    "untrained: this profile has learned nothing yet; scores show only where patches differ from good parts"
)


def settings_with(**overrides: object) -> Settings:
    """Settings from the environment, with those options the user gave.

    Raises:
        SettingsError: if one of them is of no use; the sentence names its variable.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value not in (None, "")})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        variable = variable_of(str(first["loc"][0]))
        raise SettingsError(
            "{variable} is not what it should be: {reason}. Correct it, or leave it out.",
            variable=variable,
            reason=first["msg"],
        ) from error


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a :class:`FiloError` into its sentence and exit status 1, never a traceback."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except FiloError as error:
            warn(f"Error: {error}")
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            warn("Stopped. What is in the record already stays there.")
            raise SystemExit(130) from None
        except BrokenPipeError:
            # Whoever reads, head for one, has enough. What is left in the buffer must not be tried again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except ImportError as error:
            structlog.get_logger("cli").exception("broken installation")
            warn(f"Error: {import_problem(error)}")
            raise SystemExit(1) from None
        except Exception as error:  # noqa: BLE001 - the last door: a person gets a sentence, the log the traceback
            structlog.get_logger("cli").exception("unexpected error")
            warn(f"Error: something unexpected happened ({type(error).__name__}). See {_log()}.")
            raise SystemExit(1) from None

    return wrapper


def _log() -> str:
    try:
        return str(settings_with().home / "logs" / "filo.log")
    except FiloError:
        # What is unexpected may be just that.
        return "logs/filo.log in the data folder"


def print_json(content: dict[str, Any]) -> None:
    """One JSON object on one line: the contract of ``--json`` is that it is the last line of stdout."""
    sys.stdout.write(json_without_controls(json.dumps(content, ensure_ascii=False, allow_nan=False)) + "\n")
    sys.stdout.flush()


def shown_url(database_url: str) -> str:
    """The database's address without its password; of one that is none nothing, as any part of it may be one."""
    # A tenth of a second, which the window's start would wait for.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(database_url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return ""


def add_row(table: Table, *cells: str) -> None:
    """Add a row whose cells are text and nothing else: names come from users, files and language models."""
    table.add_row(*(Text(without_controls(as_called(cell))) for cell in cells))


def say(sentence: str) -> None:
    """Print a sentence of the program's own; the terminal wraps it, not we."""
    console.print(without_controls(as_called(sentence)), soft_wrap=True, markup=False)


def warn(sentence: str) -> None:
    """The same beside the answer: what goes on meanwhile, and what went wrong."""
    errors.print(without_controls(as_called(sentence)), soft_wrap=True, markup=False)


def warn_of_left_out(folder: Path) -> None:
    """Name the files below ``folder`` that may be pictures and were not looked at."""
    from filo_core.imaging import look_at_folder, name_some

    left_out = look_at_folder(folder).left_out
    if left_out:
        warn(f"{len(left_out)} left out, since their extension is not read: {name_some(left_out, folder)}.")


def trained_word(trained: bool) -> str:
    """``"trained"`` or ``"untrained"``, as it stands beside every figure."""
    return "trained" if trained else "untrained"


@speaks_plainly
def start_logging() -> None:
    """Log to the file in ``FILO_HOME``, never to the operator's screen, which takes any name and sign."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name that is no UTF-8, or a sign that the terminal's code page lacks; JSON reads it back as it was.
        sys.stdout.reconfigure(errors="backslashreplace")
    keep_private()
    configure_logging(settings_with().home / "logs")
    for name in ("alembic", "timm", "open_clip", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
