"""The table of claims: each verdict follows from made-up studies that settle it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hybridrep.analysis.verdicts import claim_of, part_of
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, TRANSFER, UNSIZED
from hybridrep.studies.hybrid.results.claims import Claim, claims, claims_table
from hybridrep.studies.hybrid.results.schema import frame
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables

HALF = 2
R = {  # (direction, pair) -> r at epochs 0, 1, 2
    ("bert_to_lstm", "bottleneck_vs_input"): (0.8, 0.4, 0.2),
    ("bert_to_lstm", "bottleneck_vs_target"): (0.1, 0.4, 0.6),
    ("bert_to_lstm", "reconstructed_vs_target"): (0.1, 0.5, 0.7),
    ("lstm_to_bert", "bottleneck_vs_input"): (0.7, 0.4, 0.3),
    ("lstm_to_bert", "reconstructed_vs_target"): (0.0, 0.1, 0.2),
}
LOSS = {
    "baseline": 0.69,
    "lstm": 0.64,
    "bert": 0.50,
    "bert_to_lstm_bottleneck": 0.60,
    "bert_to_lstm_reconstructed": 0.66,
    "lstm_to_bert_bottleneck": 0.65,
    "lstm_to_bert_reconstructed": 0.67,
}


def study(
    seeds: int = 8,
    sizes: tuple[int, ...] = (32,),
    r: dict[tuple[str, str], tuple[float, ...]] | None = None,
    loss: dict[str, float] | None = None,
    noise: float = 0.005,
    reshape: Callable[[int, int, float], float] = lambda size, seed, value: value,
) -> StudyTables:
    """Make a study around given means with independent noise for every seed."""
    rng = np.random.default_rng(0)
    correlations, losses = {**R, **(r or {})}, {**LOSS, **(loss or {})}
    rsa, transfer = [], []
    for seed in range(seeds):
        for size in sizes:
            for direction in DIRECTIONS:
                for pair in PAIRS:
                    for epoch, value in enumerate(
                        correlations.get((direction, pair), (0.2, 0.3, 0.4))
                    ):
                        v = reshape(size, seed, value + noise * rng.normal())
                        key = (seed, "test", direction, size, epoch, pair)
                        rsa.append((*key, float(np.clip(v, -1, 1))))
        for name in TRANSFER:
            for size in (0,) if name in UNSIZED else sizes:
                value = losses[name] + noise * rng.normal()
                transfer.append((seed, name, size, 5, 0.5, value, 0.6))
    meta: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "study": "t",
        "study_key": "k",
        "config": {"bottlenecks": list(sizes)},
        "half_epoch": HALF,
        "seeds_wanted": list(range(seeds)),
        "seeds_failed": {},
    }
    return StudyTables(
        rsa=frame("rsa", pd.DataFrame(rsa, columns=list(frame("rsa").columns))),
        transfer=frame("transfer", pd.DataFrame(transfer, columns=list(frame("transfer").columns))),
        meta=meta,
    ).validate()


def found(tables: StudyTables, name: str) -> Claim:
    return {claim.name: claim for claim in claims(tables)}[name]


def test_the_papers_pattern_supports_the_papers_claims() -> None:
    verdicts = {c.name: c.verdict for c in claims(study(sizes=(32, 64)))}
    assert verdicts == {
        "asymmetry": "supported",
        "forgetting_of_input": "supported",
        "lstm_signal_left": "supported",
        "size_leaves_pattern": "supported",
        "representations_beat_baseline": "supported",
        "bert_beats_all": "supported",
        "bert_to_lstm_bottleneck_beats_lstm": "supported",
        "bert_to_lstm_reconstructed_beats_lstm": "not supported",
    }


def test_the_statistic_is_paired_by_seed_with_a_t_interval() -> None:
    tables = study()
    rows = tables.rsa.query("epoch == @HALF and pair == 'reconstructed_vs_target'")
    wide = rows.pivot(index="seed", columns="direction", values="value")
    difference = wide["bert_to_lstm"] - wide["lstm_to_bert"]
    interval = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
    claim = found(tables, "asymmetry")
    assert (claim.estimate, claim.low, claim.high, claim.n) == pytest.approx(
        (difference.mean(), interval.low, interval.high, 8)
    )
    assert claim.note == ""


BACK = ("lstm_to_bert", "reconstructed_vs_target")
FORGET = ("bert_to_lstm", "bottleneck_vs_input")
LEFT = ("lstm_to_bert", "bottleneck_vs_input")


@pytest.mark.parametrize(
    ("name", "pair", "values", "verdict"),
    [
        ("asymmetry", BACK, (0.0, 0.4, 0.9), "not supported"),
        ("asymmetry", BACK, (0.0, 0.4, 0.7), "unclear"),
        ("forgetting_of_input", FORGET, (0.2, 0.3, 0.5), "not supported"),
        ("forgetting_of_input", FORGET, (0.4, 0.4, 0.4), "unclear"),
        ("lstm_signal_left", LEFT, (0.7, 0.7, 0.7), "not supported"),
        ("lstm_signal_left", LEFT, (0.7, 0.1, -0.1), "not supported"),
        ("lstm_signal_left", LEFT, (0.7, 0.1, 0.0), "unclear"),
        ("lstm_signal_left", LEFT, (0.7, 0.5, 0.5), "unclear"),
    ],
)
def test_other_patterns_get_other_verdicts(
    name: str, pair: tuple[str, str], values: tuple[float, ...], verdict: str
) -> None:
    assert found(study(r={pair: values}), name).verdict == verdict


def test_a_claim_of_many_parts_stands_on_its_weakest() -> None:
    tables = study()
    claim = found(tables, "representations_beat_baseline")
    wide = tables.transfer.pivot(index="seed", columns="representation", values="test_loss")
    gain = wide["baseline"] - wide["lstm_to_bert_reconstructed"]
    assert claim.estimate == pytest.approx(gain.mean())
    assert claim.note == "weakest: lstm_to_bert_reconstructed against baseline"
    worse = found(study(loss={"lstm": 0.8}), "representations_beat_baseline")
    assert worse.verdict == "not supported"
    assert worse.note == "weakest: lstm against baseline"
    level = found(study(loss={"lstm": 0.69}), "representations_beat_baseline")
    assert level.verdict == "unclear"
    assert level.low < 0 < level.high
    assert "lstm against baseline" in level.note
    assert found(study(loss={"bert": 0.66}), "bert_beats_all").verdict == "not supported"


def test_a_signal_above_weak_is_told_from_none() -> None:
    strong = found(study(r={LEFT: (0.7, 0.7, 0.7)}), "lstm_signal_left")
    assert strong.note == "there is a signal, but stronger than weak"
    none = found(study(r={LEFT: (0.7, 0.1, -0.1)}), "lstm_signal_left")
    assert (none.verdict, none.note) == ("not supported", "")


def shifted(values: np.ndarray, interval_end: float) -> pd.Series:
    """Move values so that the upper end of their 95% interval is there."""
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return pd.Series(values - interval.high + interval_end)


def test_one_failing_part_of_many_must_fail_by_more() -> None:
    rng = np.random.default_rng(0)
    good = [part_of(str(k), pd.Series(rng.normal(5, 1, 9)), range(9)) for k in range(5)]
    barely = part_of("bad", shifted(rng.normal(0, 1, 9), -0.01), range(9))
    assert claim_of("", "", "", [barely]).verdict == "not supported"
    among = claim_of("", "", "", [*good, barely])
    assert (among.verdict, among.note) == ("unclear", "weakest: bad; fails alone, not as one of 6")
    values = rng.normal(0, 1, 9)
    wide = stats.ttest_1samp(values, 0.0).confidence_interval(1 - 0.05 / 6).high
    for end, verdict in ((-0.01, "not supported"), (0.01, "unclear")):
        part = part_of("bad", pd.Series(values - wide + end), range(9))
        assert claim_of("", "", "", [*good, part]).verdict == verdict


def test_a_true_claim_of_many_parts_is_rarely_called_not_supported() -> None:
    rng = np.random.default_rng(3)
    studies, parts = 400, 6
    wrong = 0
    for _ in range(studies):
        drawn = [part_of(str(k), pd.Series(rng.normal(0, 1, 9)), range(9)) for k in range(parts)]
        wrong += claim_of("", "", "", drawn).verdict == "not supported"
    assert wrong / studies < 0.045  # 2.5%; without a correction 14%


def test_missing_seeds_are_named_and_left_out() -> None:
    tables = study()
    kept = tables.transfer[
        ~((tables.transfer["seed"] == 3) & (tables.transfer["representation"] == "lstm"))
    ]
    parts, meta = tables.to_parts()
    claim = found(
        StudyTables(**{**parts, "transfer": kept}, meta=meta), "bert_to_lstm_bottleneck_beats_lstm"
    )
    assert claim.n == 7
    assert claim.note == "without seed 3"
    bare = StudyTables(**{**parts, "transfer": frame("transfer")}, meta=meta)
    nothing = found(bare, "bert_beats_all")
    assert (nothing.verdict, nothing.n) == ("unclear", 0)
    assert "no values" in nothing.note


def test_one_seed_leaves_everything_unclear() -> None:
    for claim in claims(study(seeds=1, sizes=(32, 64))):
        assert claim.verdict == "unclear"
        assert math.isnan(claim.low)
        assert claim.n == 1
        assert not math.isnan(claim.estimate)
        assert "one seed only" in claim.note


def test_no_variance_leaves_claims_unclear() -> None:
    for claim in claims(study(noise=0.0)):
        assert claim.verdict == "unclear"
    assert "no variance" in found(study(noise=0.0), "asymmetry").note


def test_one_size_says_nothing_of_sizes() -> None:
    claim = found(study(), "size_leaves_pattern")
    assert claim.verdict == "unclear"
    assert claim.note == "the study has one bottleneck size"


def test_sizes_that_change_the_pattern_are_found_out() -> None:
    def turned(size: int, seed: int, value: float) -> float:
        return 0.6 - value if size == 128 else 0.8 * value + 0.1 if size == 64 else value

    tables = study(sizes=(32, 64, 128), reshape=turned)
    claim = found(tables, "size_leaves_pattern")
    assert claim.verdict == "not supported"
    assert "128" in claim.note
    assert claim.high < 0
    parts, meta = tables.to_parts()
    kept = {k: t[t["bottleneck"] != 128] for k, t in parts.items() if "bottleneck" in t}
    scaled = StudyTables(**{**parts, **kept}, meta=meta)
    assert found(scaled, "size_leaves_pattern").verdict == "supported"  # shifted and scaled only
    wide = scaled.rsa[scaled.rsa["pair"] != PAIRS[0]].pivot(
        index=["direction", "pair", "epoch"], columns=["seed", "bottleneck"], values="value"
    )
    wide -= wide.groupby(level=["direction", "pair"]).transform("mean")
    z = [math.atanh(np.corrcoef(wide[s, 32], wide[s, 64])[0, 1]) for s in range(8)]
    assert found(scaled, "size_leaves_pattern").estimate == pytest.approx(math.tanh(np.mean(z)))


def with_trajectories(
    tables: StudyTables, course: Callable[[str, int], tuple[float, ...]]
) -> StudyTables:
    """Give every pair a level of its own and, by pair and size, a course around it."""
    rng = np.random.default_rng(1)
    values = [
        0.2 + 0.1 * PAIRS.index(pair) + course(pair, size)[epoch] + 0.001 * rng.normal()
        for pair, size, epoch in zip(
            *(tables.rsa[c] for c in ("pair", "bottleneck", "epoch")), strict=True
        )
    ]
    parts, meta = tables.to_parts()
    return StudyTables(**{**parts, "rsa": tables.rsa.assign(value=values)}, meta=meta)


def test_levels_of_pairs_do_not_hide_mirrored_trajectories() -> None:
    def mirrored(pair: str, size: int) -> tuple[float, ...]:
        return (-0.05, 0.0, 0.05) if size == 32 else (0.05, 0.0, -0.05)

    claim = found(with_trajectories(study(sizes=(32, 64)), mirrored), "size_leaves_pattern")
    assert claim.verdict == "not supported"
    assert claim.high < -0.9


def test_flat_trajectories_count_only_where_the_other_size_moves() -> None:
    rising = (-0.05, 0.0, 0.05)

    def flat_in_both(pair: str, size: int) -> tuple[float, ...]:
        return rising if pair == PAIRS[1] else (0.0,) * 3

    def flat_in_one(pair: str, size: int) -> tuple[float, ...]:
        return rising if pair == PAIRS[1] or size == 64 else (0.0,) * 3

    tables = study(sizes=(32, 64))
    both, one = (
        found(with_trajectories(tables, course), "size_leaves_pattern")
        for course in (flat_in_both, flat_in_one)
    )
    assert both.verdict == "supported"
    assert one.verdict == "not supported"
    assert one.estimate == pytest.approx(math.sqrt(1 / 5), abs=0.05)  # one of five pairs agrees
    level = study(sizes=(32, 64))
    level.rsa["value"] = 0.1 * level.rsa["pair"].map(PAIRS.index)
    nothing = found(level, "size_leaves_pattern")
    assert (nothing.verdict, nothing.n) == ("unclear", 0)


def test_an_empty_study_has_all_claims_unclear() -> None:
    table = claims_table(claims(StudyTables(meta=study().meta)))
    assert (table["verdict"] == "unclear").all()
    assert (table["n"] == 0).all()
    assert list(table.columns)[:3] == ["name", "sentence", "statistic"]
