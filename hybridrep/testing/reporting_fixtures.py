"""A made-up study with known numbers: tables, and the example seed's matrices and projections."""

from __future__ import annotations

import base64
import gzip
import re
from dataclasses import replace
from html import unescape
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hybridrep
from hybridrep.analysis.record import CORE
from hybridrep.reporting.report import Report
from hybridrep.studies.hybrid.fusion.measured import COLUMNS, measured
from hybridrep.studies.hybrid.names import (
    CHOSEN_ON,
    DIRECTIONS,
    FOLLOWED,
    PAIRS,
    SHARED,
    TRANSFER,
)
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.agreement import (
    CEILING_COLUMNS,
    IDENTIFICATION_COLUMNS,
    RETRIEVAL_COLUMNS,
    SPACE_COLUMNS,
)
from hybridrep.studies.hybrid.results.schema import SCHEMAS, frame
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables
from hybridrep.studies.hybrid.similarity.items import (
    ExampleItems,
    Items,
    Projection,
    SimilarityMatrices,
)
from hybridrep.testing.undrawn import undraw_reports

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise")
HATE = ("no-hate", "hate")
NASTY = (
    "</script><script>alert('x')</script><img src=x onerror=alert(1)> & \"quoted\" \u2028 {{7*7}}"
)
"""A tweet that would break a careless page."""

_FINAL_R = {
    "bert_to_lstm": (0.08, 0.13, 0.41, 0.10, 0.45, 0.82),
    "lstm_to_bert": (0.08, 0.55, 0.21, 0.50, 0.30, 0.78),
}
_TEST_LOSS = (0.62, 0.60, 0.41, 0.47, 0.52, 0.57, 0.63)


def study_tables(
    seeds: int = 25,
    bottlenecks: tuple[int, ...] = (32,),
    epochs: int = 20,
    study: str = "hybridrep",
    fused: bool = False,
    **meta: Any,
) -> StudyTables:
    """Return the tables of a made-up study, with fusions or without.

    `meta` replaces entries of the record about it.
    """
    rng = np.random.default_rng(7)
    ids = tuple(range(seeds))
    return StudyTables(
        lstm=frame("lstm", _lstm(rng, ids)),
        autoencoder=frame("autoencoder", _autoencoder(rng, ids, bottlenecks, epochs)),
        linear_baseline=frame("linear_baseline", _linear(rng, ids)),
        rsa=frame("rsa", _rsa(rng, ids, bottlenecks, epochs)),
        measures=frame("measures", _measures(ids, bottlenecks, epochs)),
        transfer=frame("transfer", _transfer(rng, ids, bottlenecks)),
        fusion=frame("fusion", _fusion(ids, bottlenecks) if fused else ()),
        fused_transfer=frame("fused_transfer", _fused_transfer(ids, bottlenecks) if fused else ()),
        meta={**_meta(ids, bottlenecks, epochs, study), **meta},
    ).validate()


def _lstm(rng: np.random.Generator, seeds: tuple[int, ...]) -> pd.DataFrame:
    rows = []
    for seed in seeds:
        for epoch in range(1, 11):
            gain = 1 - np.exp(-epoch / 3)
            noise = rng.normal(0, 0.008, 4)
            rows.append((seed, epoch, 1.6 - 1.45 * gain + noise[0], 1.6 - 1.25 * gain + noise[1],
                         0.35 + 0.55 * gain + noise[2], 0.35 + 0.54 * gain + noise[3]))  # fmt: skip
    names = ["seed", "epoch", "train_loss", "validation_loss", "validation_accuracy"]
    return pd.DataFrame(rows, columns=[*names, "test_accuracy"])


def _autoencoder(
    rng: np.random.Generator, seeds: tuple[int, ...], sizes: tuple[int, ...], epochs: int
) -> pd.DataFrame:
    rows = []
    for seed in seeds:
        for direction, floor in zip(DIRECTIONS, (37.0, 13.4), strict=True):
            for size in sizes:
                for epoch in range(1, epochs + 1):
                    train = floor * (0.85 + 0.3 * np.exp(-epoch / 5)) - 0.1 * epoch
                    test = floor * (1 + 0.2 * np.exp(-epoch / 4)) + 0.03 * epoch
                    a, b = rng.normal(0, 0.15, 2)
                    rows.append((seed, direction, size, epoch, train + a, test + b))
    names = ["seed", "direction", "bottleneck", "epoch", "train_loss", "test_loss"]
    return pd.DataFrame(rows, columns=names)


