"""The paper's claims on geometry: angles, rotations over time, the causal test."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pandas as pd

from hybridrep.analysis.verdicts import Claim, Part, part_of
from hybridrep.studies.nback.names import ARCHITECTURES
from hybridrep.studies.nback.results.geometry import PERCEPTUAL, angles, by_seed, effects, steps
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.results.tested import Tested, by_name, tested_claim

MISSING = "not computed: the study has no network of all tasks"


def geometry_claims(tables: NBackTables) -> Iterator[Tested]:
    """Test them all, in the order of the paper."""
    yield _deorthogonalised(tables)
    yield from _rotations(tables)
    yield from _causal(tables)


def _of_main(values: pd.Series) -> dict[str, pd.Series]:
    """Return values by network, of the architectures at their main size."""
    found = by_name(values) if len(values) else {}
    return {name: found[name] for name in ARCHITECTURES if name in found}


def _parts(
    tables: NBackTables, values: pd.Series, least: float = 0.0, most: float = math.inf,
    label: str = "",
) -> list[Part]:  # fmt: skip
    wanted = tables.meta["seeds_wanted"]
    return [
        part_of(f"{name}{label}", mine, wanted, least, most)
        for name, mine in _of_main(values).items()
    ]


def _deorthogonalised(tables: NBackTables) -> Tested:
    def claim(name: str, sentence: str, said: str, measure: str, matched: bool = False) -> Claim:
        parts = []
        if len(tables.orthogonality):
            for feature, found in _angle_differences(tables, measure, matched):
                parts += _parts(tables, found, label=f", {feature}")
        statistic = f"{said}: perceptual minus encoding, by feature; claimed above 0"
        return tested_claim(name, sentence, statistic, parts, MISSING)

    return Tested(
        claim(
            "deorthogonalised",
            "RNNs de-orthogonalise: values are less orthogonal in the encoding space.",
            "index O", "index",
        ),
        (
            claim(
                "deorthogonalised_corrected", "They are without the noise of the fits.",
                "index without the noise of the fits", "corrected",
            ),
            claim(
                "deorthogonalised_matched", "They are in equally many dimensions.",
                "index O in equally many components", "index", matched=True,
            ),
        ),
        meaning="What seems less orthogonal may be the perceptual space’s noise, or its size.",
    )  # fmt: skip


def _angle_differences(
    tables: NBackTables, measure: str, matched: bool
) -> Iterator[tuple[str, pd.Series]]:
    """Yield, of each feature, perceptual minus encoding by network and seed."""
    table = angles(tables, matched=matched)
    for feature, mine in table.groupby("feature", sort=False):
        seen = mine[mine["space"] == PERCEPTUAL]
        own = mine[mine["space"] != PERCEPTUAL]
        keys = ["beside", "seed"] if matched else ["seed"]
        before = seen.set_index(keys)[measure]
        at = pd.MultiIndex.from_frame(own[["space", "seed"]]) if matched else own["seed"]
        difference = before.reindex(at).to_numpy() - own[measure].to_numpy()
        index = pd.MultiIndex.from_frame(own[["space", "seed"]])
        yield str(feature), pd.Series(difference, index=index)


def _rotations(tables: NBackTables) -> Iterator[Tested]:
    table = steps(tables)

    def difference(first: str, second: str) -> pd.Series:
        return by_seed(table, first, second) if len(table) else pd.Series(dtype=float)

    def parts(first: str, second: str, least: float, most: float = math.inf) -> list[Part]:
        return _parts(tables, difference(first, second), least, most)

    told = (table["permutation_p"] < 0.05).astype(float).where(table["permutation_p"].notna())
    share = by_seed(table.assign(told=told), "told") if len(table) else pd.Series(dtype=float)
    yield Tested(
        tested_claim(
            "structured", "A rotation captures how a representation changes from frame to frame.",
            "balanced accuracy of fitted minus turned decoders; claimed below 0.05",
            parts("fitted", "reconstructed", -math.inf, 0.05), MISSING,
        ),
        (
            tested_claim(
                "structured_permuted", "It captures more than it would of exchanged values.",
                "turned decoders minus those with values exchanged, above 0.02; share of steps "
                "whose fit is better than of exchanged values (p < 0.05), above 0.5",
                [*parts("reconstructed", "permuted", 0.02),
                 *_parts(tables, share, 0.5, label=", share of steps with p < 0.05")], MISSING,
            ),
        ),
        decides=True,
        meaning="A few normals in many dimensions can be turned into any others: that it fits says "
        "little.",
    )  # fmt: skip
    yield Tested(
        tested_claim(
            "same_over_stimuli", "The rotation is the same for all stimuli of an age.",
            "turned by the own rotation minus by that of the next stimulus; claimed below 0.05",
            parts("reconstructed", "swap_stimulus", -math.inf, 0.05), MISSING,
        )
    )  # fmt: skip
    yield Tested(
        tested_claim(
            "different_over_time", "The rotation changes over time.",
            "turned by the rotation of the next stimulus minus by that of the next step; claimed "
            "above 0.1",
            parts("swap_stimulus", "swap_time", 0.1), MISSING,
        ),
        (
            tested_claim(
                "different_over_time_joint", "No single rotation serves for all steps.",
                "turned by the own rotation minus by one fitted to all steps of the other stimuli; "
                "claimed above 0.05",
                parts("reconstructed", "joint", 0.05), MISSING,
            ),
        ),
        decides=True,
        meaning="One fixed rotation of the whole space suffices: ages lie in different subspaces, "
        "and swapping in time applies a map outside its own.",
    )  # fmt: skip


def _causal(tables: NBackTables) -> Iterator[Tested]:
    table = effects(tables) if len(tables.causal) else pd.DataFrame()

    def change(direction: str, response: str, own: bool = True) -> pd.Series:
        """Return the change of a probability from no step to a step of one gap."""
        if not len(table):
            return pd.Series(dtype=float)
        mine = table[(table["direction"] == direction) & (table["alpha"] == 1)]
        if own:
            mine = mine[mine["other"] == mine["feature"]]
        before = table[(table["direction"] == "decoder") & (table["alpha"] == 0)]
        keys = ["name", "seed", "feature"]
        both = mine.set_index(keys)[response] - before.set_index(keys)[response]
        return both.groupby(level=[0, 1], sort=False).mean()

    moved: Callable[[str], pd.Series] = lambda response: change("decoder", response)  # noqa: E731
    yield Tested(
        tested_claim(
            "causal", "Moving a state along the decoder’s normal lowers the probability of match.",
            "fall of P(match) from alpha 0 to 1, along the normal minus along random directions of "
            "equal length, mean over features; claimed above 0.1",
            _parts(tables, change("random", "match") - moved("match"), 0.1), MISSING,
        )
    )  # fmt: skip
    yield Tested(
        tested_claim(
            "no_action_rises", "It raises the probability of no_action, not that of non_match.",
            "change of P(no_action) minus change of P(non_match) at alpha 1; claimed above 0",
            _parts(tables, moved("no_action") - moved("non_match")), MISSING,
        ),
        (
            tested_claim(
                "interchange", "With another trial’s value put in its place, non_match rises.",
                "change of P(non_match) when the part of the state in the span of the normals is "
                "exchanged; above 0 if networks read what decoders do",
                _parts(tables, change("interchange", "non_match")), MISSING,
            ),
        ),
        meaning="Networks do not use the exchanged part for their answer.",
        holding="On states that networks do have, with the value exchanged, non_match rises: a "
        "rising no_action is what leaving those states looks like.",
    )  # fmt: skip
