"""Show the store of finished results, or remove some of them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from hybridrep.errors import ParameterError
from hybridrep.execution.terminal import show as show_on_terminal
from hybridrep.parameters import Parameters, resolve, shown
from hybridrep.running.place import store_folder

if TYPE_CHECKING:
    import pandas as pd

    from hybridrep.execution.store import Store

PLACE = click.option(
    "--store", default="", show_default=False,
    help="The store's folder; without it the one that runs use here.",
)  # fmt: skip
OLDEST_DAYS = 36_500
"""More days than any result is old, and few enough for a date."""


def _is_number(_: click.Context, __: click.Parameter, days: float | None) -> float | None:
    """Refuse NaN, which is in every range."""
    if days is not None and math.isnan(days):
        raise click.BadParameter("nan is no number of days")
    return days


@click.group("store", help=__doc__, invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """Show the store when no command is given."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@store.command()
@PLACE
def show(store: str) -> None:
    """List per stage how many results there are, their size, and the time they took.

    Outdated are those of code that has changed since: no run uses them again.
    """
    opened = _open(store)
    entries = opened.entries()
    by_stage = entries.groupby("stage", sort=True).agg(
        results=("key", "size"), bytes=("bytes", "sum"), seconds=("seconds", "sum"),
        newest=("created", "max"), outdated=("outdated", "sum"),
    )  # fmt: skip
    _print(by_stage.reset_index(), f"{opened.root}: {len(entries)} finished results")


@store.command()
@PLACE
@click.option(
    "--older_than", type=click.FloatRange(0, OLDEST_DAYS), callback=_is_number,
    help="Only what is older, in days.",
)  # fmt: skip
@click.option("--stage", "stages", multiple=True, help="Only this stage; may be repeated.")
@click.option("--outdated", is_flag=True, help="Only results of code that has changed since.")
@click.option("--dry_run", is_flag=True, help="Only show what would be removed.")
def prune(
    store: str, older_than: float | None, stages: tuple[str, ...], outdated: bool, dry_run: bool
) -> None:
    """Remove finished results, and what damaged or killed writes have left."""
    age = None if older_than is None else timedelta(days=older_than)
    opened = _open(store)
    present = sorted(set(opened.entries()["stage"])) if stages else []
    for stage in sorted(set(stages).difference(present)):  # a misspelled one removes nothing
        known = f"there are: {', '.join(present)}" if present else "there are none at all"
        click.echo(f"no finished result is of stage {shown(stage)}; {known}")
    removed = opened.prune(age, stages or None, outdated=outdated, dry_run=dry_run)
    by_kind = removed.groupby(["kind", "stage"]).agg(
        entries=("key", "size"), bytes=("bytes", "sum")
    )
    verb = "would be removed" if dry_run else "removed"
    _print(by_kind.reset_index(), f"{opened.root}: {len(removed)} {verb}")


def _open(text: str) -> Store:
    """Return the store in a folder, which is written as the parameter `store` is."""
    from hybridrep.execution.store import Store

    folder = store_folder(resolve({"store": text}, Parameters).store)
    try:
        if folder.exists() and not folder.is_dir():
            raise ParameterError(f"the store {str(folder)!r} is a file: give its folder")
    except OSError as error:
        raise ParameterError(f"there is no store {shown(str(folder))}: {error.strerror}") from error
    return Store(folder)


def _print(frame: pd.DataFrame, title: str) -> None:
    from pandas.api.types import is_string_dtype

    table = Table(title=Text(title), title_justify="left")  # a path's brackets are no markup
    for column in frame.columns:
        words = is_string_dtype(frame[column])
        table.add_column(column.replace("bytes", "size"), justify="left" if words else "right")
    for row in frame.to_dict("records"):
        table.add_row(*(_shown(str(column), cell) for column, cell in row.items()))
    show_on_terminal(table)


def _shown(column: str, cell: object) -> str:
    """Return a cell as people read it: sizes in their units, times to the minute."""
    if column == "bytes":
        return decimal(int(str(cell)))
    if isinstance(cell, datetime):  # pandas' times are, too
        return f"{cell:%Y-%m-%d %H:%M}"
    return f"{cell:,.0f}" if isinstance(cell, float) else str(cell)
