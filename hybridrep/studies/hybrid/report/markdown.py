"""The report as Markdown, for pasting: summary, claims, Table 1, correlations, how it was made."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hybridrep.reporting.formatting import interval, mean_sd, number
from hybridrep.reporting.html.views import records
from hybridrep.reporting.markup import as_markdown, fenced, inline, plain, starred
from hybridrep.studies.hybrid.fusion.methods import title_of
from hybridrep.studies.hybrid.names import readable
from hybridrep.studies.hybrid.report.fusion import summarise_fusion
from hybridrep.studies.hybrid.report.notices import notices_of
from hybridrep.studies.hybrid.report.reproduce import reproduce_command
from hybridrep.studies.hybrid.results.claims import claims_table
from hybridrep.studies.hybrid.results.comparison import Comparison
from hybridrep.studies.hybrid.results.fused import COMPARED_ON
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.table_1 import STARS_NOTE


def study_markdown(results: Results, summary: Sequence[str], name: str) -> str:
    """Return one study's part of `report.md`."""
    tables, frames = results.tables, results.frames
    notices = [
        f"> **{inline(n.title)}.** {inline(n.text)}"
        for n in notices_of(results, None, texts_shown=True)
    ]
    parts = [
        f"## Study {plain(name)}",
        "\n>\n".join(notices),
        "\n".join(f"{place}. {inline(sentence)}" for place, sentence in enumerate(summary, 1)),
        "### The paper’s claims",
        as_markdown(_claims(frames["claims"])),
        "### Table 1",
        as_markdown(frames["table_1"]),
        starred(STARS_NOTE),
        "### Correlations of similarity matrices",
        f"Pearson r at epoch {tables.half_epoch}, mean(SD) over seeds.",
        as_markdown(_rsa(frames["rsa"])),
        *_fusion(results),
        "### Make it again",
        results.standing,
        fenced(reproduce_command(tables), "sh"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def comparison_markdown(compared: Comparison) -> str:
    """Return the comparison's part of `report.md`."""
    table = compared.tables["compare_transfer"]
    table = table[table["metric"] == "test_loss"]
    keys = ["representation", "bottleneck"]
    wide = table[keys].drop_duplicates()
    for name in compared.names:
        mine = table[table["study"] == name].set_index(keys)["mean"].round(3).rename(name)
        wide = wide.merge(mine, left_on=keys, right_index=True, how="left")
    wide = wide.assign(representation=wide["representation"].map(readable))
    wide = wide.rename(columns={"bottleneck": "b"})
    parts = [
        "## Side by side",
        plain(compared.lede),
        "\n".join(f"- {plain(text)}" for text in compared.standings),
        as_markdown(compared.tables["compare_made"]),
        "### Test loss on the new task, mean over seeds",
        as_markdown(wide),
        "### Verdicts on the paper’s claims",
        as_markdown(compared.tables["compare_claims"]),
    ]
    return "\n\n".join(parts) + "\n"


def _fusion(results: Results) -> list[str]:
    """Return the section on fusion; nothing where nothing was fused."""
    sentences = summarise_fusion(results)
    if not sentences:
        return []
    rows = results.frames["fusion"]
    rows = rows[rows["item_set"] == COMPARED_ON]
    lines = [
        {
            "Representation": title_of(row["method"]), "b": row["bottleneck"],
            "r with BERT": mean_sd(row["vs_global"], row["vs_global_sd"]),
            "r with LSTM": mean_sd(row["vs_task_specific"], row["vs_task_specific_sd"]),
            "Share of the ceiling": number(row["share_of_ceiling"]),
            "95% CI": interval(row["share_low"], row["share_high"]),
        }
        for row in records(rows)
    ]  # fmt: skip
    return [
        "### What could be reached",
        "\n".join(f"{place}. {inline(text)}" for place, text in enumerate(sentences, 1)),
        as_markdown(_claims(claims_table(results.fusion_claims))),
        as_markdown(pd.DataFrame(lines)),
    ]


def _claims(claims: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (row["verdict"], row["sentence"], number(row["estimate"]),
         interval(row["low"], row["high"]), row["n"])
        for row in records(claims)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Verdict", "Claim", "Statistic", "95% CI", "Seeds"])


def _rsa(rsa: pd.DataFrame) -> pd.DataFrame:
    cells: dict[tuple[str, str, int], dict[str, str]] = {}
    for row in records(rsa):
        key = (readable(row["direction"]), readable(row["pair"]), row["bottleneck"])
        cells.setdefault(key, {})[str(row["item_set"])] = mean_sd(row["mean"], row["sd"])
    lines = [
        {"Direction": direction, "Pair": pair, "b": size, **mine}
        for (direction, pair, size), mine in cells.items()
    ]
    return pd.DataFrame(lines).fillna("–")
