"""What `measure` is asked for, checked before any work: representations, measures, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybridrep.analysis.predictivity import FEWEST_FOLDS, contiguous_folds
from hybridrep.analysis.record import Measure
from hybridrep.errors import ParameterError
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import Aligned, aligned
from hybridrep.studies.given.comparing import (
    check_kinds,
    chosen_measures,
    measure_of,
    pairs_of,
    with_repeats,
)
from hybridrep.studies.given.settings import USUAL_SETTINGS, Settings, column

ALONE = ("participation_ratio", "twonn", "mean_cosine")
WITH_LABELS = ("cdnv", "decoding")
"""What `core` stands for in `describe`, and what comes to it where classes are known."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is measured, by what.

    Attributes:
        given: what is compared.
        said: judgements that it is held against.
        settings: the measures' parameters.
        measures: of two representations.
        describes: of one representation alone.
        primary: key of the measure that is tested uncorrected.
        reference: what all others are scored against; "": all pairs.
        left_out: which pairs are left out of which measures, and why.
    """

    given: Aligned
    said: tuple[Representation, ...]
    settings: Settings
    measures: tuple[Measure, ...]
    describes: tuple[Measure, ...]
    primary: str
    reference: str
    left_out: tuple[str, ...]


def asked_for(
    representations: Sequence[Representation], measures: Sequence[str], *, primary: str,
    reference: str, describe: Sequence[str], items: str, max_items: int, labels: str, groups: str,
    k: int, alpha: float, quantiles: tuple[float, float], folds: int,
) -> Asked:  # fmt: skip
    """Return what is asked for, by the arguments of `measure`; refuse whatever can be refused.

    Raises:
        HybridrepError: saying what does not fit.
    """
    compared, said = parted(representations)
    given = aligned(compared, items, max_items, labels, 1 if said else 2)
    settings = settings_of(given, labels, groups, k, alpha, quantiles, folds)
    chosen = chosen_measures(measures, settings)
    if len(compared) < 2:  # held against what people said alone
        chosen = []
    check_kinds(given, chosen)
    check_reference(given, reference)
    check_spaces(given, chosen, reference)
    kept, left_out = with_repeats(given, chosen, reference)
    describes = check_describes(describe, settings)
    check_folds(given, settings, [*kept, *describes], groups)
    return Asked(
        replace(given, notes=(*given.notes, *left_out)), tuple(said), settings, tuple(kept),
        tuple(describes), measure_of(primary, "primary", settings).key, reference, left_out,
    )  # fmt: skip


def parted(
    given: Sequence[Representation],
) -> tuple[list[Representation], list[Representation]]:
    """Return what is compared, and what people said, which it is held against."""
    said = [one for one in given if one.kind in ("ratings", "triplets")]
    return [one for one in given if one.kind not in ("ratings", "triplets")], said


def settings_of(
    given: Aligned, labels: str, groups: str, k: int, alpha: float, quantiles: tuple[float, float],
    folds: int,
) -> Settings:  # fmt: skip
    """Return the measures' parameters, with the columns of the items that they name.

    Raises:
        ParameterError: there is no such column, all items are of one group, k is not below the
            number of items, there are fewer than three folds, or a share has more than two
            decimals.
    """
    if k >= len(given.ids):
        raise ParameterError(
            f"parameter k: {k} nearest of {len(given.ids)} items are all of them: choose fewer"
        )
    if folds < FEWEST_FOLDS:
        raise ParameterError(
            f"parameter folds: {folds} are too few, as one is held out, one chooses and one is "
            f"fitted on: choose {FEWEST_FOLDS} or more"
        )
    check_hundredths("alpha", (alpha,))
    check_hundredths("quantiles", quantiles)
    together = column(given, groups, "groups")
    if together is not None and not together.any():
        raise ParameterError(
            f"parameter groups: all items have the same {groups}, and halves of one group cannot "
            "be drawn: name a column of several values, or none"
        )
    return Settings(k, alpha, quantiles, folds, column(given, labels, "labels"), together)


def check_hundredths(parameter: str, shares: Sequence[float]) -> None:
    """Refuse shares that the keys of measures, which say hundredths, cannot spell.

    Example:
        >>> check_hundredths("alpha", [0.29])
        >>> check_hundredths("alpha", [0.004])
        Traceback (most recent call last):
            ...
        hybridrep.errors.ParameterError: parameter alpha: 0.004 has more than two decimals, and \
