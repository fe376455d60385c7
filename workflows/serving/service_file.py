"""Which lines a service runs: a small TOML file that an engineer writes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from filo_core.errors import SettingsError, SourceError
from filo_core.line.triggers.base import TriggerKind
from filo_core.scripts import unseen_sign
from workflows.line.triggers import choice_of
from workflows.settings.declared import LONGEST_DEADLINE_S, SHORTEST_DEADLINE_S

if TYPE_CHECKING:
    from workflows.settings.settings import Settings

FILE_NAME = "service.toml"
_LARGEST_FILE = 1 << 20
LINE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
LineName = Annotated[str, Field(pattern=f"^{LINE_NAME}$")]


class LineSpec(BaseModel):
    """One line as the file describes it.

    Attributes:
        product: what it inspects first; a change through the API is remembered, and outlives a restart.
        sources: addresses of cameras, ``VIEW=ADDRESS`` where the product has views; none for a line whose pictures
            are posted or arrive in a folder.
        triggers: words as on the command line of ``line run``; none for a line that only the API asks.
        outputs: addresses; none for those of the settings.
        ca_file: certificate authority for ``mqtts://``.
        deadline_s: longest time from a trigger to its answer.
        autostart: whether it runs from the first start of the service on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: Annotated[str, Field(min_length=1, max_length=120)]
    sources: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    ca_file: Path | None = None
    deadline_s: Annotated[float, Field(alias="deadline", ge=SHORTEST_DEADLINE_S, le=LONGEST_DEADLINE_S)] = 2.0
    autostart: bool = True

    @field_validator("triggers")
    @classmethod
    def _known(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                kind = choice_of(word).kind
            except SourceError as error:
                raise ValueError(str(error)) from error
            if kind is TriggerKind.KEY:
                raise ValueError("nobody can press a key here")
        return words

    @field_validator("product", "sources", "outputs")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        for text in (value,) if isinstance(value, str) else value:
            if unseen_sign(text):
                raise ValueError("holds a sign that cannot be seen")
        return value


class ServiceFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: dict[LineName, LineSpec] = Field(default_factory=dict)


def service_file(settings: Settings) -> Path:
    """Where the file lies unless another one is named."""
    return settings.home / FILE_NAME


def read_service_file(path: Path) -> ServiceFile:
    """The lines of a file.

    Raises:
        SettingsError: if it cannot be read, or something in it is not what it should be; the sentence says where.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SettingsError("{path} is too large to be a list of lines. Name another file.", path=path)
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
        return ServiceFile.model_validate(content)
    except FileNotFoundError as error:
        raise SettingsError(
            "{path} is not there. Write the lines of the service into it; docs/service.md has an example.", path=path
        ) from error
    except OSError as error:
        raise SettingsError(
            "{path} cannot be read: {reason}.", path=path, reason=error.strerror or type(error).__name__
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            "{path}: {where} is not what it should be: {reason}.", path=path, where=where, reason=first["msg"]
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("{path} is no TOML file: {reason}.", path=path, reason=error) from error
