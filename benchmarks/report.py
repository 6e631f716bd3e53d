"""The report: inference over items, and a whole report of 25 seeds.

`bootstrap`: 1,000 resamples of 300 items, all six pairs of representations, as quadratic forms; the
plain side draws the same resamples and correlates the pairs that each of them holds. Divide by the
pairs for the time of one.

`report_25`: a made-up study of 25 seeds and four bottleneck sizes with its figures and page, in a
process of its own, so that its peak of memory is its own; there is no plain side to speak of, which
is why both are the same and the ratio is 1.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.harness import Agreement, Part, Timed
from hybridrep.analysis.inference.pair_weights import item_weights, weighted_correlations
from hybridrep.analysis.similarity import cosine_similarity

ITEMS, RESAMPLES, PLAIN_RESAMPLES, MATRICES = 300, 1_000, 50, 4
PAIRS = MATRICES * (MATRICES - 1) // 2
FLOPS = 2.0 * 2 * RESAMPLES * ITEMS**2 * (2 * MATRICES + PAIRS)
"""One quadratic form of every matrix twice, and of every pair's product; float64 counts double."""
TOLERANCE = 1e-9
SEEDS, SIZES, EPOCHS = 25, (32, 64, 128, 256), 50


@cache
def matrices() -> np.ndarray:
    """Similarity matrices of four representations that share something."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((ITEMS, 40))
    noise = rng.standard_normal((MATRICES, ITEMS, 40))
    return np.stack([cosine_similarity(shared + own) for own in noise]).astype(np.float64)


def weights() -> np.ndarray:
    """How often each resample draws each item; the same in every call."""
    return item_weights(ITEMS, RESAMPLES, np.random.default_rng(1))


def plain() -> np.ndarray:
    """Gather the pairs of different items that a resample holds, and correlate them."""
    found = np.empty((PLAIN_RESAMPLES, MATRICES, MATRICES))
    rows, columns = np.tril_indices(ITEMS, -1)
    for index, drawn in enumerate(weights()[:PLAIN_RESAMPLES]):
        items = np.repeat(np.arange(ITEMS), drawn.astype(int))
        first, second = items[rows], items[columns]
        different = first != second
        found[index] = np.corrcoef(matrices()[:, first[different], second[different]])
    return found


def fast() -> np.ndarray:
    """Draw the resamples and correlate all pairs in each, on one core."""
    with threadpool_limits(1):
        return weighted_correlations(matrices(), weights())


def check(theirs: np.ndarray, mine: np.ndarray) -> Agreement:
    """Compare r of the resamples that the plain side has, in float64."""
    worst = float(np.abs(mine[:PLAIN_RESAMPLES] - theirs).max())
    return Agreement(f"r within {worst:.0e}", worst <= TOLERANCE)


_BUILD = f"""
import resource, time
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.testing.reporting_fixtures import example_items, study_tables
study, example = study_tables({SEEDS}, {SIZES}, {EPOCHS}), example_items(50, {SIZES})
started = time.perf_counter()
report = build_report([study], [example])
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(seconds, peak, len(report.html))
"""


@cache
def build() -> Timed:
    """Build the report once, in a process of its own; returns seconds, peak and size in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, peak, size = map(float, done.stdout.split())
    return Timed(seconds, (seconds, peak, size))


def measured(_: object, built: tuple[float, float, float]) -> Agreement:
    """Return a report's seconds, peak of memory and size as text."""
    seconds, peak, size = built
    said = f"{seconds:.0f} s, peak {peak / 1e9:.2f} GB, page {size / 1e6:.1f} MB"
    return Agreement(said)


def parts() -> list[Part]:
    """The bootstrap of all pairs, and a report."""
    return [
        Part(
            name="bootstrap",
            plain=plain,
            fast=fast,
            flops=FLOPS,
            bytes=0.0,
            sizes={
                "items": ITEMS, "resamples": RESAMPLES, "pairs": PAIRS, "cores": 1,
                "plain": f"{PLAIN_RESAMPLES} resamples timed, multiplied",
            },
            check=check,
            plain_share=PLAIN_RESAMPLES / RESAMPLES,
            plain_threads=1,
            fast_threads=1,
        ),
        Part(
            name="report_25",
            plain=build,
            fast=build,
            flops=0.0,
            bytes=0.0,
            sizes={
                "seeds": SEEDS, "bottlenecks": len(SIZES), "epochs": EPOCHS,
                "plain": "the same, built once",
            },
            check=measured,
            plain_threads=1,
        ),
    ]  # fmt: skip
