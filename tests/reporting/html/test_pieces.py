"""The page's building blocks, by what a reader meets."""

from __future__ import annotations

import pandas as pd
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

from hybridrep.reporting.html.page import tied
from hybridrep.reporting.html.views import numbers, table_view, words


def rendered(rows: int, *, in_fold: bool = False) -> str:
    """Return a table of so many rows as it stands in a page."""
    pieces = Environment(
        loader=PackageLoader("hybridrep.reporting.html", "."), autoescape=True,
        undefined=StrictUndefined,
    )  # fmt: skip
    pieces.filters["tied"] = tied
    frame = pd.DataFrame({"name": [f"row {i}" for i in range(rows)], "value": range(rows)})
    view = table_view(
        "table-x", "What there is", frame, [words("name", "Name"), numbers("value", "Value")],
        note="All of it.",
    )  # fmt: skip
    return str(pieces.get_template("pieces.html.j2").module.table(view, in_fold))  # type: ignore[attr-defined]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_short_table_stands_open(rows: int) -> None:
    html = rendered(rows)
    assert "<details>" not in html
    assert '<figcaption id="table-x-caption">What there is</figcaption>' in html
    assert html.count("<tr>") == rows + 1


def test_a_long_table_is_folded_whole_and_says_how_long_it_is() -> None:
    html = rendered(41)
    before, inside = html.split("<details>")
    assert 'id="table-x"' in before, "a link to the table leads to it, open or not"
    assert inside.count("<tr>") == 42
    assert '<summary id="table-x-caption">What there is' in inside
    assert "(41 rows)" in inside
    assert inside.index("All of it.") < inside.index("</details>")
    assert "figcaption" not in html


def test_a_table_in_a_fold_is_not_folded_once_more():
    html = rendered(41, in_fold=True)
    assert "<details>" not in html
    assert '<figcaption id="table-x-caption">What there is</figcaption>' in html