def _linear(rng: np.random.Generator, seeds: tuple[int, ...]) -> pd.DataFrame:
    rows = []
    for seed in seeds:
        for direction, loss, mean in zip(DIRECTIONS, (34.8, 13.3), (43.2, 14.3), strict=True):
            r = rng.normal((0.5, 0.48, 0.55), 0.01)
            rows.append((seed, direction, 10.0, loss + rng.normal(0, 0.1), mean, *r))
    names = ["seed", "direction", "penalty", "test_loss", "mean_loss"]
    sets = ("test", "unseen", "seen")
    table = pd.DataFrame(rows, columns=[*names, *(f"reconstructed_vs_target_{s}" for s in sets)])
    unseen = table["reconstructed_vs_target_unseen"]
    return table.assign(**{f"reconstructed_vs_target_{s}": unseen for s in (SHARED, CHOSEN_ON)})


def _rsa(
    rng: np.random.Generator, seeds: tuple[int, ...], sizes: tuple[int, ...], epochs: int
) -> pd.DataFrame:
    rows = []
    for item_set, bonus in (("test", 0.0), ("unseen", -0.03), ("seen", 0.2)):
        for seed in seeds:
            for direction in DIRECTIONS:
                for size in sizes:
                    level = rng.normal(0, 0.02, len(PAIRS))
                    for pair, final, shift in zip(PAIRS, _FINAL_R[direction], level, strict=True):
                        flat = pair == "input_vs_target"
                        extra = 0.0 if flat else bonus + 0.02 * np.log2(size / 32)
                        for epoch in range(epochs + 1):
                            gain = 1.0 if flat else 1 - 0.8 * np.exp(-epoch / 3)
                            r = (final + extra) * gain + shift + rng.normal(0, 0.003)
                            row = (seed, item_set, direction, size, epoch, pair)
                            rows.append((*row, min(r, 0.999)))
    names = ["seed", "item_set", "direction", "bottleneck", "epoch", "pair", "value"]
    table = pd.DataFrame(rows, columns=names)
    unseen = table[table["item_set"] == "unseen"]
    return pd.concat([table, *(unseen.assign(item_set=s) for s in (SHARED, CHOSEN_ON))])


