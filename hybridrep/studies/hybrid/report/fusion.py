"""The report's section "What could be reached": its sentences, its tables, its interactive map."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.diffusion import ellipse
from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.formatting import counted, interval, listed, number
from hybridrep.reporting.html.views import (
    TableView,
    intervals,
    means,
    notes,
    numbers,
    p_values,
    table_view,
    words,
)
from hybridrep.studies.hybrid.fusion.methods import COMPARED, METHODS, title_of
from hybridrep.studies.hybrid.names import DIRECTIONS, SHOWN_ITEM_SETS, readable
from hybridrep.studies.hybrid.report.looks import FUSION_COLOURS, FUSION_SYMBOLS
from hybridrep.studies.hybrid.results.fused import (
    AGAINST,
    COMPARED_ON,
    final_fusion,
    fused_losses,
    shares,
)
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import transfer_values

_SIZE = numbers("bottleneck", "b", 0)
_COUNT = numbers("n", "Seeds", 0)


def summarise_fusion(results: Results) -> tuple[str, ...]:
    """Return five sentences on what could be reached; none where nothing was fused."""
    tables = results.tables
    if tables.fusion.empty:
        return ()
    means_ = final_fusion(tables, COMPARED_ON).groupby(["method", "bottleneck"]).mean(
        numeric_only=True
    )  # fmt: skip
    size = results.size
    here = means_[means_.index.get_level_values("bottleneck") == size].droplevel("bottleneck")
    return (
        _ceiling(tables), _paper_reaches(here, size), _fused_reach(tables, here, size),
        _without_training(means_, here, size), _on_the_new_task(tables, size),
    )  # fmt: skip


def _ceiling(tables: StudyTables) -> str:
    rows = final_fusion(tables, COMPARED_ON).drop_duplicates("seed")
    return (
        "On tweets that no model saw the similarities of BERT and of the LSTM correlate with r = "
        f"{number(rows['between'].mean(), 2)}, so no representation whatever can resemble both "
        f"with more than r = {number(rows['ceiling'].mean(), 2)}, the ceiling √((1 + r)/2)."
    )


def _paper_reaches(here: pd.DataFrame, size: int) -> str:
    known = [name for name in DIRECTIONS if name in here.index]
    if not known:
        return "The paper’s bottlenecks were not measured."
    parts = [
        f"{_share(_value(here, name, 'share_of_ceiling'))} of it ({readable(name)}, r = "
        f"{number(_value(here, name, 'diffusibility'), 2)} with the one that it resembles less)"
        for name in known
    ]
    return f"The paper’s bottlenecks of {size} dimensions reach {listed(parts)}."


def _fused_reach(tables: StudyTables, here: pd.DataFrame, size: int) -> str:
    fused = [name for name in here.index if name not in AGAINST]
    if not fused:
        return f"No fusion of {size} dimensions was made."
    best = max(fused, key=lambda name: _share_at(here, name))
    text = (
        f"Of {counted(len(fused), 'fused representation')} of the same size "
        f"{title_of(best)} carries most of both, "
        f"{_share(_value(here, best, 'share_of_ceiling'))} of the ceiling"
    )
    known = [name for name in DIRECTIONS if name in here.index]
    if not known:
        return f"{text}."
    rival = max(known, key=lambda name: _share_at(here, name))
    apart = (shares(tables, best, size) - shares(tables, rival, size)).dropna()
    test = one_sample(100 * apart.to_numpy(np.float64))
    bounds = interval(test.low, test.high, 0)
    sure = f" (95% CI {bounds})" if np.isfinite(test.low) else ""
    more = "more" if test.difference >= 0 else "less"
    return (
        f"{text}, {number(abs(test.difference), 0)} points {more} than the better of the paper’s "
        f"bottlenecks{sure}."
    )


def _without_training(means_: pd.DataFrame, here: pd.DataFrame, size: int) -> str:
    parts = []
    if ("concatenated", 0) in means_.index:
        share = _value(means_, ("concatenated", 0), "share_of_ceiling")
        parts.append(f"both side by side, without any training, reach {_share(share)} of it")
    pca = [name for name in ("pca_global", "pca_task") if name in here.index]
    if pca:
        best = max(pca, key=lambda name: _share_at(here, name))
        parts.append(
            f"{title_of(best)}, compression to {size} dimensions that knows nothing of the other, "
            f"{_share(_value(here, best, 'share_of_ceiling'))}"
        )
    if not parts:
        return "Neither concatenation nor principal components stand beside them here."
    text = listed(parts)
    return f"{text[0].upper()}{text[1:]}."


def _on_the_new_task(tables: StudyTables, size: int) -> str:
    losses = {
        name: fused_losses(tables, name, size)
        for name in METHODS
        if name not in AGAINST and len(fused_losses(tables, name, size))
    }
    wide = transfer_values(tables, "test_loss").groupby("representation")["value"].mean()
    if not losses or not {"bert", "lstm"} <= set(wide.index):
        return "Nothing fused was tried on the new task."
    best = min(losses, key=lambda name: float(losses[name].mean()))
    better = "BERT" if wide["bert"] <= wide["lstm"] else "the LSTM"
    parts = f"{number(wide['bert'], 2)} (BERT) and {number(wide['lstm'], 2)} (LSTM)"
    loss = float(losses[best].mean())
    beats = loss < min(wide["bert"], wide["lstm"])
    verdict = f"below {better}, the better of both" if beats else f"not below {better}"
    return (
        f"On the new task {title_of(best)} serves best of the fusions at this size, with a test "
        f"loss of {number(loss, 2)} against {parts}: {verdict}."
    )


def _value(table: pd.DataFrame, row: Any, column: str) -> float:
    """Return one number of a table of means."""
    value: Any = table.loc[row, column]
    return float(value)


def _share_at(table: pd.DataFrame, method: str) -> float:
    """Return a method's share of the ceiling; where there is none, less than any."""
    value = _value(table, method, "share_of_ceiling")
    return value if np.isfinite(value) else -np.inf


