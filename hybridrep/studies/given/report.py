"""The report of a comparison: a page that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from hybridrep.analysis.record import Measure
from hybridrep.reporting.drawing import draw_one
from hybridrep.reporting.formatting import interval, number
from hybridrep.reporting.html.page import Entry, render
from hybridrep.reporting.html.views import (
    NOTE,
    Column,
    Notice,
    Picture,
    Row,
    TableView,
    intervals,
    numbers,
    p_values,
    picture,
    table_view,
    words,
)
from hybridrep.studies.given.comparison import Comparison, neighbours_of
from hybridrep.studies.given.map import map_of, plan_of

EXTREME_ITEMS = 20
"""Items shown that representations share most, and least."""


@dataclass(frozen=True)
class MeasureView:
    """One measure as the template draws it."""

    anchor: str
    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[TableView, ...]


def page(found: Comparison) -> str:
    """Return the report as one HTML file."""
    views = [_measure(found, each) for each in found.measures]
    charted, said, told, agreed = (
        _map(found),
        _judgements(found),
        _identified(found),
        _agreed(found),
    )
    shown = {
        "judgements": ("What people said", said), "map": ("A map", charted),
        "identification": ("May a measure be believed?", told or agreed),
    }  # fmt: skip
    contents = [
        Entry("given", "What is compared", first=True),
        *(Entry(view.anchor, view.title) for view in views),
        *(Entry(anchor, label) for anchor, (label, view) in shown.items() if view is not None),
        Entry("agreement", "Do the measures agree?"),
        Entry("items", "Which items differ"),
    ]
    return render(
        __package__ or "", "page.html.j2", {}, title="Representations, measured",
        contents=contents, given=_given(found), describe=_described(found), measures=views,
        differences=_differences(found), agreement=_agreement(found), items=_items(found),
        map=charted, judgements=said, identification=told, ceiling=agreed,
        notices=[Notice("note", "Items", note) for note in found.given.notes],
        count=len(found.given.ids), names=found.given.names,
    )  # fmt: skip


def _map(found: Comparison) -> Picture | None:
    charted = map_of(found.given)
    return None if charted is None else picture(draw_one(plan_of(charted)), "")


def _judgements(found: Comparison) -> TableView | None:
    table = found.tables["judgements"]
    if not len(table):
        return None
    columns = [
        words("judgements", "Judgements"), words("kind", "Kind"),
        words("representation", "Representation"), numbers("n", "Judgements", 0),
        numbers("value", "Accuracy or rho"), intervals("low", "high", "95% interval"),
        numbers("chance", "By chance"),
        intervals("ceiling_lower", "ceiling_upper", "People themselves"),
        NOTE,
    ]  # fmt: skip
    note = (
        "Triplets: share whose odd one is the item outside of the most similar pair. Ratings: "
        "Spearman’s rho with the similarities. Intervals over items."
    )
    return table_view("judgements-table", "Beside what people said", table, columns, note)


def _identified(found: Comparison) -> TableView | None:
    table = found.tables["identification"]
    if not len(table):
        return None
    ordered = table.sort_values("accuracy", ascending=False, kind="stable")
    columns = [
        words("measure", "Measure"), numbers("accuracy", "Told rightly"),
        intervals("low", "high", "95% interval over seeds"), numbers("chance", "By chance"),
        p_values("p", "p"), numbers("auc", "AUC"), numbers("d_prime", "d prime", 2),
    ]  # fmt: skip
    first = table.iloc[0]
    caption = (
        f"Which measure tells {first['groups']} groups of {first['seeds']} seeds apart: each "
        "representation is told rightly where it is nearest to its own group"
    )
    return table_view("identification-table", caption, ordered, columns)


def _agreed(found: Comparison) -> TableView | None:
    table = found.tables["ceiling"]
    if not len(table):
        return None
    columns = [
        words("measure", "Measure"), words("group", "Group"), words("of", "Of"),
        numbers("n", "How many", 0), numbers("lower", "Each by the others"),
        numbers("upper", "each by all"), p_values("p", "p (lower is 0)"),
        NOTE,
    ]  # fmt: skip
    return table_view(
        "ceiling-table", "How well seeds, or subjects, agree: noise ceilings", table, columns
    )


def _given(found: Comparison) -> TableView:
    columns = [
        words("representation", "Representation"), words("kind", "Kind"), words("group", "Group"),
        numbers("dimensions", "Dimensions", 0), numbers("items", "Items in the file", 0),
        numbers("repeats", "Times each", 0),
        numbers("lost", "of these left out", 0), words("source", "From", wrap=True),
    ]  # fmt: skip
    return table_view("given-table", "Representations", found.tables["representations"], columns)


def _described(found: Comparison) -> TableView | None:
    table = found.tables["describe"]
    if not len(table):
        return None
    columns = [
        words("representation", "Representation"), words("measure", "Measure"),
        numbers("value", "Value"), intervals("low", "high", "95% interval"),
        NOTE,
    ]  # fmt: skip
    return table_view("describe-table", "Each alone", table, columns)


def _measure(found: Comparison, each: Measure) -> MeasureView:
    rows = found.pairs[found.pairs["measure"] == each.key]
    anchor = "measure-" + each.key.replace(".", "-").replace("_", "-")
    ignores = sorted(change.replace("_", " ") for change in each.invariant_to)
    facts = (
        ("Higher means", each.higher_means),
        ("Range", f"{each.low:g} to {each.high:g}"),
        ("Ignores", ", ".join(ignores) or "nothing"),
        ("Takes out first", each.centres),
        ("Reference", each.reference),
    )
    matrix = found.matrix(each.key)
    matrix = matrix.reset_index(names="_row")
    columns = [words("_row", ""), *(_cell(name) for name in matrix.columns[1:])]
    pairs = [
        words("first", "First"), words("second", "Second"), numbers("value", "Value"),
        intervals("low", "high", "95% interval"), numbers("chance", "By chance"),
        numbers("z", "SDs above", 1), p_values("p", "p"), p_values("p_corrected", "p corrected"),
        NOTE,
    ]  # fmt: skip
    n = int(rows["n"].max()) if len(rows) else 0
    tables = (
        table_view(f"{anchor}-matrix", f"{each.name}, {n} items", matrix, columns),
        table_view(
            f"{anchor}-pairs", "Every pair, with chance and interval over items", rows, pairs
        ),
    )
    primary = bool(rows["primary"].any())
    return MeasureView(anchor, each.name + (" (primary)" if primary else ""), facts, tables)


def _cell(name: str) -> Column:
    return numbers(name, name)


def _differences(found: Comparison) -> TableView | None:
    table = found.tables["differences"]
    if not len(table):
        return None
    columns = [
        words("measure", "Measure"), words("first", "First"), words("second", "Second"),
        words("reference", "Closer to"), numbers("difference", "Difference"),
        intervals("low", "high", "95% interval"), p_values("p", "p"),
        p_values("p_corrected", "p by Holm"),
    ]  # fmt: skip
    return table_view("differences-table", "Which is closer to the reference", table, columns)


def agreement(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's rho between measures over pairs that both have, measures x measures."""
    ordered = pairs[["first", "second"]].apply(lambda row: "__".join(sorted(row)), axis=1)
    wide = pairs.assign(pair=ordered).pivot_table(index="pair", columns="measure", values="value")
    return wide.corr(method="spearman", min_periods=3)


