"""A small set of made-up representations, so that `measure` can be tried without files."""

from __future__ import annotations

import numpy as np

from hybridrep.randomness import generator
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import SIMULATION

ITEMS = 40


def sample() -> list[Representation]:
    """Return four representations of 40 made-up items.

    `first` and `turned` are the same configuration but for a rotation and some noise; `fewer` holds
    its leading dimensions only; `other` has nothing to do with them.
    """
    rng = generator(0, "measure", "sample", simulation=SIMULATION)
    first = rng.normal(size=(ITEMS, 16)) * np.arange(1, 17) ** -0.5
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    made = {
        "first": first,
        "turned": first @ turn + 0.2 * rng.normal(size=first.shape),
        "fewer": first[:, :4] + 0.1 * rng.normal(size=(ITEMS, 4)),
        "other": rng.normal(size=(ITEMS, 12)),
    }
    ids = tuple(f"item_{number:02d}" for number in range(ITEMS))
    return [
        Representation(name, "vectors", values, ids, "sample (made up)", group=name)
        for name, values in made.items()
    ]
