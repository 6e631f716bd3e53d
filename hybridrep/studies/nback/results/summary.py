"""Five sentences that say what a study found, each computed from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.analysis.verdicts import NOT_SUPPORTED, SUPPORTED, UNCLEAR
from hybridrep.reporting.formatting import counted, interval, listed, number
from hybridrep.studies.nback.names import ARCHITECTURES
from hybridrep.studies.nback.results.decoding import decoding_numbers, values_of
from hybridrep.studies.nback.results.geometry import PERCEPTUAL, angles, by_seed, effects, steps
from hybridrep.studies.nback.results.performance import final
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.results.tested import Tested


def summarise_study(tables: NBackTables, tested: Sequence[Tested]) -> tuple[str, ...]:
    """Return five sentences: performance, what is held, angles, rotations, causes and claims."""
    if not tables.seeds:
        return ()
    return (
        _performance(tables), _held(tables), _angles(tables), _rotations(tables),
        _causes(tables, tested),
    )  # fmt: skip


def _mean(values: pd.Series) -> str:
    """Return "0.45 (95% CI [0.44, 0.46])"."""
    found = values.dropna().to_numpy(dtype=np.float64)
    if not found.size:
        return "not available"
    test = one_sample(found)
    bounds = f" (95% CI {interval(test.low, test.high, 2)})" if np.isfinite(test.low) else ""
    return number(float(found.mean()), 2) + bounds


def _each(found: Mapping[Any, str]) -> str:
    return listed([f"{value} for {name.upper()}" for name, value in found.items()])


def _performance(tables: NBackTables) -> str:
    ends = final(tables)
    mtmf = ends[ends["diet"] == "mtmf"]
    if not len(mtmf):
        mtmf = ends[ends["diet"] != "untrained"]
    by = {
        split: _mean(mine.groupby("seed")["response_accuracy"].mean())
        for split, mine in mtmf.groupby("split", sort=False)
    }
    stands = f"On {counted(len(tables.seeds), 'seed')}"
    return (
        f"{stands}, networks answer {by.get('val_angle', 'not available')} of the frames with a "
        "response rightly when they see trained objects from other sides, and "
        f"{by.get('val_identity', 'not available')} when they see objects for the first time."
    )


def _held(tables: NBackTables) -> str:
    numbers = decoding_numbers(tables)
    if not len(numbers):
        return "What the states hold was not decoded."
    kept, untrained, shared = {}, {}, {}
    for name in ARCHITECTURES:
        irrelevant = values_of(numbers, "first_step/irrelevant_crossed", name)
        if len(irrelevant):
            kept[name] = number(float(irrelevant.mean()), 2)
        before = values_of(numbers, "first_step/irrelevant_crossed", name, "untrained")
        if len(before):
            untrained[name] = number(float(before.mean()), 2)
        normal = values_of(numbers, "cross_task/normalised", name)
        if len(normal):
            shared[name] = number(float(normal.mean()), 2)
    if not kept:
        return "What the networks of all tasks hold was not decoded."
    text = f"After one frame decoders read what a task does not ask about with {_each(kept)}"
    if untrained:
        text += f" (untrained {listed([*untrained.values()])})"
    if shared:
        text += f"; on tasks of another feature they keep {_each(shared)} of what they read"
    return f"{text}."


def _angles(tables: NBackTables) -> str:
    if not len(tables.orthogonality):
        return "Angles between values were not taken."
    table = angles(tables)
    means = table.groupby(["space", "seed"], sort=False)[["index", "corrected"]].mean()

    def said(measure: str) -> str:
        own = {
            name: _difference(means[measure], name)
            for name in ARCHITECTURES
            if name in means.index.get_level_values(0)
        }
        return _each(own)

    return (
        "From the perceptual to the encoding space the orthogonalisation index falls by "
        f"{said('index')}; without the noise of the fits it falls by {said('corrected')}."
    )


def _difference(values: pd.Series, name: str) -> str:
    difference = values[PERCEPTUAL] - values[name]
    return number(float(difference.mean()), 3)


def _rotations(tables: NBackTables) -> str:
    if not len(tables.rotations):
        return "Rotations over time were not fitted."
    table = steps(tables)
    if not len(table):
        return "Rotations over time were not fitted to networks of all tasks."
    mean = {
        name: _mean(by_seed(table, name).groupby(level=1).mean())
        for name in ("reconstructed", "permuted", "joint", "swap_stimulus", "swap_time")
    }
    return (
        f"Decoders that are turned from a frame to the next read with {mean['reconstructed']}, "
        f"with values exchanged before with {mean['permuted']}; by the rotation of another "
        f"stimulus with {mean['swap_stimulus']}, of another step with {mean['swap_time']}, and by "
        f"one rotation for all steps with {mean['joint']}."
    )


def _causes(tables: NBackTables, tested: Sequence[Tested]) -> str:
    parts = []
    if len(tables.causal) and len(table := effects(tables)):
        one = table[table["alpha"].isin([0, 1])]
        change = one.pivot_table(
            index=["name", "seed"], columns=["direction", "alpha"], values="match"
        )
        fall = change["decoder", 0.0] - change["decoder", 1.0]
        other = change["decoder", 0.0] - change["random", 1.0]
        parts.append(
            "Moved by one gap along a decoder’s normal, states lose "
            f"{number(float(fall.mean()), 2)} of P(match), at random "
            f"{number(float(other.mean()), 2)}"
        )
    counts = [
        (sum(each.verdict == verdict for each in tested), verdict)
        for verdict in (SUPPORTED, NOT_SUPPORTED, UNCLEAR)
    ]
    said = listed([f"{n} {'is' if n == 1 else 'are'} {verdict}" for n, verdict in counts if n])
    parts.append(
        f"{'of' if parts else 'Of'} the paper’s {counted(len(tested), 'claim')} that were tested, "
        f"{said or 'none'}, controls counted in"
    )
    return "; ".join(parts) + "."
