"""Every measure equal to other packages' values; these equal to what the packages give now."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from hybridrep.analysis.canonical import canonical_correlations
from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.dissimilarity import crossnobis
from hybridrep.analysis.measures import MEASURES
from tests.analysis.oracle import FIRST, TIGHT
from tests.oracles import values
from tests.oracles.values import ARRAYS, repeated

KNOWN = {name.split()[0]: each for name, each in json.loads(values.PLACE.read_text()).items()}
PAIRS = [key for key in KNOWN["rsatoolbox"] if key != "crossnobis"]


@pytest.mark.parametrize("key", PAIRS)
def test_rsa_is_that_of_rsatoolbox(key):
    name, dissimilarity, comparator = key.split()
    found = MEASURES[f"rsa.{dissimilarity}.{comparator}"].compute(*ARRAYS[name]).value
    assert found == pytest.approx(KNOWN["rsatoolbox"][key], rel=TIGHT, abs=1e-12)


def test_crossnobis_is_that_of_rsatoolbox():
    matrix = np.zeros((6, 6))
    matrix[np.triu_indices(6, 1)] = KNOWN["rsatoolbox"]["crossnobis"]
    expected = lower_triangle(matrix + matrix.T)
    np.testing.assert_allclose(crossnobis(*repeated()), expected, rtol=TIGHT, atol=1e-12)


@pytest.mark.parametrize("key", KNOWN["scikit-dimension"])
def test_dimensions_are_those_of_scikit_dimension(key):
    found = MEASURES[key].compute(FIRST).value
    assert found == pytest.approx(KNOWN["scikit-dimension"][key], rel=TIGHT)


@pytest.mark.parametrize("name", KNOWN["cca-zoo"])
def test_canonical_correlations_are_those_of_cca_zoo(name):
    found = canonical_correlations(*ARRAYS[name])
    np.testing.assert_allclose(found, KNOWN["cca-zoo"][name], rtol=TIGHT)


@pytest.mark.long
def test_the_packages_still_give_these_values():
    for module in ("rsatoolbox", "skdim", "cca_zoo"):
        if importlib.util.find_spec(module) is None:
            pytest.skip("the packages are not here: pip install 'hybridrep[oracles]'")
    now = {name.split()[0]: each for name, each in values.computed().items()}
    assert now.keys() == KNOWN.keys()
    for name, each in now.items():
        assert each.keys() == KNOWN[name].keys()
        for key, value in each.items():
            np.testing.assert_allclose(value, KNOWN[name][key], rtol=TIGHT, atol=1e-12)