def _share(value: float) -> str:
    return f"{number(100 * value, 0)}%" if np.isfinite(value) else number(value)


def fusion_table(frame: pd.DataFrame, key: str) -> TableView:
    """Return what every fusion carries of both."""
    columns = [
        words("method", "Representation", show=title_of), _SIZE,
        words("item_set", "Tweets"), _COUNT, means("vs_global", "vs_global_sd", "r with BERT", 2),
        means("vs_task_specific", "vs_task_specific_sd", "r with LSTM", 2),
        means("diffusibility", "diffusibility_sd", "Diffusibility", 2),
        numbers("ceiling", "Ceiling", 2), numbers("share_of_ceiling", "Share of the ceiling", 2),
        intervals("share_low", "share_high", "95% CI", 2),
    ]  # fmt: skip
    shown = frame.sort_values(
        ["item_set"], key=lambda c: c.map({"unseen": 0, "test": 1, "seen": 2}), kind="stable"
    )
    return table_view(
        key, "How much of both each representation carries", shown, columns,
        "Diffusibility is the smaller of both r; its ceiling √((1 + r)/2), r being that of BERT "
        "and the LSTM on the same tweets. Mean ± SD over seeds; the interval is Student’s, of the "
        "mean share. b = 0: as wide as what goes in.",
    )  # fmt: skip


def fusion_tests_table(frame: pd.DataFrame, key: str) -> TableView:
    """Return the fusions against the paper's bottlenecks and PCA."""
    columns = [
        words("method", "Representation", show=title_of), _SIZE,
        words("against", "Against", show=title_of), _COUNT,
        numbers("difference", "Difference of shares", 2), intervals("low", "high", "95% CI", 2),
        p_values("p", "p"), p_values("holm_p", "p (Holm)"),
    ]  # fmt: skip
    columns += notes(frame)
    return table_view(
        key,
        "Fusions against the paper’s bottlenecks and against compression",
        frame,
        columns,
        "Share of the ceiling on unseen tweets, paired by seed; of the same size, but what is as "
        "wide as both stands against every size. Holm corrects over all rows of a size.",
    )


