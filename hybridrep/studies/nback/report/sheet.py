"""The contact sheet: a frame of every object of every split, as networks saw it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridrep.running.stage import Reader
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.names import LOCATIONS, SPLITS
from hybridrep.studies.nback.report.figures.stimuli import Sheet
from hybridrep.studies.nback.stimuli import stage as stimuli
from hybridrep.studies.nback.stimuli.backgrounds import canvas
from hybridrep.studies.nback.stimuli.frames import frames

MOST = 16
"""Objects of a split that are shown, of many every so many-th."""


def sheet_of(study: NBack) -> Sheet:
    """Read a frame of each object from the store: of its middle view, place by place."""
    background = study.inputs.background
    behind = {"background": (background.key,) if background.key else ()}
    shown: dict[str, np.ndarray] = {}
    names: dict[str, Sequence[str]] = {}
    for split in SPLITS:
        labels = study.inputs.stimuli.labels(split)
        every = np.arange(len(labels.identities))
        chosen = every if every.size <= MOST else every[:: -(-every.size // MOST)]
        images = [
            len(LOCATIONS) * int(labels.shown[each][labels.shown[each].size // 2])
            + place % len(LOCATIONS)
            for place, each in enumerate(chosen)
        ]  # fmt: skip
        read = Reader.of(study.store, patches=stimuli.patches(study, split), **behind)
        patches = read["patches"].arrays("patches")["rgba"]
        shown[split] = frames(patches, np.array(images), canvas(background, read, split))
        names[split] = [labels.identities[each] for each in chosen]
    return Sheet(shown, names, f"{study.inputs.stimuli.description}.")