def _measures(seeds: tuple[int, ...], sizes: tuple[int, ...], epochs: int) -> pd.DataFrame:
    """Made-up values of the core measures; those that take long at three epochs."""
    rng = np.random.default_rng(8)
    rows = []
    for key, seed, direction, size in product(CORE, seeds, DIRECTIONS, sizes):
        followed = range(epochs + 1) if key in FOLLOWED else {0, max(1, epochs // 2), epochs}
        chance = {"mutual_knn.k10": 0.03, "procrustes": 0.2, "ridge_r2": float("nan")}.get(key, 0.0)
        for pair, epoch in product(PAIRS, sorted(followed)):
            gain = 1 - 0.8 * np.exp(-epoch / 3)
            value = _FINAL_R[direction][PAIRS.index(pair)] * gain + rng.normal(0, 0.01)
            rows.append((seed, SHARED, direction, size, epoch, pair, key, value, chance))
    names = ["seed", "item_set", "direction", "bottleneck", "epoch", "pair", "measure"]
    return pd.DataFrame(rows, columns=[*names, "value", "chance"])


def seeds_compared(seeds: int = 5, epochs: int = 20) -> dict[str, pd.DataFrame]:
    """Return made-up tables of what compares seeds item by item."""
    rng = np.random.default_rng(9)
    accuracies = np.linspace(1.0, 0.4, len(CORE))
    ranked = [
        (key, a, max(a - 0.1, 0), min(a + 0.1, 1), 0.2, 0.001, a, 2.0, 5, seeds, "")
        for key, a in zip(CORE, accuracies, strict=True)
    ]
    kinds = [
        "task_specific",
        *(f"{d}.{n}" for d in DIRECTIONS for n in ("diffused", "transformed")),
    ]
    places = [(-1, "global", 0, 0.0, 0.0, 0.15)]
    for seed, (number, kind) in product(range(seeds), enumerate(kinds)):
        for epoch in (0,) if kind == "task_specific" else (0, epochs // 2, epochs):
            x, y = rng.normal((number, epoch / epochs), 0.1)
            places.append((seed, kind, epoch, x, y, 0.15))
    return {
        "identification": pd.DataFrame(ranked, columns=list(IDENTIFICATION_COLUMNS)),
        "ceiling": pd.DataFrame(
            [(kind, 0.5, 0.6, 0.001, seeds, "") for kind in kinds], columns=list(CEILING_COLUMNS)
        ),
        "retrieval": pd.DataFrame(
            [(kind, 0.4, 0.05, 0.02, 300, seeds) for kind in kinds],
            columns=list(RETRIEVAL_COLUMNS),
        ),
        "space": pd.DataFrame(places, columns=list(SPACE_COLUMNS)),
    }


def _transfer(
    rng: np.random.Generator, seeds: tuple[int, ...], sizes: tuple[int, ...]
) -> pd.DataFrame:
    rows = []
    for seed in seeds:
        for name, loss in zip(TRANSFER, _TEST_LOSS, strict=True):
            for size in sizes if "_to_" in name else (0,):
                offset = rng.normal(0, 0.012, 3)
                for epoch in range(1, 21):
                    more = 0.12 * np.exp(-epoch / 5)
                    final = np.array((loss - 0.08 + more, loss + more, 1.28 - loss - more))
                    rows.append((seed, name, size, epoch, *(final + offset)))
    names = ["seed", "representation", "bottleneck", "epoch"]
    return pd.DataFrame(rows, columns=[*names, "train_loss", "test_loss", "test_accuracy"])


_CARRIED = {
    "bert_to_lstm": (-0.05, 0.24), "lstm_to_bert": (0.10, 0.50), "concatenated": (0.72, 0.70),
    "truncated_svd": (0.46, 0.80), "joint_autoencoder": (0.13, 0.76),
    "similarity_matched": (0.66, 0.69), "pca_global": (0.90, 0.02),
}  # fmt: skip
_OVER_EPOCHS = ("bert_to_lstm", "lstm_to_bert", "joint_autoencoder", "similarity_matched")


def _fusion(seeds: tuple[int, ...], sizes: tuple[int, ...]) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = []
    for item_set in ("test", "unseen", "seen"):
        for seed in seeds:
            between = rng.normal(0.04, 0.01)
            for method, carried in _CARRIED.items():
                for size in (0,) if method == "concatenated" else sizes:
                    last = np.array(carried) + rng.normal(0, 0.01, 2) - 0.01
                    epochs = 4 if method in _OVER_EPOCHS else 1
                    for epoch in range(epochs):
                        both = last * (epoch + 1) / epochs
                        rows.append((seed, item_set, method, size, epoch, *both, between))
    keys = ["seed", "item_set", "method", "bottleneck", "epoch"]
    names = [*keys, "vs_global", "vs_task_specific", "between"]
    table = pd.DataFrame(rows, columns=names)
    return pd.concat([table[keys[:3]], measured(table)[list(COLUMNS[1:])]], axis=1)


def _fused_transfer(seeds: tuple[int, ...], sizes: tuple[int, ...]) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    losses = {"concatenated": 0.40, "truncated_svd": 0.46, "joint_autoencoder": 0.55,
              "similarity_matched": 0.50, "pca_global": 0.47}  # fmt: skip
    rows = [
        (seed, f"fused_{name}", size, epoch, loss, loss + 0.01 + noise, 0.8)
        for seed in seeds
        for name, loss in losses.items()
        for size in ((0,) if name == "concatenated" else sizes)
        for noise in rng.normal(0, 0.005, 1)
        for epoch in (1, 2)
    ]
    keys = ["seed", "representation", "bottleneck", "epoch"]
    return pd.DataFrame(rows, columns=[*keys, "train_loss", "test_loss", "test_accuracy"])


def _meta(
    seeds: tuple[int, ...], sizes: tuple[int, ...], epochs: int, study: str
) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study,
        "study_key": "3f2a9c0d1b7e",
        "config": {
            "profile": "quickstart", "study": study, "emotion": "sample", "hate": "sample",
            "encoder": "minilm", "vectors": "glove-50", "bottlenecks": list(sizes),
            "lstm_epochs": 10, "autoencoder_epochs": epochs, "transfer_epochs": 20,
            "items_per_emotion": 50, "duplicates": "drop", "share_text": True,
        },
        "half_epoch": epochs // 2,
        "seeds_wanted": list(seeds),
        "seeds_failed": {},
        "corpora": [
            {"name": "emotion", "source": "sample (synthetic)", "fingerprint": "a" * 64,
             "synthetic": True, "items": 6000, "classes": list(EMOTIONS)},
            {"name": "hate", "source": "sample (synthetic)", "fingerprint": "b" * 64,
             "synthetic": True, "items": 3000, "classes": list(HATE)},
        ],
        "encoder": {"description": "all-MiniLM-L6-v2", "hidden_size": 384, "fingerprint": "c" * 64},
        "vectors": {"source": "glove-50", "size": 50, "fingerprint": "d" * 64},
        "coverage": {"tokens": 0.987, "types": 0.912},
        "versions": {"hybridrep": hybridrep.__version__, "torch": "2.13.0", "numpy": "2.4.6"},
        "commit": "0123456789abcdef",
    }  # fmt: skip


def example_items(
    per_class: int = 50,
    bottlenecks: tuple[int, ...] = (32,),
    projected: int = 600,
    texts: bool = True,
    nasty: bool = False,
) -> ExampleItems:
    """Return a made-up example seed; with `nasty` its first tweets try to break the page."""
    rng = np.random.default_rng(11)
    emotion = _items(EMOTIONS, per_class, "i feel", texts, nasty)
    hate = _items(HATE, per_class * 3, "you people", texts, nasty)
    emotion_all = _items(EMOTIONS, projected // 6, "today i feel", texts, nasty)
    hate_all = _items(HATE, projected // 2, "all of you", texts, nasty)
    return ExampleItems(
        seed=3,
        reason="Seed 3: within 1 SD of the mean over 25 seeds on all 5 measures.",
        emotion_matrices=_matrices(rng, emotion, bottlenecks, 1.0),
        emotion_projections=_projections(rng, emotion_all, bottlenecks, 6.0),
        hate_matrices=_matrices(rng, hate, bottlenecks, 0.3),
        hate_projections=_projections(rng, hate_all, bottlenecks, 0.5),
    )


def _items(names: tuple[str, ...], per_class: int, start: str, texts: bool, nasty: bool) -> Items:
    labels = np.repeat(np.arange(len(names)), per_class)
    words = tuple(
        f"{start} number {i} with a good deal of {names[c]}" for i, c in enumerate(labels)
    )
    if nasty:
        words = (NASTY, "مرحبا بالعالم", *words[2:])
    return Items(labels, names, words if texts else None)


def _matrices(
    rng: np.random.Generator, items: Items, sizes: tuple[int, ...], strength: float
) -> tuple[SimilarityMatrices, ...]:
    shared = {
        "global": _cosines(rng, items, 0.4 * strength, 0.8),
        "task_specific": _cosines(rng, items, 3.0 * strength, 0.1),
    }
    return tuple(
        SimilarityMatrices(
            direction,
            size,
            {
                **shared,
                "diffused": _cosines(rng, items, 1.5 * strength, 0.3),
                "transformed": _cosines(rng, items, 2.0 * strength, 0.3),
            },
            items,
        )
        for direction in DIRECTIONS
        for size in sizes
    )


def _cosines(rng: np.random.Generator, items: Items, strength: float, shift: float) -> np.ndarray:
    centres = rng.normal(size=(len(items.label_names), 24)) * strength
    vectors = centres[items.labels] + rng.normal(size=(len(items.labels), 24)) + shift
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T).astype(np.float32)


def _projections(
    rng: np.random.Generator, items: Items, sizes: tuple[int, ...], strength: float
) -> tuple[Projection, ...]:
    def points(spread: float) -> np.ndarray:
        centres = rng.normal(size=(len(items.label_names), 2)) * spread * 4
        return (centres[items.labels] + rng.normal(size=(len(items.labels), 2)) * 6).astype("f4")

    records = [
        Projection("task_specific", "", 0, points(strength), items),
        Projection("global", "", 0, points(0.3 * strength), items),
    ]
    for direction in DIRECTIONS:
        for size in sizes:
            for name in ("diffused", "transformed"):
                records.append(Projection(name, direction, size, points(0.6 * strength), items))
    return tuple(records)


def without_seed(tables: StudyTables, seed: int, *names: str) -> StudyTables:
    """Return the tables with one seed's rows gone from some of them (or, without names, all)."""
    chosen = names or tuple(SCHEMAS)
    kept = {n: getattr(tables, n)[lambda t: t["seed"] != seed] for n in chosen}
    return replace(tables, **kept)


def undrawn_report(*studies: StudyTables, **more: Any) -> Report:
    """Return a report whose figures have one pixel, for tests of what it says."""
    with pytest.MonkeyPatch.context() as patch:
        undraw_reports(patch)
        return build_report(studies, **more)


def text_of(html: str) -> str:
    """Return what a page says: no markup, no scripts, single spaces."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", body)).split())


def shown_table(html: str, identifier: str) -> pd.DataFrame:
    """Return a table of the page as text, by its anchor."""
    found = re.search(rf'<figure class="table" id="{identifier}">(.*?)</figure>', html, re.DOTALL)
    assert found is not None, f"the page has no table {identifier}"
    rows = [
        [text_of(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", found[1], re.DOTALL)
    ]
    return pd.DataFrame(rows[1:], columns=rows[0])


def unpacked(html: str, identifier: str) -> str:
    """Return what a packed script element of the page holds."""
    found = re.search(rf'<script [^>]*id="{identifier}">([^<]*)</script>', html)
    assert found is not None, f"the page has no {identifier}"
    return gzip.decompress(base64.b64decode(found[1])).decode()
