"""How each of a study's result tables is shown on the page."""

from __future__ import annotations

import pandas as pd

from hybridrep.analysis.statistics import HOLM_CORRECTS
from hybridrep.reporting.formatting import count_range, number
from hybridrep.reporting.html.views import (
    NOTE,
    Column,
    TableView,
    intervals,
    means,
    notes,
    numbers,
    p_values,
    table_view,
    words,
)
from hybridrep.studies.hybrid.names import SHARED, SHOWN_ITEM_SETS, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.results.table_1 import STARS_NOTE


def names(name: str, label: str) -> Column:
    """Return a column of the tables' names, as people read them."""
    return words(name, label, show=readable)


_MEASURE = names("measure", "Measure")
_METRIC = names("metric", "Measure")
_REPRESENTATION = names("representation", "Representation")
_DIRECTION = names("direction", "Direction")
_PAIR = names("pair", "Pair")
_SIZE = numbers("bottleneck", "b", 0)
_COUNT = numbers("n", "Seeds", 0)


def paper_table(frame: pd.DataFrame, key: str, caption: str) -> TableView:
    """Return Table 1 in the paper's layout."""
    columns = [words(name, name) for name in frame.columns[:-1]]
    columns.append(
        Column("Seeds", lambda row: row["Seeds"], lambda row: float(row["Seeds"].partition("–")[0]))
    )
    note = f"Mean(SD) over seeds at the last epoch. {STARS_NOTE}"
    return table_view(key, caption, frame, columns, note)


def tests(frame: pd.DataFrame, key: str, size: int) -> TableView:
    """Return the tests against the baseline that stand beside Table 1, for one bottleneck."""
    columns = [
        _REPRESENTATION, _MEASURE, _COUNT, means("mean", "sd", "Mean ± SD"),
        numbers("difference", "Difference"),
        intervals("difference_low", "difference_high", "95% CI"),
        numbers("student_t", "Student t", 2), p_values("student_p", "p"),
        numbers("welch_t", "Welch t", 2), p_values("welch_p", "p (Welch)"),
        numbers("paired_t", "Paired t", 2), p_values("paired_p", "p (paired)"),
        p_values("holm_p", "p (Holm)"), numbers("cohens_d", "Cohen’s d", 2),
        intervals("cohens_d_low", "cohens_d_high", "95% CI of d", 2),
    ]  # fmt: skip
    columns += notes(frame)
    corrected = "Student’s" if HOLM_CORRECTS == "student_p" else "Welch’s"
    return table_view(
        key, f"Every representation against the baseline, bottleneck {size}", frame, columns,
        "Differences are representation minus baseline. Student: independent, equal variances "
        "(the paper’s test); Welch: unequal variances; paired: by seed. Holm corrects "
        f"{corrected} p over the six representations of a measure.",
    )  # fmt: skip


def beside_paper(frame: pd.DataFrame, key: str) -> TableView:
    """Return our transfer results next to the paper's."""
    columns = [
        _REPRESENTATION, _METRIC, means("published_mean", "published_sd", "Paper"),
        means("mean", "sd", "Here"), _COUNT, numbers("difference", "Here − paper"),
        numbers("in_published_sds", "in the paper’s SDs", 1),
        numbers("in_own_sds", "in our SDs", 1),
    ]  # fmt: skip
    return table_view(
        key, "Published values next to ours", _by_metric(frame), columns,
        "The paper used bert-base-uncased, 300-d GloVe and the real corpora, 25 runs; differences "
        "are only comparable where this study used the same.",
    )  # fmt: skip


def recomputed(frame: pd.DataFrame, key: str) -> TableView:
    """Return the paper's own t-tests, recomputed from what it printed."""
    columns = [
        _REPRESENTATION, _METRIC, means("mean", "sd", "Printed"),
        words("stars", "Printed stars"), numbers("t", "t", 2), p_values("p", "p"),
        words("recomputed_stars", "Recomputed stars"),
        Column(
            "Agrees", lambda row: "contradicts" if row["contradicts"] else "yes",
            flag=lambda row: bool(row["contradicts"]),
        ),
    ]  # fmt: skip
    return table_view(
        key, "The paper’s stars, recomputed from its own means and SDs (n = 25)",
        _by_metric(frame), columns,
        "“contradicts”: no value that rounds to the printed means and SDs earns the printed stars.",
    )  # fmt: skip