def _agreement(found: Comparison) -> TableView | None:
    table = agreement(found.pairs) if len(found.pairs) else pd.DataFrame()
    if len(table) < 2 or not np.isfinite(table.to_numpy()[~np.eye(len(table), dtype=bool)]).any():
        return None
    shown = table.rename_axis(None).reset_index(names="_row")
    columns = [words("_row", ""), *(_cell(str(name)) for name in table.columns)]
    note = "Distances run the other way: a measure of these agrees where its number is near -1."
    return table_view("agreement-table", "Rank correlation over pairs", shown, columns, note)


def _items(found: Comparison) -> TableView:
    table = found.tables["alignment"]
    mean = table.groupby("item", sort=False)["overlap"].agg(["mean", "min", "max"]).reset_index()
    ordered = mean.sort_values("mean", kind="stable", ascending=False)
    if len(ordered) > 2 * EXTREME_ITEMS:
        ordered = pd.concat([ordered.head(EXTREME_ITEMS), ordered.tail(EXTREME_ITEMS)])
    columns = [
        words("item", "Item"), numbers("mean", "Neighbours shared, mean over pairs", 2),
        Column("least to most", _least_to_most, lambda row: float(row["min"])),
    ]  # fmt: skip
    pairs = len(list(combinations(found.given.names, 2)))
    k = neighbours_of(found.given)
    caption = f"Items whose {k} nearest are shared most, and least, over {pairs} pairs"
    return table_view("items-table", caption, ordered, columns)


def _least_to_most(row: Row) -> str:
    return interval(row["min"], row["max"], 2) if row["max"] > row["min"] else number(row["min"], 2)
