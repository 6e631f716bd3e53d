"""Ratings and triplets beside representations: against SciPy, plain loops and people themselves."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, rankdata, spearmanr

from hybridrep.analysis.inference.pair_weights import item_weights
from hybridrep.analysis.schema import table_problems
from hybridrep.randomness import generator
from hybridrep.sources.vectors.judgements import checked_judgements
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given import judged as judging
from hybridrep.studies.given.aligned import SIMULATION, Aligned
from hybridrep.studies.given.comparison import measure
from hybridrep.studies.given.judged import judged, rating_ceiling, triplet_ceiling, weighted_r
from hybridrep.studies.given.report import page
from hybridrep.studies.given.tables import SCHEMAS

FEW = {"resamples": 20, "permutations": 9}
IDS = tuple(f"i{n}" for n in range(12))
VALUES = np.random.default_rng(0).normal(size=(2, 12, 5))


def given() -> list[Representation]:
    return [
        Representation(name, "vectors", values, IDS, f"{name}.npz", group=name)
        for name, values in zip(("x", "y"), VALUES, strict=True)
    ]


def said(kind: str, table: pd.DataFrame) -> Representation:
    checked = checked_judgements(table, kind, f"{kind}.csv")
    return Representation(kind, kind, np.empty((0, 0)), (), f"{kind}.csv", judgements=checked)


@pytest.fixture(scope="module")
def triplets() -> pd.DataFrame:
    """What somebody says who sees x, but for a third of the triplets, and about other items."""
    rng = np.random.default_rng(1)
    apart = squareform(pdist(VALUES[0], "cosine"))
    rows = []
    for number in range(150):
        a, b, c = (int(e) for e in rng.choice(12, 3, replace=False))
        pairs = {c: apart[a, b], b: apart[a, c], a: apart[b, c]}
        odd = min(pairs, key=pairs.get) if number % 3 else int(rng.choice([a, b, c]))
        rows.append([f"i{e}" for e in (a, b, c, odd)] + [str(number % 2)])
    rows += [["i0", "i1", "gone", "gone", "0"]] * 2
    return pd.DataFrame(rows, columns=["a", "b", "c", "odd", "subject"])


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    alike = 1 - squareform(pdist(VALUES[0], "cosine"))
    rows = [
        (f"i{b}", f"i{a}", alike[a, b] + 0.1 * rng.normal(), str(subject))
        for subject in range(3) for a in range(12) for b in range(a)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "rating", "subject"])


@pytest.fixture(scope="module")
def found(triplets, ratings):
    every = [*given(), said("triplets", triplets), said("ratings", ratings)]
    return measure(every, "cka", k=3, **FEW)


def test_the_odd_one_is_outside_of_the_most_similar_pair(found, triplets):
    rows = found.tables["judgements"].set_index(["judgements", "representation"])
    for name, values in zip("xy", VALUES, strict=True):
        alike = dict(zip(IDS, 1 - squareform(pdist(values, "cosine")), strict=True))
        hits = []
        for a, b, c, odd, _ in triplets.itertuples(index=False):
            if "gone" in (a, b, c):
                continue
            best = max([(a, b, c), (a, c, b), (b, c, a)],
                       key=lambda t: alike[t[0]][IDS.index(t[1])])  # fmt: skip
            hits.append(best[2] == odd)
        row = rows.loc[("triplets", name)]
        assert row["value"] == pytest.approx(np.mean(hits))
        assert (row["n"], row["lost"], row["chance"]) == (150, 2, pytest.approx(1 / 3))
        assert row["low"] < row["value"] < row["high"]
    assert rows.loc[("triplets", "x"), "value"] > 0.7
    assert rows.loc[("triplets", "y"), "value"] < 0.5


def test_ratings_are_ranked_with_the_similarities(found, ratings):
    rows = found.tables["judgements"].set_index(["judgements", "representation"])
    mean = ratings.groupby(["second", "first"])["rating"].mean()
    for name, values in zip("xy", VALUES, strict=True):
        alike = 1 - squareform(pdist(values, "cosine"))
        own = [alike[IDS.index(a), IDS.index(b)] for a, b in mean.index]
        row = rows.loc[("ratings", name)]
        assert row["value"] == pytest.approx(spearmanr(own, mean).statistic)
        assert row["subjects"] == 3
    assert rows.loc[("ratings", "x"), "ceiling_lower"] > 0.8
    assert rows.loc[("ratings", "x"), "low"] > 0.5


def test_weights_are_copies_of_pairs():
    rng = np.random.default_rng(3)
    first, second = rankdata(rng.normal(size=(2, 20)), axis=1)
    weights = rng.integers(0, 4, size=20)
    copies = pearsonr(np.repeat(first, weights), np.repeat(second, weights)).statistic
    assert weighted_r(first, second, weights[None].astype(float))[0] == pytest.approx(copies)
    assert np.isnan(weighted_r(np.ones(20), second, np.ones((1, 20)))).all()


@pytest.mark.parametrize("numbers", [1, 700, 1 << 19])
def test_intervals_are_those_of_all_weights_at_once(triplets, ratings, monkeypatch, numbers):
    monkeypatch.setattr(judging, "MOST_NUMBERS", numbers)
    together = Aligned(tuple(given()), IDS, {})
    rows = judged(together, [said("triplets", triplets), said("ratings", ratings)], 40)
    rng = generator(0, "measure", "judgements", simulation=SIMULATION)
    drawn = item_weights(12, 40, rng)
    known = triplets[~triplets.isin(["gone"]).any(axis=1)]
    mean = ratings.groupby(["second", "first"])["rating"].mean()
    for number, values in enumerate(VALUES):
        alike = 1 - squareform(pdist(values, "cosine"))
        found = {"triplets": [], "ratings": []}
        for weights in drawn:
            hits = []
            for a, b, c, odd in known[["a", "b", "c", "odd"]].to_numpy():
                i, j, k = map(IDS.index, (a, b, c))
                best = max((alike[i, j], c), (alike[i, k], b), (alike[j, k], a))[1]
                hits.append((weights[i] * weights[j] * weights[k], best == odd))
            copies, right = np.array(hits).T
            found["triplets"].append(copies @ right / copies.sum())
            both = [(IDS.index(a), IDS.index(b)) for a, b in mean.index]
            own = rankdata([alike[i, j] for i, j in both])
            often = [int(weights[i] * weights[j]) for i, j in both]
            copied = (np.repeat(side, often) for side in (own, rankdata(mean)))
            found["ratings"].append(pearsonr(*copied).statistic)
        for at, kind in enumerate(found):
            row = rows[2 * at + number]
            assert (row["kind"], row["representation"]) == (kind, "xy"[number])
            limits = np.percentile(found[kind], [2.5, 97.5])
            assert [row["low"], row["high"]] == pytest.approx(limits, rel=1e-9)


@pytest.mark.parametrize("kind", ["triplets", "ratings"])
def test_many_judgements_take_no_more_memory_than_some(kind):
    rng = np.random.default_rng(0)
    ids = tuple(f"i{n}" for n in range(200))
    three = np.array([rng.choice(200, 3, replace=False) for _ in range(9000)])
    names = np.array(ids)[three]
    table = pd.DataFrame(names, columns=["a", "b", "c"]).assign(odd=names[:, 0], subject="1")
    if kind == "ratings":
        table = table.rename(columns={"a": "first", "b": "second"})[["first", "second", "subject"]]
        table["rating"] = rng.normal(size=len(table))
    values = rng.normal(size=(200, 3000))
    one = Representation("x", "vectors", values, ids, "x.npz", group="x")
    what = said(kind, table)
    tracemalloc.start()
    (row,) = judged(Aligned((one,), ids, {}), [what], 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert row["low"] < row["value"] < row["high"]
    assert peak < 64e6, peak


def test_people_agree_with_themselves_as_far_as_they_repeat():
    rows = [("a", "b", "c", odd, "1") for odd in "aab"] + [("a", "b", "d", "d", "1")]
    ceiling = triplet_ceiling(pd.DataFrame(rows, columns=[*"abc", "odd", "subject"]))
    # of a, a, b: the two a's see one a and one b (a tie), the b sees two a's
    assert ceiling.lower == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert ceiling.upper == pytest.approx(2 / 3)
    once = triplet_ceiling(pd.DataFrame(rows[3:], columns=[*"abc", "odd", "subject"]))
    assert np.isnan(once.upper)
    assert "no triplet was judged twice" in once.note


def test_subjects_who_rated_other_pairs_have_no_ceiling():
    rows = [("a", "b", 1.0, "1"), ("a", "c", 2.0, "1"), ("b", "c", 3.0, "2"), ("a", "b", 1.0, "2")]
    table = pd.DataFrame(rows, columns=["first", "second", "rating", "subject"])
    assert "fewer than 3 pairs were rated by all" in rating_ceiling(table).note
    assert "one subject" in rating_ceiling(table[:2]).note


def test_too_few_judgements_say_nothing(triplets):
    few = measure([*given(), said("triplets", triplets[:2])], "cka", k=3, **FEW)
    assert few.tables["judgements"]["value"].isna().all()
    assert few.tables["judgements"]["note"].str.contains("fewer than 3 judgements").all()


def test_tables_and_page_show_them(found):
    for name, table in found.tables.items():
        assert table_problems(name, SCHEMAS[name], table) == []
    html = page(found)
    assert "Beside what people said" in html
    kinds = found.tables["representations"].set_index("representation")["kind"]
    assert kinds.to_dict() == {
        "x": "vectors", "y": "vectors", "triplets": "triplets", "ratings": "ratings",
    }  # fmt: skip


def test_one_representation_can_be_held_against_what_people_said(triplets):
    found = measure([given()[0], said("triplets", triplets)], "core", k=3, **FEW)
    assert len(found.tables["judgements"]) == 1
    assert not len(found.pairs)
    assert "Beside what people said" in page(found)
