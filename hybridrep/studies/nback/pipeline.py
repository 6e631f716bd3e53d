"""The data's way through the study: what is made from what, and what a seed consists of.

    stimuli -> features -> memory (components, then the networks of every seed)
                            -> decoding -> geometry
                            -> similarity (on trials that all networks share)
                        -> perceptual (what can be decoded from the features)

Stimuli, features and what is decoded from them are the same for all seeds; a seed is one network
of every architecture and diet.
"""

from __future__ import annotations

from hybridrep.running.stage import Node
from hybridrep.studies.nback.decoding import stage as decoding
from hybridrep.studies.nback.features import perceptual
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.geometry import nodes as geometry
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.memory import front_end
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.similarity import across, items, within

WARM_UP = (__name__, "hybridrep.sources.encoders._image_model")
"""What a study's tasks import: all that is below this module, and what they load late."""


def shared(study: NBack) -> list[Node]:
    """Declare what all seeds share: patches, the model's maps, their components and decoders."""
    nodes = [*features.every_node(study)]
    if study.config.front_end == "pca":
        nodes.append(front_end.node(study))
    nodes += [perceptual.node(study), items.node(study)]
    before = {need.key: need for node in nodes for need in node.needed_nodes}
    made = {node.key for node in nodes}
    return [*(need for key, need in before.items() if key not in made), *nodes]


def of_seed(study: NBack, seed: int) -> list[Node]:
    """Declare everything that a complete seed consists of, of each stage the slowest first.

    What is decoded from the features is no seed's own, but stands in the run of each.
    """
    made = recipes(study.config)
    stages = [
        [module.node(study, recipe, seed) for recipe in made]
        for module in (memory, decoding, within)
    ]
    slowest = [node for some in stages for node in sorted(some, key=lambda node: -node.seconds)]
    return [perceptual.node(study), *slowest, *geometry.of_seed(study, seed)]


def beyond(study: NBack, seed: int) -> list[Node]:
    """Declare what the report needs beside: what compares all seeds, of any one the same."""
    return across.nodes(study, study.config.seeds)
