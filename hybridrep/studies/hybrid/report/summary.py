"""Five sentences that say what a study found, each computed from its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.formatting import count_range, counted, interval, listed, number
from hybridrep.studies.hybrid.names import BASELINE, readable
from hybridrep.studies.hybrid.results.facts import corpora_of, encoder_name
from hybridrep.studies.hybrid.results.planted import FOUND, MISSED, NOT_PLANTED
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import (
    directions_of,
    last_epoch,
    rsa_values,
    transfer_values,
)

ALPHA = 0.05
"""A Holm-corrected p below this counts as a difference in the sentence on the new task."""


def summarise_study(results: Results) -> tuple[str, str, str, str, str]:
    """Return five sentences: what it stands on, transformation, diffusion, new task, claims."""
    return (
        _stands_on(results), _transformation(results), _diffusion(results.tables),
        _new_task(results), _claims_and_ridge(results),
    )  # fmt: skip


def _mean(values: pd.Series, wanted: int) -> str:
    """Return "0.45 (95% CI [0.44, 0.46])", with n where fewer seeds than wanted have a value."""
    finite = values[np.isfinite(values)].to_numpy(dtype=float)
    if not len(finite):
        return "not available"
    test = one_sample(finite)
    remarks = [f"95% CI {interval(test.low, test.high, 2)}"] if np.isfinite(test.low) else []
    remarks += _fewer(wanted, values)
    return number(float(finite.mean()), 2) + (f" ({', '.join(remarks)})" if remarks else "")


def _fewer(wanted: int, *columns: pd.Series) -> list[str]:
    """Return "n = 4" (or "n = 3–4") where values stand on fewer seeds than wanted, else nothing."""
    counts = [int(np.isfinite(column).sum()) for column in columns]
    return [f"n = {count_range(counts)}"] if min(counts) < wanted else []


def _stands_on(results: Results) -> str:
    tables = results.tables
    corpora = corpora_of(tables)
    kinds = {corpus.synthetic for corpus in corpora}
    text = "on synthetic tweets" if kinds == {True} else "on partly synthetic tweets"
    where = text if True in kinds else "on real tweets" if corpora else ""
    lstm = last_epoch(tables.lstm)
    accuracy = lstm["test_accuracy"].mean() if len(lstm) else float("nan")
    fewer = _fewer(len(tables.seeds_wanted), lstm["test_accuracy"])
    learned = (
        f", and the LSTM classifies {number(100 * accuracy, 0)}% of the emotion test tweets "
        f"rightly{f' ({fewer[0]})' if fewer else ''}"
        if np.isfinite(accuracy)
        else ""
    )
    first = results.standing.removesuffix(".").partition(";")[0]
    parts = [part for part in (where, f"with {encoder_name(tables)} as BERT") if part]
    return f"{first}: the study ran {' '.join(parts)}{learned}."


def _transformation(results: Results) -> str:
    tables = results.tables
    directions = directions_of(tables)
    if not directions:
        return "There are no correlations between representations yet."
    parts = [
        f"{_mean(rsa_values(tables, d, 'reconstructed_vs_target'), len(tables.seeds_wanted))} for "
        f"{readable(d)}"
        for d in directions
    ]
    claim = next(c for c in results.claims if c.name == "asymmetry")
    verdict = {
        "supported": "so BERT turns into LSTM more faithfully than LSTM into BERT, as in the paper",
        "not supported": "so the paper’s asymmetry between the directions is not there",
        FOUND: "so BERT turns into LSTM more faithfully than LSTM into BERT, as was planted",
        MISSED: "so the asymmetry that was planted was missed",
        NOT_PLANTED: "where no asymmetry between the directions was planted",
    }.get(claim.verdict, "which leaves the paper’s asymmetry between the directions open")
    return (
        "The reconstruction’s similarities correlate with those of its target with r = "
        f"{listed(parts)}, {verdict}."
    )


def _diffusion(tables: StudyTables) -> str:
    parts, smaller = [], []
    for direction in directions_of(tables):
        source = rsa_values(tables, direction, "bottleneck_vs_input")
        target = rsa_values(tables, direction, "bottleneck_vs_target")
        means = source.mean(), target.mean()
        where = ", ".join([readable(direction), *_fewer(len(tables.seeds_wanted), source, target)])
        parts.append(
            f"{number(means[0], 2)} with its input and {number(means[1], 2)} with its target "
            f"({where})"
        )
        if np.isfinite(means).all():
            smaller.append(min(means))
    if not parts:
        return "Nothing can be said of diffusion without correlations of the bottlenecks."
    sentence = f"The bottleneck correlates {listed(parts)}"
    if not smaller:
        return f"{sentence}, which leaves open whether it resembles both."
    known = "" if len(smaller) == len(parts) else " where both are known"
    return f"{sentence}, so none resembles both by more than r = {number(max(smaller), 2)}{known}."


def _new_task(results: Results) -> str:
    tables = results.tables
    loss = transfer_values(tables, "test_loss")
    if not len(loss):
        return "There are no results on the new task yet."
    means = loss.groupby("representation", sort=False)["value"].mean()
    accuracy = transfer_values(tables, "test_accuracy").groupby("representation")["value"].mean()
    by_name = dict(iter(loss.groupby("representation")["value"]))
    wanted = len(tables.seeds_wanted)
    best = str(means.idxmin())
    winner = "the baseline" if best == BASELINE else readable(best)
    remarks = [f"accuracy {number(accuracy[best], 2)}", *_fewer(wanted, by_name[best])]
    sentence = (
        f"On the new task {winner} has the lowest test loss, {number(means[best], 2)} "
        f"({', '.join(remarks)})"
    )
    if BASELINE not in means:
        return f"{sentence}; there is no baseline to compare with."
    tests = results.tests[results.size]
    tests = tests[tests["measure"] == "test_loss"]
    fewer = _fewer(wanted, by_name[BASELINE])
    base = f"the baseline’s {number(means[BASELINE], 2)}{f' ({fewer[0]})' if fewer else ''}"
    if tests["holm_p"].isna().all():
        return f"{sentence}, against {base}; no test is possible on these seeds."
    clear = tests[tests["holm_p"] < ALPHA]["difference"]
    below, above = int((clear < 0).sum()), int((clear > 0).sum())
    of_all = f"of {counted(len(tests), 'representation')}"
    parts = [f"{below or 'none'} {of_all} {'lie' if below > 1 else 'lies'} below {base}"]
    parts += [f"{above} above it"] if above else []
    return f"{sentence}; {listed(parts)} (Student’s t-test, Holm-corrected p < {ALPHA})."


def _claims_and_ridge(results: Results) -> str:
    claims = results.claims
    counts = [
        (sum(c.verdict == verdict for c in claims), verdict)
        for verdict in ("supported", "not supported", "unclear", FOUND, MISSED, NOT_PLANTED)
    ]
    said = listed([f"{n} {'is' if n == 1 else 'are'} {verdict}" for n, verdict in counts if n])
    sentence = f"Of the paper’s {counted(len(claims), 'claim')}, {said}"
    ridge = results.ridge.drop_duplicates("direction").dropna(subset=["ridge_loss"])
    if ridge.empty:
        return f"{sentence}; no linear baseline was computed."
    lower = ridge.loc[ridge["ridge_loss"] < ridge["used_loss"], "direction"]
    if len(lower):
        beaten = listed([readable(direction) for direction in lower])
        return f"{sentence}; plain ridge regression has a lower test loss than {beaten}."
    return f"{sentence}; the autoencoders have lower test losses than plain ridge regression."