def _by_metric(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows measure by measure, as they stand in the tests."""
    return frame.sort_values("metric", key=lambda c: c.map(TRANSFER_METRICS.index), kind="stable")


def rsa(frame: pd.DataFrame, key: str, epoch: int) -> TableView:
    """Return the correlations on the three item sets side by side."""
    keys = ["direction", "bottleneck", "pair"]
    wide = frame.pivot(index=keys, columns="item_set", values=["n", "mean", "sd", "low", "high"])
    wide.columns = wide.columns.map("_".join)
    wide = frame[keys].drop_duplicates().merge(wide.reset_index(), on=keys)
    columns = [_DIRECTION, _PAIR, _SIZE]
    for items in (*SHOWN_ITEM_SETS, SHARED):
        if f"mean_{items}" in wide:
            columns.append(means(f"mean_{items}", f"sd_{items}", items.capitalize()))
            columns.append(intervals(f"low_{items}", f"high_{items}", "95% CI"))
    shown = [f"n_{items}" for items in (*SHOWN_ITEM_SETS, SHARED)]
    counted = [name for name in shown if name in wide]
    columns.append(
        Column(
            "Seeds", lambda row: count_range(row[c] for c in counted),
            lambda row: float(min(row[c] for c in counted)),
        )
    )  # fmt: skip
    return table_view(
        key, f"Correlations of similarity matrices at epoch {epoch}", wide, columns,
        "Pearson r, mean ± SD over seeds with Student’s interval of the mean. Seen: training "
        "tweets of both models; test: the paper’s (unseen by the autoencoder, seen by the LSTM); "
        "unseen: by either"
        + ("; shared: unseen by either, and the same for every seed." if f"n_{SHARED}" in wide
           else "."),
    )  # fmt: skip


def rsa_paper(frame: pd.DataFrame, key: str) -> TableView:
    """Return our correlations next to the only ones that the paper gives as numbers."""
    columns = [
        _DIRECTION, _SIZE, words("item_set", "Tweets"),
        Column(
            "Paper",
            lambda row: f"{number(row['published_low'], 2)} to {number(row['published_high'], 2)}",
            lambda row: float(row["published_low"]),
        ),
        means("mean", "sd", "Here"), _COUNT, numbers("difference", "Outside the range by"),
        numbers("in_own_sds", "in our SDs", 1),
    ]  # fmt: skip
    return table_view(
        key, "Reconstruction and target, next to the paper", frame, columns,
        "At the last epoch, as the paper quotes them, over its bottlenecks 32 to 256.",
    )  # fmt: skip


def linear(frame: pd.DataFrame, key: str, epoch: int) -> TableView:
    """Return ridge regression beside the autoencoders."""
    columns = [
        _DIRECTION, _SIZE, _COUNT, numbers("used_loss", f"Autoencoder, epoch {epoch}", 2),
        numbers("last_loss", "Autoencoder, last epoch", 2), numbers("ridge_loss", "Ridge", 2),
        numbers("mean_loss", "Predicting the mean", 2),
    ]  # fmt: skip
    for items in SHOWN_ITEM_SETS:
        for model in ("autoencoder", "ridge"):
            if f"{model}_{items}" in frame:
                columns.append(numbers(f"{model}_{items}", f"r, {model}, {items}", 2))
    return table_view(
        key, "The linear baseline beside the autoencoder", frame, columns,
        "Test loss: squared error summed over output dimensions, mean over tweets and over the "
        "seeds that have every number of the row. r: of reconstruction and target, on the sets of "
        "tweets above. Ridge: closed form, same split, penalty chosen on validation tweets.",
    )  # fmt: skip


def inference(frame: pd.DataFrame, key: str) -> TableView:
    """Return the inference over seeds and items."""
    columns = [
        _DIRECTION, _PAIR, _SIZE, words("item_set", "Tweets"), _COUNT,
        numbers("estimate", "Mean r"), intervals("seeds_low", "seeds_high", "over seeds"),
        intervals("items_low", "items_high", "over items"),
        intervals("both_low", "both_high", "over both"),
        p_values("permutation_p", "p (permutation)"),
        intervals("ceiling_lower", "ceiling_upper", "Noise ceiling", 2),
    ]  # fmt: skip
    columns += notes(frame)
    return table_view(
        key, "How sure the correlations are, over seeds and over tweets", frame, columns,
        "95% percentile bootstrap intervals (1,000 resamples) of the mean r. Every seed samples "
        "tweets of its own, so intervals over seeds hold what tweets add; over both, it counts "
        "once. With n seeds both are too narrow by √((n − 1)/n), 11% for five. p: two-sided, of a "
        "permutation test that shuffles tweets. Noise ceiling (Nili et al. 2014), of the pair’s "
        "second side: mean r of every seed’s similarities with the mean of the other seeds’ (lower "
        "end) and with the mean of all (upper end). As every seed samples tweets of its own, these "
        "are mean similarities within and between classes, steadier than those of single tweets: "
        "it says how well the seeds agree, and is no upper bound for the r beside it.",
    )  # fmt: skip


def power(frame: pd.DataFrame, key: str) -> TableView:
    """Return which differences the study's seeds can detect."""
    columns = [
        names("what", "Measure"), names("first", "First"), names("second", "Second"), _COUNT,
        numbers("sd", "SD of the difference"), numbers("detectable_80", "Detectable, 80% power"),
        numbers("detectable_90", "90% power"), numbers("difference", "Found"),
        numbers("needed_80", "Seeds it needs, 80%", 0), numbers("needed_90", "90%", 0),
    ]  # fmt: skip
    columns += notes(frame)
    return table_view(
        key, "What so many seeds can detect", frame, columns,
        "Paired t-tests by seed at 0.05, Holm over the six representations of a measure; by the "
        "noncentral t, with these seeds’ SDs taken for true. Seeds it needs: for a difference as "
        "large as the one found, planned anew.",
    )  # fmt: skip


def by_seed(frame: pd.DataFrame, key: str) -> TableView:
    """Return the raw values behind Table 1."""
    columns = [
        numbers("seed", "Seed", 0), _REPRESENTATION, _SIZE,
        *(numbers(m, readable(m).capitalize(), 4) for m in frame.columns[3:]),
    ]  # fmt: skip
    return table_view(key, "The raw values behind Table 1, seed by seed", frame, columns)


def seeds(frame: pd.DataFrame, key: str) -> TableView:
    """Return the seeds that are not complete, and why."""
    columns = [numbers("seed", "Seed", 0), words("status", "Status"), NOTE]
    return table_view(key, "Seeds that are not complete", frame, columns)
