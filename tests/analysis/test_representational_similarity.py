"""RSA of many items: the same values by other ways."""

import numpy as np
import pytest

from hybridrep.analysis import dissimilarity as described
from hybridrep.analysis import representational_similarity as module
from hybridrep.analysis.comparators import COMPARATORS
from hybridrep.analysis.representational_similarity import compare_dissimilarities, rsa
from tests.analysis.oracle import FIRST, SECOND, TIGHT, related, repeated


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("dissimilarity", ["cosine_centred", "correlation", "sqeuclidean"])
def test_many_items_are_compared_alike_without_square_matrices(
    dissimilarity: str, comparator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rsa(FIRST, SECOND, dissimilarity, comparator)
    monkeypatch.setattr(module, "GRAM_ABOVE", 0)
    score = rsa(FIRST, SECOND, dissimilarity, comparator)
    assert score.value == pytest.approx(expected.value, rel=TIGHT)
    assert score.chance == pytest.approx(expected.chance, rel=TIGHT)
    assert np.allclose(score.chance_sd, expected.chance_sd, equal_nan=True)


def test_of_very_many_pairs_a_sample_is_ranked_and_the_note_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = related(300, 6, 4)
    expected = rsa(first, second, "euclidean", "spearman").value
    monkeypatch.setattr(described, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(module, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(module, "GRAM_ABOVE", 50)
    monkeypatch.setattr(described, "SAMPLED_PAIRS", 10_000)
    score = rsa(first, second, "euclidean", "spearman")
    assert score.value == pytest.approx(expected, abs=0.02)
    assert score.value == rsa(first, second, "euclidean", "spearman").value
    assert score.note.startswith("of a sample of 8,9")
    refused = rsa(first, second, "euclidean", "whitened_cosine")
    assert np.isnan(refused.value)
    assert refused.note.endswith("needs all pairs: at most 100 items")


def test_of_very_many_pairs_a_sample_is_crossvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (repeated(each, 3) for each in related(200, 6, 4))
    expected = rsa(first, second, "crossnobis").value
    monkeypatch.setattr(described, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(module, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(described, "SAMPLED_PAIRS", 10_000)
    score = rsa(first, second, "crossnobis")
    assert score.value == pytest.approx(expected, abs=0.02)
    assert score.note.startswith("of a sample of ")


def test_unknown_names_say_which_there_are() -> None:
    with pytest.raises(ValueError, match="no dissimilarity 'city'; there are cosine, "):
        rsa(FIRST, SECOND, "city")
    with pytest.raises(ValueError, match="no comparator 'tau'; there are pearson, "):
        rsa(FIRST, SECOND, "cosine", "tau")
    with pytest.raises(ValueError, match="different numbers"):
        compare_dissimilarities(np.ones(3), np.ones(6))
