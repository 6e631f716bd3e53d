"""Compute what other packages give, and write it to `values.json`.

    pip install 'hybridrep[oracles]' && python -m tests.oracles.values

Each key is `PACKAGE VERSION: what`; the arrays are those of `tests/analysis/oracle.py`.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.analysis.oracle import FIRST, SECOND, integers, related

PLACE = Path(__file__).with_name("values.json")
ARRAYS = {
    "independent": (FIRST, SECOND), "related": related(30, 6, 4), "ties": integers(),
    "wide": related(12, 30, 20),
}  # fmt: skip
"""Name -> two representations of the same items."""
RDMS = {"sqeuclidean": "euclidean", "correlation": "correlation"}
"""Our dissimilarities -> what rsatoolbox calls them."""
COMPARISONS = {
    "pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho_a": "rho-a",
    "tau_a": "tau-a", "whitened_cosine": "cosine_cov", "whitened_pearson": "corr_cov",
}  # fmt: skip
"""Our comparators -> what rsatoolbox calls them."""


def of_rsatoolbox() -> dict[str, float]:
    """Return comparisons of dissimilarities, as `ARRAYS DISSIMILARITY COMPARATOR`."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    found = {}
    for name, pair in ARRAYS.items():
        for mine, theirs in RDMS.items():
            if mine == "correlation" and name == "ties":  # items that are constant: NaN there
                continue
            first, second = (calc_rdm(Dataset(np.array(x)), method=theirs) for x in pair)
            for comparator, method in COMPARISONS.items():
                value = compare(first, second, method=method)
                found[f"{name} {mine} {comparator}"] = float(np.asarray(value).ravel()[0])
    return found


def of_crossnobis() -> dict[str, list[float]]:
    """Return crossvalidated distances of 6 items in 3 repeats: no noise known, and diagonal."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    values, items, repeats = repeated()
    data = Dataset(values, obs_descriptors={"item": items, "repeat": repeats})
    rdm = calc_rdm(data, method="crossnobis", descriptor="item", cv_descriptor="repeat")
    return {"crossnobis": rdm.dissimilarities[0].tolist()}


def repeated() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return 18 rows of 5 dimensions: 6 items, three times each."""
    rng = np.random.default_rng(3)
    items, repeats = np.tile(np.arange(6), 3), np.repeat(np.arange(3), 6)
    return rng.normal(size=(6, 5))[items] + 0.5 * rng.normal(size=(18, 5)), items, repeats


def of_skdim() -> dict[str, float]:
    """Return dimensions of the independent items."""
    from skdim.id import MLE, TwoNN, lPCA

    x = np.array(FIRST)
    found = {"twonn": TwoNN(discard_fraction=0.1).fit(x).dimension_}
    found["participation_ratio"] = lPCA(ver="participation_ratio").fit(x).dimension_
    for k in (5, 10):
        found[f"mle_dimension.k{k}"] = MLE().fit(x, n_neighbors=k, comb="mle").dimension_
    return {key: float(value) for key, value in found.items()}


def of_cca_zoo() -> dict[str, list[float]]:
    """Return canonical correlations, of pairs with enough items."""
    from cca_zoo.linear import CCA

    found = {}
    for name in ("independent", "related"):
        first, second = (np.array(each) for each in ARRAYS[name])
        count = min(first.shape[1], second.shape[1])
        scores = CCA(n_components=count).fit_transform([first, second])
        r = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(scores[0].T, scores[1].T, strict=True)]
        found[name] = sorted(map(float, r), reverse=True)
    return found


def computed() -> dict[str, dict[str, float | list[float]]]:
    """Return all values by package and version."""
    return {
        f"rsatoolbox {version('rsatoolbox')}": {**of_rsatoolbox(), **of_crossnobis()},
        f"scikit-dimension {version('scikit-dimension')}": dict(of_skdim()),
        f"cca-zoo {version('cca-zoo')}": dict(of_cca_zoo()),
    }


if __name__ == "__main__":
    PLACE.write_text(json.dumps(computed(), indent=1) + "\n")
