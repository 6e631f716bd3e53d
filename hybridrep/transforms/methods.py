"""All transforms by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hybridrep.transforms.autoencoding import AutoencoderTransform, FullyConnectedTransform
from hybridrep.transforms.heads import (
    JointAutoencoder,
    MatryoshkaJoint,
    TwoHeadedGlobal,
    TwoHeadedTask,
)
from hybridrep.transforms.linear_fusion import (
    CanonicalCorrelation,
    Concatenated,
    Ensemble,
    GlobalComponents,
    TaskComponents,
    TruncatedSVD,
)
from hybridrep.transforms.matching import (
    MatryoshkaMatched,
    SimilarityMatched,
    SimilarityMatchedGlobal,
    SimilarityMatchedTask,
)
from hybridrep.transforms.regression import RidgeTransform
from hybridrep.transforms.relative import RelativeRepresentation
from hybridrep.transforms.transform import Transform, read_about

TRANSFORMS: Mapping[str, type[Transform]] = {
    each.method: each
    for each in (
        RidgeTransform, AutoencoderTransform, FullyConnectedTransform, Concatenated, TruncatedSVD,
        CanonicalCorrelation, GlobalComponents, TaskComponents, RelativeRepresentation,
        JointAutoencoder, TwoHeadedGlobal, TwoHeadedTask, SimilarityMatched,
        SimilarityMatchedGlobal, SimilarityMatchedTask, MatryoshkaMatched, MatryoshkaJoint,
        Ensemble,
    )
}  # fmt: skip
"""Key -> transform. One that is not listed here is neither tested nor found.

Examples:
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
    >>> TRANSFORMS["ridge"].fit(first, second, rng).sizes
    Sizes(first=8, second=None, output=3)
"""


def load_transform(path: Path | str) -> Transform:
    """Read a transform of any method that `Transform.save` has written.

    Raises:
        ValueError: the file is none of `save`'s, or of a method that is not listed.

    Examples:
        >>> import tempfile
        >>> import numpy as np
        >>> first, path = np.eye(9, 3), Path(tempfile.mkdtemp()) / "ridge.safetensors"
        >>> TRANSFORMS["ridge"].fit(first, first, np.random.default_rng(0)).save(path)
        >>> load_transform(path).apply(first).shape
        (9, 3)
    """
    method = read_about(path)["method"]
    if method not in TRANSFORMS:
        raise ValueError(f"{path}: there is no transform {method!r}, only {', '.join(TRANSFORMS)}")
    return TRANSFORMS[method].load(path)
