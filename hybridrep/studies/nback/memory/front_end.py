"""Images as networks see them: principal components of their maps, fitted on the training split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.memory.components import Components, fit_components
from hybridrep.studies.nback.names import SPLITS

if TYPE_CHECKING:
    from hybridrep.execution.stored import StoredResult
    from hybridrep.studies.nback.inputs import NBack

STAGE = Stage("nback_components", module=__name__, noun="front ends", entry="nback_train",
              title="components")  # fmt: skip


@declared_once
def node(study: NBack) -> Node:
    """Declare the components of the images of all splits."""
    needs: dict[str, Any] = {split: features.nodes(study, split) for split in SPLITS}
    return STAGE.node(
        make, study.config.components, seconds=4.0, about={"components": study.config.components},
        **needs,
    )  # fmt: skip


def make(read: Reader, count: int) -> Made:
    """Fit components on the training images; return those of every split, and the map to them."""
    maps = {split: features.read_features(read.store, read.keys[split]) for split in SPLITS}
    flat = {split: each.reshape(len(each), -1) for split, each in maps.items()}
    found = fit_components(flat["train"], count)
    return Made(
        arrays={
            "components": {split: found.of(flat[split]) for split in SPLITS},
            "map": {"mean": found.mean, "axes": found.axes, "scale": np.array(found.scale)},
        },
        meta={"components": found.axes.shape[1], "explained": found.explained},
    )


def read_map(result: StoredResult) -> Components:
    """Read back the map from flattened maps to components."""
    stored = result.arrays("map")
    explained = float(result.meta["explained"])
    return Components(stored["mean"], stored["axes"], float(stored["scale"]), explained)