measures are named by hundredths: write 0.00 or 0.01
    """
    for share in shares:
        hundredths = 100 * share
        if abs(hundredths - round(hundredths)) > 1e-9:
            low = int(hundredths // 1)
            raise ParameterError(
                f"parameter {parameter}: {share:g} has more than two decimals, and measures are "
                f"named by hundredths: write {low / 100:.2f} or {(low + 1) / 100:.2f}"
            )


def check_reference(given: Aligned, reference: str) -> None:
    """Refuse a reference that is no representation's name."""
    if reference and reference not in given.names:
        raise ParameterError(
            f"parameter reference: there is no {reference!r}, only {', '.join(given.names)}"
        )


def check_spaces(given: Aligned, measures: Sequence[Measure], reference: str) -> None:
    """Refuse measures of the same dimensions for representations of different widths."""
    widths = {one.name: one.values.shape[-1] for one in given.representations}
    for each in (each for each in measures if "same space" in each.needs):
        for first, second in pairs_of(given.names, each, reference):
            if widths[first] != widths[second]:
                raise ParameterError(
                    f"parameter measures: {each.key} compares the same dimensions, and {first} has "
                    f"{widths[first]}, {second} {widths[second]}: leave it out, or compare "
                    "representations of as many dimensions"
                )


def check_describes(keys: Sequence[str], settings: Settings = USUAL_SETTINGS) -> list[Measure]:
    """Return the measures of one representation that `describe` names; `none` is none."""
    names: list[str] = []
    for key in keys:
        usual = (*ALONE, *(WITH_LABELS if settings.labels is not None else ()))
        names += usual if key == "core" else [] if key == "none" else [key]
    found = [measure_of(key, "describe", settings) for key in dict.fromkeys(names)]
    for one in found:
        if one.compares == "one representation and labels" and settings.labels is None:
            raise ParameterError(
                f"parameter describe: {one.key} needs the classes of the items: name their column "
                "with labels=COLUMN"
            )
        if one.compares not in ("one representation", "one representation and labels"):
            raise ParameterError(
                f"parameter describe: {one.key} takes {one.compares}, not one representation alone"
            )
    return found


def check_folds(
    given: Aligned, settings: Settings, measures: Sequence[Measure], groups: str
) -> None:
    """Refuse more folds than there are items, or groups of items, for what is held out in turn.

    Args:
        given: the items.
        settings: with the folds, and the group of each item.
        measures: all that are asked for.
        groups: name of the groups' column.
    """
    held_out = [each for each in measures if "folds" in each.needs]
    if not held_out:
        return
    items, folds, together = len(given.ids), settings.folds, settings.groups
    out = f"or leave out {', '.join(each.key for each in held_out)}"
    if items < folds:
        raise ParameterError(
            f"parameter folds: {items} items are too few for {folds} folds: choose fewer, {out}"
        )
    if together is None:
        return
    sizes = np.bincount(together)
    if len(sizes) < folds:
        do = f"say folds={len(sizes)}" if len(sizes) >= FEWEST_FOLDS else "name another column"
        raise ParameterError(
            f"parameter groups: {len(sizes)} groups of items with the same {groups} are too few "
            f"for {folds} folds: {do}, {out}"
        )
    filled = len(np.unique(contiguous_folds(together, folds)))
    if filled < FEWEST_FOLDS and any(each.compares == "two representations" for each in held_out):
        raise ParameterError(
            f"parameter groups: the largest group of items with the same {groups} has "
            f"{sizes.max()} of {items} items, so that {filled} of {folds} folds hold any and "
            f"{FEWEST_FOLDS} are needed: name another column, {out}"
        )
