"""The tables that a report leaves as CSV: what each holds and its columns, for the reference.

A test compares them with the tables of a report.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportTable:
    """One CSV file of a report.

    Attributes:
        name: the file's name without its ending.
        meaning: what it holds.
        columns: in order; of `compare_made` and `compare_claims` one more a study follows.
    """

    name: str
    meaning: str
    columns: tuple[str, ...]


_TABLE_1 = ("Model", "Representation", "Train Loss", "Test Loss", "Test Acc", "Seeds")

_TESTS = (
    *("measure", "representation", "n", "mean", "sd"),
    *("baseline_n", "baseline_mean", "baseline_sd"),
    *("difference", "difference_low", "difference_high"),
    *("student_t", "student_df", "student_p", "stars"),
    *("welch_t", "welch_df", "welch_p", "welch_low", "welch_high"),
    *("paired_n", "paired_t", "paired_df", "paired_p", "paired_low", "paired_high"),
    *("holm_p", "cohens_d", "cohens_d_low", "cohens_d_high", "note"),
)

STUDY_TABLES: tuple[ReportTable, ...] = (
    ReportTable("table_1", 'the paper\'s Table 1: "mean(SD) stars" a cell', _TABLE_1),
    ReportTable("table_1_bN", "the same at the further bottleneck size N", _TABLE_1),
    ReportTable(
        "tests",
        "every representation against the baseline: `difference` is representation minus "
        "baseline; the paper's independent Student t-test, Welch's, paired by seed; Student's p "
        "after Holm; Cohen's d (pooled SD)",
        _TESTS,
    ),
    ReportTable("tests_bN", "the same at the further bottleneck size N", _TESTS),
    ReportTable(
        "claims",
        "the paper's claims, each with a verdict by a fixed rule",
        (
            *("name", "sentence", "statistic", "estimate", "low", "high", "n", "verdict"),
            "note",
        ),
    ),
    ReportTable(
        "beside_paper",
        "our transfer results at bottleneck 32 (without it, the study's first) beside the printed "
        "Table 1; `in_published_sds` and `in_own_sds` are the difference in SDs of the paper and "
        "of ours",
        (
            *("representation", "metric", "published_mean", "published_sd"),
            *("mean", "sd", "n", "difference", "in_published_sds", "in_own_sds", "bottleneck"),
        ),
    ),
    ReportTable(
        "paper_recomputed",
        "t and stars that follow from the paper's own printed means and SDs; `p_low` and "
        "`p_high` are what their rounding leaves open; `contradicts`: no p between them earns "
        "the printed stars",
        (
            *("representation", "metric", "mean", "sd", "stars", "n"),
            *("t", "df", "p", "p_low", "p_high", "recomputed_stars", "contradicts"),
        ),
    ),
    ReportTable(
        "rsa",
        "every correlation at half of the epochs, over seeds",
        ("direction", "bottleneck", "pair", "item_set", "n", "mean", "sd", "low", "high"),
    ),
    ReportTable(
        "rsa_beside_paper",
        "our correlations at the last epoch beside the ranges that the paper gives",
        (
            *("direction", "pair", "published_low", "published_high", "where"),
            *("mean", "sd", "n", "difference", "in_own_sds", "item_set", "bottleneck"),
        ),
    ),
    ReportTable(
        "linear_baseline",
        "ridge regression beside the autoencoders: test losses at the used and the last epoch, "
        "of ridge, and of predicting the mean; r of reconstruction and target per item set",
        (
            *("direction", "bottleneck", "n", "used_loss", "last_loss", "ridge_loss", "mean_loss"),
            *("ridge_test", "ridge_unseen", "ridge_seen"),
            *("autoencoder_seen", "autoencoder_test", "autoencoder_unseen"),
        ),
    ),
    ReportTable(
        "transfer_by_seed",
        "the values behind Table 1",
        ("seed", "representation", "bottleneck", "train_loss", "test_loss", "test_accuracy"),
    ),
    ReportTable("seeds", "whether each seed can be counted on", ("seed", "status", "note")),
    ReportTable(
        "inference",
        "how sure each mean r is: 95% bootstrap intervals over items, over seeds and over both, "
        "a two-sided permutation test, and the noise ceiling (how well seeds agree)",
        (
            *("direction", "bottleneck", "pair", "item_set", "n", "estimate"),
            *("items_low", "items_high", "seeds_low", "seeds_high", "both_low", "both_high"),
            *("permutation_p", "ceiling_lower", "ceiling_upper", "note"),
        ),
    ),
)
"""The tables of one study's report."""

_AGAINST_FIRST = (
    *("study", "n", "mean", "sd", "difference", "low", "high", "welch_p", "holm_p", "paired_p"),
    "paired_n",
)

COMPARISON_TABLES: tuple[ReportTable, ...] = (
    ReportTable("compare_made", "what differs in how the studies were made", ("parameter",)),
    ReportTable(
        "compare_transfer",
        "the new task: every study against the first at the bottlenecks that all have (0: none), "
        "Welch's interval and p, Holm's correction, p paired by shared seeds",
        ("metric", "representation", "bottleneck", *_AGAINST_FIRST),
    ),
    ReportTable(
        "compare_rsa",
        "the same of the correlations at half of the epochs, test tweets",
        ("direction", "pair", "bottleneck", *_AGAINST_FIRST),
    ),
    ReportTable("compare_claims", "the verdict on each claim, a study a column", ("claim",)),
)
"""What a comparison adds."""
