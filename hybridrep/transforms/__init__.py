"""Maps from one representation to another, fitted on pairs of rows.

`TRANSFORMS` has them all under one contract (`Transform`); below it are the functions they stand
on. Importing this package loads nothing until a name is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# fmt: off
# isort: off
if TYPE_CHECKING:
    from hybridrep.transforms.transform import Sizes, Transform
    from hybridrep.transforms.methods import TRANSFORMS, load_transform
    from hybridrep.transforms.regression import RidgeTransform
    from hybridrep.transforms.autoencoding import AutoencoderTransform, FullyConnectedTransform
    from hybridrep.transforms.fused_networks import FusedNetwork, PairData, Scaling, train_fused
    from hybridrep.transforms.heads import (
        Heads, JointAutoencoder, MatryoshkaJoint, TwoHeadedGlobal, TwoHeadedTask,
    )
    from hybridrep.transforms.matching import (
        Matching, MatryoshkaMatched, SimilarityMatched, SimilarityMatchedGlobal,
        SimilarityMatchedTask,
    )
    from hybridrep.transforms.linear_fusion import (
        CanonicalCorrelation, Concatenated, Ensemble, GlobalComponents, TaskComponents,
        TruncatedSVD, cosine_sd,
    )
    from hybridrep.transforms.relative import RelativeRepresentation
    from hybridrep.transforms.ridge import (
        LinearBaseline, Moments, Ridge, fit_ridge, linear_baseline, moments,
        summed_squared_error,
    )
    from hybridrep.transforms.autoencoder import (
        Autoencoder, AutoencoderConfig, ModelData, autoencoder_of_state, build_autoencoder,
    )
    from hybridrep.transforms.stacked import (
        AutoencoderResult, apply_autoencoder, train_autoencoders,
    )

__all__ = [
    "TRANSFORMS", "Autoencoder", "AutoencoderConfig", "AutoencoderResult", "AutoencoderTransform",
    "CanonicalCorrelation", "Concatenated", "Ensemble", "FullyConnectedTransform", "FusedNetwork",
    "GlobalComponents", "Heads", "JointAutoencoder", "LinearBaseline", "Matching",
    "MatryoshkaJoint", "MatryoshkaMatched", "ModelData", "Moments", "PairData",
    "RelativeRepresentation", "Ridge", "RidgeTransform", "Scaling", "SimilarityMatched",
    "SimilarityMatchedGlobal", "SimilarityMatchedTask", "Sizes", "TaskComponents", "Transform",
    "TruncatedSVD", "TwoHeadedGlobal", "TwoHeadedTask", "apply_autoencoder",
    "autoencoder_of_state", "build_autoencoder", "cosine_sd", "fit_ridge", "linear_baseline",
    "load_transform", "moments", "summed_squared_error", "train_autoencoders", "train_fused",
]
_HOMES = {
    "transform": "Sizes Transform", "methods": "TRANSFORMS load_transform",
    "regression": "RidgeTransform", "autoencoding": "AutoencoderTransform FullyConnectedTransform",
    "ridge": "LinearBaseline Moments Ridge fit_ridge linear_baseline moments summed_squared_error",
    "autoencoder": "Autoencoder AutoencoderConfig ModelData autoencoder_of_state build_autoencoder",
    "linear_fusion": "CanonicalCorrelation Concatenated Ensemble GlobalComponents "
    "TaskComponents TruncatedSVD cosine_sd",
    "fused_networks": "FusedNetwork PairData Scaling train_fused",
    "heads": "Heads JointAutoencoder MatryoshkaJoint TwoHeadedGlobal TwoHeadedTask",
    "matching": "Matching MatryoshkaMatched SimilarityMatched SimilarityMatchedGlobal "
    "SimilarityMatchedTask",
    "relative": "RelativeRepresentation",
    "stacked": "AutoencoderResult apply_autoencoder train_autoencoders",
}  # fmt: skip
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
