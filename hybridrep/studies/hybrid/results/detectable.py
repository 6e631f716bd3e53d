"""What a study of so many seeds can find: differences that its tests would detect."""

from __future__ import annotations

import pandas as pd

from hybridrep.analysis.inference.power_analysis import Power, power
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import BASELINE, TRANSFER, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import directions_of, rsa_values, transfer_values

_R = "r of reconstruction and target, one direction against the other"

POWER_COLUMNS = (
    *("what", "first", "second", "n", "tests", "sd", "detectable_80", "detectable_90"),
    *("difference", "needed_80", "needed_90", "note"),
)


@report_table(
    "power",
    "which differences so many seeds can detect with 80% and 90% power (paired t-tests, Holm over "
    "the family; by the noncentral t from these seeds' SDs), and how many seeds the difference "
    "found would need",
    POWER_COLUMNS,
)
def power_table(tables: StudyTables) -> pd.DataFrame:
    """Return what the tests of Table 1, and of the directions' r, can detect.

    Of Table 1 every representation against the baseline, by seed, Holm over the six of a measure;
    of r the reconstruction with its target, one direction against the other.
    """
    rows = []
    for metric in TRANSFER_METRICS:
        values = transfer_values(tables, metric)
        wide = values.pivot(index="seed", columns="representation", values="value")
        others = [name for name in TRANSFER if name in wide and name != BASELINE]
        for name in others if BASELINE in wide else ():
            rows.append(_row(metric, name, BASELINE, wide, len(others)))
    directions = directions_of(tables)
    if len(directions) > 1:
        first, second = directions
        r = {d: rsa_values(tables, d, "reconstructed_vs_target") for d in directions}
        rows.append(_row(_R, first, second, pd.DataFrame(r), 1))
    return pd.DataFrame(rows, columns=list(POWER_COLUMNS))


def _row(
    what: str, first: str, second: str, by_seed: pd.DataFrame, tests: int
) -> tuple[object, ...]:
    both = by_seed[[first, second]].dropna().to_numpy(dtype=float)
    apart = float((both[:, 0] - both[:, 1]).mean()) if len(both) else float("nan")
    found = power(both[:, 0], both[:, 1], difference=apart if apart else None, tests=tests)
    return (
        what, first, second, found.n, tests, found.sd, found.detectable_80, found.detectable_90,
        apart, found.needed_80, found.needed_90, found.note,
    )  # fmt: skip


def power_sentences(table: pd.DataFrame) -> list[str]:
    """Say of each kind of number from which difference on the study's seeds detect one.

    Of a family of tests the one that needs the largest difference counts.

    Examples:
        >>> row = ("test_loss", "bert", "baseline", 25, 6, 0.02, 0.015, 0.017, 0.2, 3.0, 3.0, "")
        >>> print(power_sentences(pd.DataFrame([row], columns=list(POWER_COLUMNS)))[0])
        Test loss: with 25 seeds, differences from 0.015 on can be detected with 80% power (0.017 \
with 90%; paired t-test, Holm over 6 tests).
    """
    sentences = []
    for what, rows in table.groupby("what", sort=False):
        name = readable(str(what))
        known = rows.dropna(subset="detectable_80")
        if not len(known):
            note = str(rows["note"].iloc[0])
            sentences.append(
                f"{name[0].upper()}{name[1:]}: what can be detected is not known: {note}."
            )
            continue
        row = known.sort_values("detectable_80").iloc[-1]
        found = Power(
            "paired", int(row["n"]), int(row["tests"]), 0.05, float(row["sd"]),
            float(row["detectable_80"]), float(row["detectable_90"]),
        )  # fmt: skip
        said = found.sentence
        sentences.append(f"{name[0].upper()}{name[1:]}: {said[0].lower()}{said[1:]}")
    return sentences
