"""All that the geometry of a seed consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridrep.studies.nback.geometry import angles_stage, causal_stage, rotations_stage
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.names import UNTRAINED

if TYPE_CHECKING:
    from hybridrep.running.stage import Node
    from hybridrep.studies.nback.inputs import NBack


def of_network(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, Node]:
    """Declare the results of one network by the name of their table.

    One that was never trained answers nothing and keeps nothing in mind: its angles alone are
    taken.
    """
    found = {"orthogonality": angles_stage.node(study, recipe, seed)}
    if recipe.diet != UNTRAINED:
        found["rotations"] = rotations_stage.node(study, recipe, seed)
        found["causal"] = causal_stage.node(study, recipe, seed)
    return found


def of_seed(study: NBack, seed: int) -> list[Node]:
    """Declare the results of a seed, the slowest first."""
    nodes = [angles_stage.perceptual_node(study, seed)]
    for recipe in recipes(study.config):
        nodes += of_network(study, recipe, seed).values()
    return sorted(nodes, key=lambda node: -node.seconds)
