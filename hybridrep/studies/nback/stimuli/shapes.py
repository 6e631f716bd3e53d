"""The default set `shapes`: which of the rendered objects train, and from where each is seen."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from hybridrep.studies.nback.names import Split
from hybridrep.studies.nback.stimuli.objects import CATEGORIES, object_mesh
from hybridrep.studies.nback.stimuli.render import SIDE, render
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

NOVEL = 2
"""Identities of each category that no network is trained on."""

_AZIMUTHS = range(0, 360, 30)
_TRAINED = tuple((float(a), float(e)) for e in (20, 35) for a in _AZIMUTHS)
_UNSEEN = tuple((float(a + 15), 27.0) for a in _AZIMUTHS)


def views(split: Split) -> tuple[tuple[float, float], ...]:
    """Return the views of a split: azimuth and elevation in degrees."""
    return _TRAINED if split == "train" else _UNSEEN


def shown_identities(split: Split, identities: int) -> range:
    """Return the numbers of a category's identities that a split shows."""
    return range(identities, identities + NOVEL) if split == "val_identity" else range(identities)


def shapes_set(categories: int, identities: int, split: Split) -> StimulusSet:
    """Return the labels of a split of the default set.

    Example:
        >>> len(shapes_set(4, 2, "train")), len(shapes_set(4, 2, "val_identity"))
        (768, 384)
    """
    kinds = [kind.name for kind in CATEGORIES[:categories]]
    numbers = shown_identities(split, identities)
    names = [f"{kind}/{number}" for kind in kinds for number in numbers]
    category_of = np.repeat(np.arange(len(kinds)), len(numbers)).tolist()
    return StimulusSet.of(kinds, names, category_of, [len(views(split))] * len(names))


def rendered(
    categories: int, identities: int, split: Split, stimulus_seed: int
) -> UInt8[np.ndarray, "patches side side 4"]:
    """Return the patches of a split, in the order of its `StimulusSet`: RGBA."""
    sides = views(split)
    numbers = shown_identities(split, identities)
    made = np.empty((categories * len(numbers) * len(sides), SIDE, SIDE, 4), dtype=np.uint8)
    row = 0
    for category in range(categories):
        for number in numbers:
            mesh = object_mesh(category, number, stimulus_seed)
            for azimuth, elevation in sides:
                made[row] = render(mesh, azimuth, elevation)
                row += 1
    return made
