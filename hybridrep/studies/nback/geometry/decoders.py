"""The decoders that the geometry is about: those that are filed, or fitted again in the same way.

Filed are those of networks of all tasks. Networks of fewer tasks have so few that fitting them
again costs less than keeping them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hybridrep.studies.nback.decoding import stage as decoding
from hybridrep.studies.nback.decoding.network import Decoding, FittedDecoders, fit_decoders_of
from hybridrep.studies.nback.decoding.stage import (
    KEPT_OF,
    decoding_of,
    read_decoders,
    spaces_of,
)
from hybridrep.studies.nback.decoding.states import AnalysedNetwork, analysis_of, state_needs
from hybridrep.studies.nback.names import FEATURES

if TYPE_CHECKING:
    from hybridrep.running.stage import Made, Node, Reader, Stage
    from hybridrep.studies.nback.inputs import NBack
    from hybridrep.studies.nback.memory.networks import NetworkRecipe


def node_of_decoders(
    stage: Stage, make: Callable[..., Made], study: NBack, recipe: NetworkRecipe, seed: int
) -> Node:
    """Declare what a stage makes of a network's states and of what `decoders_by_space` reads.

    Args:
        stage: of the geometry.
        make: called with the reader, `recipe`, objects, `seed`, and how is analysed and decoded.
        study: its inputs and configuration.
        recipe: of the network.
        seed: of the network.
    """
    needs = state_needs(study, recipe, seed)
    if recipe.diet == KEPT_OF:
        needs = {**needs, "decoders": decoding.node(study, recipe, seed)}
    return stage.node(
        make, recipe, study.inputs.stimuli.objects, seed, analysis_of(study.config),
        decoding_of(study.config), name=recipe.place, seed=seed, seconds=recipe.hidden / 20,
        about={"seed": seed, "architecture": recipe.name, "diet": recipe.diet}, **needs,
    )  # fmt: skip


def decoders_by_space(
    read: Reader, network: AnalysedNetwork, how: Decoding
) -> dict[str, FittedDecoders]:
    """Return a network's decoders of h, and of one of all tasks of the further spaces, too."""
    spaces = spaces_of(network.recipe, how)
    if network.recipe.diet == KEPT_OF:
        return {space: read_decoders(read["decoders"], space) for space in spaces}
    fit = network.states("independent", "fit")
    choose = network.states("independent", "choose") if len(how.penalties) > 1 else None
    values = [network.stimuli.values(name) for name in FEATURES]
    return {space: fit_decoders_of(fit, space, how, values, choose) for space in spaces}
