"""``main.py product types`` and ``cost``: what names were learnt from and how they agree; what a defect costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Name, User
from cli.signing_in import managing
from filo_core.errors import RecipeError
from filo_core.statistics.rates import percent
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue

if TYPE_CHECKING:
    from filo_core.statistics.rates import Rate
    from workflows.products.name_agreement import NameAgreement


@speaks_plainly
def types(name: Name, database: Database = "", as_json: AsJson = False) -> None:
    """Show what each anomaly type was learnt from, and how the names agree with the last decisions."""
    from workflows.products.name_agreement import name_agreement

    with open_record(settings_with(database=database)) as storage:
        recipe = Catalogue(storage).recipe(name).recipe
        found = name_agreement(storage, recipe)
    if as_json:
        print_json(_json(recipe.product, found))
        return
    table = Table("Anomaly type", "Examples", "Named alike", "95 % interval", "Named otherwise")
    for one in found.types:
        others = ", ".join(f"{said} {count}" for said, count in one.called if said != one.name)
        add_row(table, one.name, str(one.examples), _share(one.agreed), _interval(one.agreed), others)
    console.print(table)
    if found.agreed is None:
        say("No region of this product was named by a person yet: confirm or retype some in Review.")
    for rate, sentence in (
        (found.agreed, "Named as people did, each region by the others"),
        (found.named, "Right where there was a name"),
        (found.good_named, "Regions of good parts that would be named"),
    ):
        if rate is not None:
            say(f"{sentence}: {rate.sentence}")
    if found.elsewhere:
        say(f"{found.elsewhere} named regions were looked at with other eyes, and do not count.")


def _share(rate: Rate | None) -> str:
    return "–" if rate is None else f"{rate.count} of {rate.of}"


def _interval(rate: Rate | None) -> str:
    return "–" if rate is None else f"{percent(rate.lower)} to {percent(rate.upper)}"


def _json(product: str, found: NameAgreement) -> dict[str, Any]:
    content = asdict(found)
    content["types"] = [one | {"called": dict(one["called"])} for one in content["types"]]
    return {"product": product, **content}


@speaks_plainly
def cost(
    name: Name,
    anomaly_type: Annotated[str, typer.Argument(help="Name of the anomaly type.")],
    amount: Annotated[str, typer.Argument(help="What one such defect costs, in your money, or none.")],
    user: User = "",
    database: Database = "",
) -> None:
    """Say what a defect costs: the Pareto is in the order of it. No verdict follows from it."""
    try:
        said = None if amount.strip().lower() == "none" else float(amount)
    except ValueError as error:
        raise RecipeError(
            "{amount!r} is no amount. Write a number such as 12.50, or none.", amount=amount[:40]
        ) from error
    with managing(settings_with(database=database), user) as (access, _):
        Catalogue(access.storage, access).set_type_cost(name, anomaly_type, said)
    say(f"{anomaly_type}: no cost any more" if said is None else f"{anomaly_type}: {said:g} a part")
