"""Every command of the program; ``python main.py --help`` lists them."""

from __future__ import annotations

import typer

from cli.audit import app as audit_commands
from cli.backup import backup, restore
from cli.benchmark import benchmark
from cli.calibrate import calibrate, drift_watch, sensitivity
from cli.common import settings_with, speaks_plainly, start_logging
from cli.demo import demo
from cli.doctor import doctor
from cli.export import export
from cli.forward import forward
from cli.golden import app as golden_commands
from cli.inspect import inspect
from cli.line import app as line_commands
from cli.models import app as model_commands
from cli.options import Database
from cli.product import app as product_commands
from cli.report import report
from cli.retention import retention
from cli.secret import app as secret_commands
from cli.train import train
from cli.train_compact import train_compact
from cli.user import app as user_commands

cli = typer.Typer(
    help="Inspects parts the day they are first made.", no_args_is_help=True, pretty_exceptions_enable=False
)
cli.callback()(start_logging)
cli.add_typer(product_commands, name="product")
cli.add_typer(model_commands, name="models")
cli.add_typer(golden_commands, name="golden")
cli.add_typer(audit_commands, name="audit")
cli.add_typer(user_commands, name="user")
cli.add_typer(secret_commands, name="secret")
cli.add_typer(line_commands, name="line")
cli.command()(demo)
cli.command()(inspect)
cli.command()(calibrate)
cli.command("drift")(drift_watch)
cli.command()(sensitivity)
cli.command()(report)
cli.command()(benchmark)
cli.command()(doctor)
cli.command()(export)
cli.command()(forward)
cli.command()(retention)
cli.command()(backup)
cli.command()(restore)
cli.command()(train)
cli.command()(train_compact)


@cli.command()
@speaks_plainly
def app(database: Database = "") -> None:
    """Open the window."""
    # Qt is needed by this command only.
    from gui.application import run

    raise SystemExit(run(settings_with(database=database)))
