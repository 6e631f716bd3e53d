"""Many small networks, trained as one stack of batched matrix products.

`train_networks` trains them on arrays of one's own; the modules beside it are what stacks are made
of. Importing this package loads nothing until a name is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# fmt: off
# isort: off
if TYPE_CHECKING:
    from hybridrep.networks.fitting import (
        NetworkConfig, NetworkData, TrainedNetwork, train_networks,
    )
    from hybridrep.networks.activations import ACTIVATIONS, Activation

__all__ = [
    "ACTIVATIONS", "Activation", "NetworkConfig", "NetworkData", "TrainedNetwork",
    "train_networks",
]
_HOMES = {
    "fitting": "NetworkConfig NetworkData TrainedNetwork train_networks",
    "activations": "ACTIVATIONS Activation",
}
# isort: on
# fmt: on
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
