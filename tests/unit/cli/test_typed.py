"""Paths that are typed: an empty one is no name of the current folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from cli import typed
from program import cli


def commands(app: typer.Typer) -> Iterator[Callable[..., Any]]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield command.callback
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance)


def path_parameters() -> Iterator[tuple[str, Any]]:
    """Every parameter of every command that is a path, with what typer is told about it."""
    for command in commands(cli):
        # The wrapped function is the one whose module knows the names of its types.
        inner = getattr(command, "__wrapped__", command)
        for name, hint in get_type_hints(inner, include_extras=True).items():
            told = [one for one in getattr(hint, "__metadata__", ()) if hasattr(one, "parser")]
            kinds = {get_args(hint)[0], *get_args(get_args(hint)[0])} if told else set()
            if Path in kinds:
                yield f"{inner.__module__}.{inner.__name__} {name}", told[0]


def test_every_path_of_every_command_refuses_to_be_empty() -> None:
    found = dict(path_parameters())
    assert len(found) > 25
    assert [name for name, told in found.items() if told.parser is not typed.path] == []


@pytest.mark.parametrize("nothing", ["", "  ", "\t"])
def test_an_empty_path_is_refused(nothing: str) -> None:
    with pytest.raises(typer.BadParameter, match="The path is empty"):
        typed.path(nothing)


def test_the_current_folder_is_a_full_stop() -> None:
    assert typed.path(".") == Path()
