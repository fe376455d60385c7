"""The language model from the command line: lists for products, for measuring and training, and for Table VII."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, Name
from filo_core.errors import FiloError, LanguageModelError, SettingsError
from filo_core.sentence import Sentence
from filo_core.types import ProductDescription, ProductKind
from workflows.settings.language_model import language_model_of

if TYPE_CHECKING:
    from filo_core.benchmark.asked_lists import AskedLibrary
    from filo_core.descriptions.language_model import LanguageModelSettings
    from filo_core.descriptions.suggest import Suggestion
    from workflows.settings.settings import Settings

_SET_UP = Sentence("Enter its address and model under Settings, or set FILO_LLM_BASE_URL and FILO_LLM_MODEL.")


@speaks_plainly
def suggest(
    name: Name,
    class_name: Annotated[str, typer.Option(help="What the part is, for a product that is not there yet.")] = "",
    kind: Annotated[ProductKind, typer.Option(help="With --class-name: a thing, or a surface.")] = ProductKind.OBJECT,
    domain: Annotated[str, typer.Option(help="With --class-name: one adjective for the prompts.")] = "",
    take: Annotated[
        bool, typer.Option("--take", help="Put the list into the product's draft, in place of the one it has.")
    ] = False,
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Suggest an anomaly list: the language model's where one is set up, else the built-in library's."""
    from filo_core.descriptions.suggest import suggest as suggested
    from workflows.keeping.opening import open_record
    from workflows.people.access import Access
    from workflows.products.catalogue import Catalogue

    settings = settings_with(database=database)
    if class_name:
        if take:
            raise SettingsError("--take is for a product that is there already. Leave --class-name out.")
        _show(suggested(ProductDescription(name, class_name, kind, domain), language_model_of(settings)), as_json)
        return
    with open_record(settings) as storage:
        catalogue = Catalogue(storage, Access(storage))
        found = suggested(catalogue.draft(name).description, language_model_of(settings))
        if take:
            catalogue.set_anomaly_types(name, found.types)
    _show(found, as_json)
    if take and not as_json:
        say(f"{name} has this list now. Calibrate it, look through the list, and sign it off.")


def _show(found: Suggestion, as_json: bool) -> None:
    if as_json:
        types = [{"name": one.name, "severity": one.severity.value} for one in found.types]
        print_json({"types": types, "source": found.source.value, "note": found.note})
        return
    table = Table("Anomaly type", "Severity")
    for one in found.types:
        add_row(table, one.name, one.severity.value)
    console.print(table)
    say(found.note)


@speaks_plainly
def lists(
    out: Annotated[Path, typer.Option(help="Folder to write the list into.", parser=typed.path)],
    table: Annotated[str, typer.Option(help="Of the paper that needs lists: VII.")] = "VII",
    file: Annotated[
        str, typer.Option("--as", help="File name, as the table's row has it. Default: by the model's name.")
    ] = "",
    root: Annotated[
        Path | None,
        typer.Option(help="Data set whose classes are asked about. Default: MVTec AD and VisA.", parser=typed.path),
    ] = None,
) -> None:
    """Ask the language model that is set up for the anomaly lists of a table, a class after the other."""
    from filo_core.benchmark.asked_lists import AskedLibrary
    from filo_core.benchmark.classes import benchmark_classes, classes_of
    from filo_core.benchmark.paper_tables import read_tables

    wanted = sorted({row.anomaly_list for row in read_tables()["VII"].rows if row.anomaly_list})
    if table.upper() != "VII":
        raise FiloError("Table {table} needs no lists of a language model. Table VII does.", table=table)
    settings = settings_with()
    asked = _required(settings)
    path = out / (_file_name(file) or _row_of(asked.model, wanted))
    library = AskedLibrary(asked, path, warn)
    failed = []
    descriptions = classes_of(root) if root is not None else benchmark_classes()
    for description in descriptions:
        try:
            names = library.asked(description)
        except LanguageModelError as error:
            failed.append(description.class_name)
            warn(f"{description.class_name}: {error}")
        else:
            say(f"{description.class_name}: {', '.join(names)}")
    say(f"{len(descriptions) - len(failed)} of {len(descriptions)} classes are in {path}.")
    if failed:
        raise FiloError(
            "Nothing for {failed}. Run it again: what is there is not asked about again.", failed=", ".join(failed)
        )


@speaks_plainly
def names(as_json: AsJson = False) -> None:
    """List the models that the endpoint of the language model has."""
    from filo_core.descriptions.language_model import LanguageModelSettings, model_names

    settings = settings_with()
    if not settings.llm_base_url:
        raise SettingsError("No language model is set up. {set_up}", set_up=_SET_UP)
    asked = LanguageModelSettings(
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        api_key=settings.llm_api_key,
        timeout_s=settings.llm_timeout_s,
    )
    found = model_names(asked)
    if as_json:
        print_json({"models": found})
        return
    for name in found:
        say(name)


def asked_library(settings: Settings) -> AskedLibrary | None:
    """What suggests anomaly types while measuring and training: the language model where one is set up.

    Its lists are kept below ``FILO_HOME``, so that a run that is repeated or continued has the same prompts.
    """
    asked = language_model_of(settings)
    if asked is None:
        return None
    from filo_core.benchmark.asked_lists import AskedLibrary

    path = settings.home / "anomaly-lists" / f"{_slug(asked.model)}.json"
    say(f"Anomaly lists come from the language model {asked.model.strip()} and are kept in {path}.")
    return AskedLibrary(asked, path, warn)


def _required(settings: Settings) -> LanguageModelSettings:
    asked = language_model_of(settings)
    if asked is None:
        raise SettingsError("No language model is set up. {set_up}", set_up=_SET_UP)
    return asked


def _file_name(name: str) -> str:
    if name and (Path(name).name != name or not name.endswith(".json")):
        raise FiloError("{name!r} is no name of a file that ends in .json.", name=name)
    return name


def _row_of(model: str, wanted: list[str]) -> str:
    """The row's file that a model's name speaks of."""
    found = [file for file in wanted if file.removesuffix(".json") in model.lower()]
    if len(found) != 1:
        raise FiloError(
            "{model!r} is in no row by its name. Say which file it makes: --as {wanted}.",
            model=model.strip(),
            wanted=" or ".join(wanted),
        )
    return found[0]


def _slug(model: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", model.strip().lower()).strip("-.") or "model"
