"""The causal test of networks whose reading is known: one that answers by the place alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from hybridrep.analysis.perturbation import span_of
from hybridrep.studies.nback.geometry.causal import (
    AMOUNTS,
    Shown,
    continuation,
    exchanged,
    moved,
)
from hybridrep.studies.nback.geometry.causal_stage import arrays
from hybridrep.studies.nback.memory.model import Hidden, MemoryConfig, MemoryStack, initial_state

DIM = 24
RNG = np.random.default_rng(0)
AXES = np.linalg.qr(RNG.normal(size=(DIM, DIM)))[0]
PLACE, THING = AXES[:4], AXES[4:8]


def shown(seed: int, trials: int = 600) -> Shown:
    rng = np.random.default_rng(seed)
    place, thing = rng.integers(0, 4, (2, trials))
    states = PLACE[place] + THING[thing] + 0.05 * rng.normal(size=(trials, DIM)) @ AXES
    labels = np.stack([place, thing, thing // 2], axis=1)
    return Shown(Hidden(torch.tensor(states, dtype=torch.float32)[None]), labels)


def reader(tested: Shown):
    """Match while the state still says the place of the trial's first frame, else non_match."""

    def run(rows: np.ndarray, changed: Mapping[str, np.ndarray]) -> np.ndarray:
        read = (changed["h"] @ PLACE.T).argmax(axis=1)
        match = read == tested.labels[rows, 0]
        return np.stack([~match, match, np.zeros_like(match)], axis=1).astype(float)

    return run


def effects(table: list) -> pd.Series:
    return pd.DataFrame(table).set_index(["direction", "other", "alpha", "measure"])["score"]


def test_a_step_of_a_gap_changes_what_is_read_and_a_random_one_does_not():
    seen, tested = shown(1), shown(2)
    normals = {"h": np.concatenate([PLACE, THING])}
    found = effects([
        *moved(seen, tested, reader(tested), "location", ("h",), 4, 1.0, {"h": 0.1}, normals,
               np.random.default_rng(3)),
    ])  # fmt: skip
    assert found["decoder", "location", 0.0, "match"] == 1.0
    assert found["decoder", "location", 1.5, "non_match"] > 0.95
    assert found["random", "location", 1.5, "match"] > 0.8
    assert found["outside", "location", 3.0, "match"] == 1.0
    beyond = found.xs(("decoder", "location", "beyond"), level=(0, 1, 3))
    assert beyond[0.0] < 0.03 < 0.9 < beyond[3.0]
    table = found.reset_index().assign(state="h", n=2, feature="location")
    filed = arrays(table)
    match = found.xs(("decoder", "location", "match"), level=(0, 1, 3))
    np.testing.assert_allclose(filed["decoder"][0, 0, :, 1], match)
    assert np.isnan(filed["decoder"][1:]).all()
    assert filed["alpha"].tolist() == AMOUNTS.tolist()


def test_an_exchange_turns_the_answer_only_where_it_is_read():
    tested = shown(4)
    spans = {("h", "location"): span_of(PLACE), ("h", "identity"): span_of(THING),
             ("h", "category"): span_of(THING)}  # fmt: skip
    found = effects([*exchanged(tested, reader(tested), ("h",), spans, np.random.default_rng(5))])
    assert found["interchange", "location", 1.0, "success"] == 1.0
    assert found["interchange", "identity", 1.0, "match"] == 1.0
    assert found["interchange", "location", 1.0, "beyond"] < 0.05


def test_going_on_unchanged_is_what_the_network_does():
    rng = torch.Generator().manual_seed(0)
    for architecture in ("gru", "lstm"):
        config = MemoryConfig(architecture, 5, channels=3)
        stack = MemoryStack(config, [initial_state(config, rng)])
        frames = torch.randn(1, 3, 7, 5, generator=rng)
        whole = stack.answers(stack.recur(frames).output)[0, -1].softmax(-1)
        first = stack.recur(frames[:, :1])
        state = Hidden(first.output[:, 0], None if first.cell is None else first.cell[:, 0])
        run = continuation(stack, frames[:, 1:], state)
        rows = np.array([6, 0, 3])
        np.testing.assert_allclose(run(rows, {}), whole[rows].numpy(), atol=1e-6)
        same = {"h": state.output[0, rows].numpy().astype(np.float64)}
        np.testing.assert_allclose(run(rows, same), whole[rows].numpy(), atol=1e-6)
        other = {"h": np.zeros((3, 5))}
        assert np.abs(run(rows, other) - whole[rows].numpy()).max() > 1e-3
