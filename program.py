"""Every command of the program; ``python main.py --help`` lists them.

Only the command that is called is loaded: the others are a name and a line of help, which a test holds against theirs.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from cli.options import Database


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command stands, and what the list of commands says of it."""

    module: str
    function: str
    """The command itself, or the ``Typer`` of a group of commands."""
    help: str

    def load(self) -> Any:
        """The function or the ``Typer``."""
        return getattr(import_module(self.module), self.function)


COMMANDS = {
    "demo": Command(
        "cli.demo", "demo", "Set up a product from four good parts, inspect its test folder, and show what was found."
    ),
    "inspect": Command(
        "cli.inspect",
        "inspect",
        "Inspect a folder under the product's newest recipe. Images judged before under that recipe are skipped.",
    ),
    "calibrate": Command(
        "cli.calibrate",
        "calibrate",
        "Set a product's limits from its good images and from the parts that were confirmed as good since.",
    ),
    "drift": Command(
        "cli.calibrate",
        "drift_watch",
        "Say whether confirmed good parts still score like those the limits were set with.",
    ),
    "sensitivity": Command(
        "cli.calibrate",
        "sensitivity",
        "Draw synthetic anomalies on the good images and count which are found. Indicative only.",
    ),
    "report": Command(
        "cli.report", "report", "First-pass yield, Pareto, control chart, scores and agreement of a product."
    ),
    "benchmark": Command(
        "cli.benchmark",
        "benchmark",
        "Measure image AUROC, pixel AUROC, AUPRO and F1-max, with their spread over the seeds.",
    ),
    "doctor": Command("cli.doctor", "doctor", "Check this installation: packages, device, profiles, database."),
    "export": Command(
        "cli.export", "export", "Write the inspections of a product to a file. The record tells who did."
    ),
    "history": Command("cli.history", "history", "The newest inspections, of a serial, a lot or an order."),
    "forward": Command(
        "cli.forward",
        "forward",
        "Forward inspections and reviews to the plant's database: each once, in order, whenever it can be reached.",
    ),
    "retention": Command(
        "cli.retention",
        "retention",
        "Remove images by age and quota: confirmed OK first, never an undecided NG or REVIEW, never a row.",
    ),
    "backup": Command("cli.backup", "backup", "Copy the record while it is in use, and check the copy."),
    "restore": Command(
        "cli.backup",
        "restore",
        "Put a backup in the record's place; the record that was there is kept aside. Close all windows first.",
    ),
    "train": Command(
        "cli.train",
        "train",
        "Train context vectors, linear layers and MDCI, then the adapter. Stop and go on at will; bfloat16 on a GPU.",
    ),
    "train-names": Command(
        "cli.train_names",
        "train_names",
        "Train the head that names regions from words. Needs torch, the light trunk and the sentence encoder.",
    ),
    "train-compact": Command(
        "cli.train_compact",
        "train_compact",
        "Train the head that reads how patches differ from good ones. Needs torch and the light trunk.",
    ),
    "serve": Command(
        "cli.serve",
        "serve",
        "Run lines, deliveries, the night's work and the API without a window, until Ctrl+C or SIGTERM.",
    ),
    "app": Command("program", "app", "Open the window."),
}

GROUPS = {
    "product": Command("cli.product", "app", "Products and their recipes."),
    "models": Command("cli.models", "app", "Model profiles."),
    "golden": Command("cli.golden", "app", "Known good and bad parts that every recipe has to get right."),
    "study": Command("cli.study", "app", "Capability studies: attribute agreement by AIAG's MSA."),
    "alarms": Command("cli.alarms", "app", "Alarms that stand: of the process, and of the record."),
    "audit": Command("cli.audit", "app", "The audit chain over verdicts, reviews, recipes, users and events."),
    "user": Command(
        "cli.user", "app", "Users, their roles and PINs. Nobody has to sign in until the first is created."
    ),
    "secret": Command(
        "cli.secret",
        "app",
        "Keys and passwords: llm, line, database, plant, camera:rtsp://USER@HOST, output:mqtts://USER@HOST.",
    ),
    "database": Command("cli.database", "app", "A server's database. FILO_DATABASE names its owner here."),
    "line": Command("cli.line", "app", "Run a line without a window."),
    "service": Command("cli.service", "app", "Tokens and outputs of the service."),
}


def app(database: Database = "") -> None:
    """Open the window."""
    from cli.common import settings_with, speaks_plainly

    @speaks_plainly
    def open_window() -> None:
        # Qt is needed by this command only.
        from gui.application import run

        raise SystemExit(run(settings_with(database=database)))

    open_window()


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """The commands, of which only the one is loaded that these arguments call."""
    if any(name.startswith("_") and name.endswith("_COMPLETE") for name in os.environ):
        # A shell asks what may follow, of any command.
        return _built({*COMMANDS, *GROUPS})
    # No option of the program itself takes a value, so the first word is the command.
    return _built([argument for argument in arguments if not argument.startswith("-")][:1])


def _built(loaded: Collection[str]) -> typer.Typer:
    built = typer.Typer(
        help="Inspects parts the day they are first made.", no_args_is_help=True, pretty_exceptions_enable=False
    )
    built.callback()(_before_every_command)
    for name, command in COMMANDS.items():
        built.command(name, help=None if name in loaded else command.help)(
            command.load() if name in loaded else _not_loaded
        )
    for name, group in GROUPS.items():
        built.add_typer(group.load() if name in loaded else _group_not_loaded(group.help), name=name)
    return built


def _before_every_command() -> None:
    from cli.common import start_logging

    start_logging()


def _not_loaded() -> None:
    raise AssertionError("only the command that is called is ever run")


def _group_not_loaded(help_: str) -> typer.Typer:
    group = typer.Typer(help=help_)
    group.callback()(_not_loaded)
    return group


def __getattr__(name: str) -> typer.Typer:
    """``cli``: all commands, loaded; for what looks at every one of them."""
    if name == "cli":
        return _built({*COMMANDS, *GROUPS})
    raise AttributeError(name)
