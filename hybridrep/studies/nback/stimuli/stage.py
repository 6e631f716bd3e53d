"""The patches of the default set, rendered once for all seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.studies.nback.names import SPLITS, Split
from hybridrep.studies.nback.stimuli.shapes import rendered, shapes_set

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack

STAGE = Stage("nback_stimuli", module=__name__, noun="patches", title="render")


def patches(study: NBack, split: Split) -> Node | str:
    """Return what a split's patches are read from: a result to be rendered, or of `prepare`."""
    stimuli, config = study.inputs.stimuli, study.config
    if stimuli.patches:
        return stimuli.patches[SPLITS.index(split)]
    return node(config.categories, config.identities, split, config.stimulus_seed)


def node(categories: int, identities: int, split: Split, stimulus_seed: int) -> Node:
    """Declare the patches of a split of the default set."""
    count = len(shapes_set(categories, identities, split)) // 4
    return STAGE.node(
        make, categories, identities, split, stimulus_seed, name=split, units=count,
        seconds=count * 0.013, about={"split": split},
    )  # fmt: skip


def make(read: Reader, categories: int, identities: int, split: Split, stimulus_seed: int) -> Made:
    """Render them: uint8 [patches, side, side, 4]."""
    made = rendered(categories, identities, split, stimulus_seed)
    return Made(arrays={"patches": {"rgba": made}})