def new_task_table(frame: pd.DataFrame, key: str) -> TableView:
    """Return what the fusions give on the new task."""
    columns = [
        words("representation", "Representation", show=title_of), _SIZE, _COUNT,
        means("test_loss", "test_loss_sd", "Test loss"),
        means("test_accuracy", "test_accuracy_sd", "Test accuracy"),
        numbers("difference", "Loss − better part"), intervals("low", "high", "95% CI"),
        p_values("p", "p"), p_values("holm_p", "p (Holm)"),
    ]  # fmt: skip
    return table_view(
        key,
        "Fused representations on the new task",
        frame,
        columns,
        "Last epoch, mean ± SD over seeds. “Better part”: per seed the lower of BERT’s and the "
        "LSTM’s test loss; below 0 the fusion serves better than both. Holm corrects over all "
        "fusions.",
    )


def fusion_views(frames: Mapping[str, pd.DataFrame], prefix: str) -> list[TableView]:
    """Return the section's tables; none where nothing was fused."""
    return [
        fusion_table(frames["fusion"], f"{prefix}fusion-table"),
        fusion_tests_table(frames["fusion_tests"], f"{prefix}fusion-tests"),
        new_task_table(frames["fused_new_task"], f"{prefix}fusion-new-task"),
    ]


def map_data(tables: StudyTables) -> str:
    """Return the JSON that the interactive diffusion map draws from; empty: nothing was fused.

    Of each set of tweets and size: the edge of what is possible (mean rho), each method's seeds at
    its last epoch, and its mean over seeds at every epoch.
    """
    if tables.fusion.empty:
        return ""
    sizes = sorted(int(s) for s in tables.fusion["bottleneck"].unique() if s)
    panels = [
        _panel(tables, item_set, size)
        for item_set in reversed(SHOWN_ITEM_SETS)
        for size in sizes or [0]
        if item_set in set(tables.fusion["item_set"])
    ]
    return json.dumps(
        {
            "axes": ["r with BERT", "r with LSTM"], "panels": panels,
            "choices": [
                [["key", s, readable(s)] for s in reversed(SHOWN_ITEM_SETS)],
                [["size", str(s), f"bottleneck {s}"] for s in sizes],
            ],
            "border": "the most that is possible", "dark": FUSION_COLOURS["dark"],
            "light": FUSION_COLOURS["light"], "symbols": FUSION_SYMBOLS,
        },
        separators=(",", ":"),
    )  # fmt: skip


def _panel(tables: StudyTables, item_set: str, size: int) -> dict[str, object]:
    rows = tables.fusion[
        (tables.fusion["item_set"] == item_set) & tables.fusion["bottleneck"].isin([0, size])
    ]
    last = final_fusion(tables, item_set)
    last = last[last["bottleneck"].isin([0, size])]
    between = float(rows.drop_duplicates("seed")["between"].mean())
    edge = ellipse(between if np.isfinite(between) else 0.0, 91)
    return {
        "key": item_set, "size": str(size), "border": edge.round(3).T.tolist(),
        "corner": round(float(np.sqrt((1 + np.nan_to_num(between)) / 2)), 3),
        "traces": [
            _trace(name, place, last[last["method"] == name], rows[rows["method"] == name])
            for place, name in enumerate(COMPARED)
            if (last["method"] == name).any()
        ],
    }  # fmt: skip


def _trace(name: str, place: int, last: pd.DataFrame, rows: pd.DataFrame) -> dict[str, object]:
    path = rows.groupby("epoch")[["vs_global", "vs_task_specific"]].mean()
    return {
        "name": title_of(name), "look": place,
        "seeds": [int(seed) for seed in last["seed"]],
        "points": [_rounded(last[column]) for column in ("vs_global", "vs_task_specific")],
        "share": _rounded(last["share_of_ceiling"]),
        "path": [_rounded(path[column]) for column in path] if len(path) > 1 else [[], []],
    }  # fmt: skip


def _rounded(values: pd.Series) -> list[float | None]:
    return [round(float(v), 3) if np.isfinite(v) else None for v in values]
