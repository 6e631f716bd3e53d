"""The decoders that the geometry is about: those that are filed, or fitted again in the same way.

Filed are those of networks of all tasks. Networks of fewer tasks have so few that fitting them
again costs less than keeping them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridrep.studies.nback.decoding import stage as decoding
from hybridrep.studies.nback.decoding.network import Decoding, FittedDecoders, fit_decoders_of
from hybridrep.studies.nback.decoding.stage import KEPT_OF, read_decoders, spaces_of
from hybridrep.studies.nback.decoding.states import AnalysedNetwork, state_needs
from hybridrep.studies.nback.names import FEATURES

if TYPE_CHECKING:
    from hybridrep.running.stage import Reader
    from hybridrep.studies.nback.inputs import NBack
    from hybridrep.studies.nback.memory.networks import NetworkRecipe


def decoder_needs(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, Any]:
    """Declare what `decoders_by_space` and the network's states are read from."""
    needs = state_needs(study, recipe, seed)
    if recipe.diet == KEPT_OF:
        needs = {**needs, "decoders": decoding.node(study, recipe, seed)}
    return needs


def decoders_by_space(
    read: Reader, network: AnalysedNetwork, how: Decoding
) -> dict[str, FittedDecoders]:
    """Return a network's decoders of h, and of an LSTM of all tasks of c, too."""
    spaces = spaces_of(network.recipe)
    if network.recipe.diet == KEPT_OF:
        return {space: read_decoders(read["decoders"], space) for space in spaces}
    fit = network.states("independent", "fit")
    choose = network.states("independent", "choose") if len(how.penalties) > 1 else None
    values = [network.stimuli.values(name) for name in FEATURES]
    return {space: fit_decoders_of(fit, space, how, values, choose) for space in spaces}
