"""``main.py retention``: remove images that are older than need be, or take more room than they may."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signing_in import managing
from workflows.keeping.allowed import confirm_rules
from workflows.keeping.opening import open_record
from workflows.keeping.retention import RetentionReport, RetentionRules, remove_images, rules_of
from workflows.people.access import Access


@speaks_plainly
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    keep_days: Annotated[
        int | None, typer.Option(min=1, help="Age in days from which images may go, instead of FILO_KEEP_DAYS.")
    ] = None,
    quota_gb: Annotated[
        float | None, typer.Option(min=0.0, help="GiB that all images may take, instead of FILO_IMAGE_QUOTA_GB.")
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Let the nightly work remove images by these rules from now on.")
    ] = False,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Remove images by age and quota: confirmed OK first, never an undecided NG or REVIEW, never a row."""
    settings = settings_with(database=database, keep_days=keep_days, image_quota_gb=quota_gb)
    rules = rules_of(settings)
    if dry_run:
        with open_record(settings) as storage:
            report = remove_images(Access(storage), settings, rules, dry=True)
    else:
        with managing(settings, user) as (access, pin):
            if confirm:
                confirm_rules(access, settings, settings.operator, pin)
            report = remove_images(access, settings, rules, pin=pin)
    if as_json:
        print_json({"dry_run": dry_run} | _report(report))
    elif rules == RetentionRules():
        say("No rule is set: every image is kept. Set FILO_KEEP_DAYS or FILO_IMAGE_QUOTA_GB.")
    else:
        _sum_up(report, dry_run=dry_run)


def _report(report: RetentionReport) -> dict[str, Any]:
    return {
        "files": report.files,
        "bytes": report.bytes_freed,
        "bytes_before": report.bytes_before,
        "still_over": report.still_over,
        "by_rank": {rank.words: count for rank, count in report.by_rank.items()},
    }


def _sum_up(report: RetentionReport, *, dry_run: bool) -> None:
    done = "would be removed" if dry_run else "were removed"
    ranks = ", ".join(f"{count} of {rank.words}" for rank, count in report.by_rank.items()) or "none"
    say(f"{report.files} files, {report.bytes_freed / 2**20:.1f} MiB, {done}: {ranks}.")
    if report.still_over:
        say(
            f"Still {report.still_over / 2**20:.1f} MiB over the quota: what is left must be kept until it is reviewed."
        )
