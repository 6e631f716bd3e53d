"""What decoding says of planted states, whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from hybridrep.analysis.decoders import fit_decoders
from hybridrep.randomness import generator
from hybridrep.studies.nback.decoding.network import (
    ALL_VALUES,
    Decoding,
    best_penalty,
    fit_decoders_of,
    read_network_states,
)
from hybridrep.studies.nback.decoding.states import (
    AnalysedNetwork,
    Analysis,
    TaskStates,
    correct_alone,
)
from hybridrep.studies.nback.memory.model import MemoryConfig, MemoryStack, initial_state
from hybridrep.studies.nback.memory.networks import recipe
from hybridrep.studies.nback.names import FEATURES, tasks_of
from hybridrep.studies.nback.results.decoding import across_time, cells_across, first_step
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.trials import MATCH_SHARES, trials
from tests.studies.nback.made_up import made_up

STIMULI = StimulusSet.of(list("abcd"), list("abcdefgh"), [0, 0, 1, 1, 2, 2, 3, 3], [4] * 8)
VALUES = {"location": 4, "identity": 8, "category": 4}
CODES = {name: np.eye(count) - 1 / count for name, count in VALUES.items()}


class Planted:
    """Networks whose state is a known function of the labels so far."""

    stimuli = STIMULI

    def __init__(self, state, n_back=(1, 2), trials_each=600, steps=6):
        self.state, self.tasks, self.count = state, tasks_of(n_back), trials_each
        self.steps = steps

    def states(self, which, part) -> TaskStates:
        drawn = tuple(
            trials(self.count, [task], STIMULI, MATCH_SHARES[which],
                   generator(0, which, part, task.name), steps=self.steps)
            for task in self.tasks
        )  # fmt: skip
        h = np.stack([self.state(each).astype(np.float32) for each in drawn])
        return TaskStates(self.tasks, drawn, h, None, np.stack([t.response for t in drawn]))


def labelled(drawn) -> np.ndarray:
    """The one-hots of what is shown now, and nothing else: [trials, steps, 16]."""
    return np.concatenate(
        [CODES[name][drawn.labels[..., number]] for number, name in enumerate(FEATURES)], axis=-1
    )


def read(state, decoding=None, **given) -> pd.DataFrame:
    found = read_network_states(Planted(state, **given), decoding or Decoding((0.01,)))
    return found.decoding.assign(seed=0, architecture="gru", hidden=16, diet="mtmf")


@pytest.fixture(scope="module")
def label_only() -> pd.DataFrame:
    return read(labelled)


def test_a_label_only_state_looks_like_recall_where_labels_agree(label_only):
    """2/3 (4 values) and 5/7 (8) at executive steps of the paper's trials; else, and apart, 1/2."""
    means = label_only[label_only["value"] == ALL_VALUES]
    cells = cells_across(means, VALUES)
    executive = cells[cells["time"] == cells["stimulus"] + cells["n"]]
    for feature, expected in (("location", 2 / 3), ("identity", 5 / 7), ("category", 2 / 3)):
        mine = executive[executive["feature"] == feature]
        assert mine["paper"].mean() == pytest.approx(expected, abs=0.01)
        assert mine["independent"].mean() == pytest.approx(0.5, abs=0.01)
        np.testing.assert_allclose(mine["predicted"], expected, atol=1e-12)
    second = cells[cells["time"] == cells["stimulus"] + 2 * cells["n"]]
    mine = second[second["feature"] == "location"]
    assert mine["predicted"].to_numpy() == pytest.approx(0.5 + (1 / 3 - 2 / 9) / 2)
    assert mine["paper"].mean() == pytest.approx(mine["predicted"].mean(), abs=0.01)
    found = across_time(means, VALUES).set_index("measure")["value"]
    gain = found["across_time/executive/paper"] - found["across_time/non_executive/paper"]
    assert gain > 0.1  # what the paper calls realignment
    gain = found["across_time/executive/independent"]
    assert gain - found["across_time/non_executive/independent"] == pytest.approx(0, abs=0.01)
    gain = found["across_time/executive/paper"] - found["across_time/executive/predicted"]
    assert gain == pytest.approx(0, abs=0.01)


def test_what_a_label_only_state_seems_to_recall_is_how_far_the_labels_agree(label_only):
    """To the last trial: of the sets that were drawn, whatever their size leaves to chance."""
    means = label_only[label_only["value"] == ALL_VALUES]
    cells = cells_across(means, VALUES).set_index(["n", "feature", "stimulus", "time"])
    drawn = Planted(labelled)
    for which in MATCH_SHARES:
        states = drawn.states(which, "test")
        for task, labels in zip(states.tasks, states.labels, strict=True):
            own = labels[..., task.feature_number]
            for stimulus in range(6 - task.n):
                shown, now = own[:, stimulus], own[:, stimulus + task.n]
                expected = np.mean(
                    [balanced_accuracy_score(shown == v, now == v) for v in np.unique(own)]
                )
                cell = cells.loc[task.n, task.feature, stimulus + 1, stimulus + 1 + task.n]
                assert cell[which] == pytest.approx(expected, abs=1e-12)


def test_a_state_without_memory_is_read_at_its_own_frame_alone(label_only):
    own = label_only[(label_only["measure"] == "balanced") & (label_only["set"] == "independent")]
    at_once = own["stimulus"] == own["time"]
    assert (own[at_once]["score"] == 1.0).all()
    assert own[~at_once]["score"].mean() == pytest.approx(0.5, abs=0.01)
    current = label_only[label_only["measure"] == "current"]
    assert (current["score"] == 1.0).all()  # one frame's decoders read any other
    assert len(current) == 6 * 3 * 30 * 2


def test_a_category_only_state_seems_to_know_identities():
    """Balanced 0.929 and raw 0.875, both above 0.85; but chance among those of the category."""

    def state(drawn) -> np.ndarray:
        return CODES["category"][drawn.category]

    found = read(state, n_back=(1,), trials_each=2_000, steps=2)
    at = found[
        (found["decoded"] == "identity") & (found["stimulus"] == 1) & (found["time"] == 1)
        & (found["set"] == "independent") & (found["value"] == ALL_VALUES)
    ]  # fmt: skip
    scores = at.groupby("measure")["score"].mean()
    # a decoder says yes where a value is more likely, weighed, than not: of both identities of its
    # category, so that its true rate is 1 and 1 of 7 others is taken for it
    assert scores["balanced"] == pytest.approx((1 + 6 / 7) / 2, abs=0.01)
    assert scores["raw"] == pytest.approx(0.875, abs=0.02)
    assert scores["within_category"] == pytest.approx(0.5, abs=0.03)
    summary = first_step(found[found["value"] == ALL_VALUES]).set_index("measure")["value"]
    assert summary["first_step/identity_within_category"] == pytest.approx(0.5, abs=0.03)


def test_a_task_specific_state_fails_on_other_tasks_and_an_offset_alone_does_not():
    """Codes turned by task do not carry over; shifted ones do, with their own mean taken out."""

    def turned(drawn) -> np.ndarray:
        rng = np.random.default_rng(FEATURES.index(drawn.tasks[0].feature))
        return labelled(drawn) @ np.linalg.qr(rng.normal(size=(48, 48)))[0][:16]

    def moved(drawn) -> np.ndarray:
        shift = np.zeros(16)
        shift[:4] = 3.0 * FEATURES.index(drawn.tasks[0].feature) * np.array([1, -1, 1, -1])
        return labelled(drawn) + shift

    def elsewhere(state) -> pd.Series:
        found = read_network_states(Planted(state, n_back=(1,), steps=2), Decoding((0.01,)))
        at = found.cross_task
        at = at[(at["time"] == 1) & (at["set"] == "independent") & (at["decoded"] == "location")]
        apart = at[at["fitted_feature"] != at["tested_feature"]]
        same = at[at["fitted_feature"] == at["tested_feature"]]
        np.testing.assert_array_equal(same["score"], 1.0)
        return apart.groupby("centring")["score"].mean()

    assert elsewhere(turned)["own"] < 0.7
    scores = elsewhere(moved)
    assert scores["own"] == 1.0
    assert scores["fitting"] < 0.6


def test_zscored_units_are_read_in_the_coordinates_of_all_others():
    """A unit of tiny variance is lost to one scale for all, not to z-scores, whatever the space."""
    network = Planted(lambda drawn: labelled(drawn) * np.repeat([1.0, 1e-4], 8), n_back=(1,))
    states = network.states("independent", "fit")
    alone = fit_decoders_of(states, "h", Decoding((0.01,)), [4, 8, 4])
    zscored = fit_decoders_of(states, "h", Decoding((0.01,), "zscore"), [4, 8, 4])
    x = alone.centring.apply(states.h[0, :, 0], 0, 0)
    labels = states.labels[0, :, 0, 2]
    spread = states.h[0, :, 0].std(axis=0)
    from sklearn.svm import LinearSVC

    theirs = LinearSVC(C=0.01, class_weight="balanced", intercept_scaling=1e3, dual=False, tol=1e-8)
    theirs.fit((states.h[0, :, 0] - states.h[0, :, 0].mean(axis=0)) / spread, labels == 1)
    mine = zscored.of(0, "category").decisions(x, 0, 0)[:, 1]
    again = theirs.decision_function((states.h[0, :, 0] - states.h[0, :, 0].mean(axis=0)) / spread)
    np.testing.assert_allclose(mine, again, atol=2e-3)


def test_both_scalings_are_read_each_as_it_is_alone():
    def state(drawn) -> np.ndarray:
        return labelled(drawn) * np.repeat([1.0, 1e-4], 8)

    network = Planted(state, n_back=(1,), trials_each=60, steps=2)
    both = read_network_states(network, Decoding((0.01,), "both"), ("h", "z"))
    for space, scaling in (("h", "global"), ("z", "zscore")):
        alone = read_network_states(network, Decoding((0.01,), scaling))
        for name in FEATURES:
            np.testing.assert_array_equal(
                both.decoders[space].normals[name], alone.decoders["h"].normals[name]
            )
        for mine, theirs in (
            (both.decoding, alone.decoding), (both.cross_task, alone.cross_task),
        ):  # fmt: skip
            own = mine[mine["space"] == space].assign(space="h").reset_index(drop=True)
            pd.testing.assert_frame_equal(own, theirs)


def test_the_penalty_of_several_is_the_best_on_other_trials():
    rng = np.random.default_rng(0)
    labels, others = rng.integers(0, 2, 80), rng.integers(0, 2, 400)
    x = np.concatenate([labels[:, None] * 2.0, rng.normal(size=(80, 60))], axis=1)
    tried = np.concatenate([others[:, None] * 2.0, rng.normal(size=(400, 60))], axis=1)
    grid, scores = (10.0, 1.0, 0.01, 0.001), {}
    for penalty in grid:
        says = fit_decoders(x, labels, penalty).decisions(tried)[:, 1] > 0
        scores[penalty] = balanced_accuracy_score(others, says)
    assert len(set(scores.values())) > 1
    best = max(sorted(grid), key=lambda penalty: scores[penalty])
    assert best_penalty(x, labels, tried, others, grid, 2) == best
    assert best_penalty(x, labels, tried, others, grid, 3) == best, "a value that no trial has"


def test_folds_test_each_trial_once_and_values_that_never_occur_are_named():
    found = read_network_states(
        Planted(labelled, n_back=(1,), trials_each=80, steps=2), Decoding((0.01,), folds=4)
    )
    own = found.decoding[found.decoding["measure"] == "multiclass"]
    assert (own[own["stimulus"] == own["time"]]["score"] == 1.0).all()
    few = read_network_states(
        Planted(labelled, n_back=(1,), trials_each=6, steps=2), Decoding((0.01,))
    )
    assert any("values of identity never occur at frame 1 of 6 trials" in n for n in few.notes)
    balanced = few.decoding[few.decoding["measure"] == "balanced"]
    assert balanced["score"].isna().any()


def test_correct_trials_alone_are_as_many_of_each_task():
    states = Planted(labelled, n_back=(1,), trials_each=30).states("paper", "fit")
    wrong = states.responses.copy()
    wrong[0, :10, 3] = (wrong[0, :10, 3] + 1) % 3
    states = TaskStates(states.tasks, states.trials, states.h, states.h, wrong)
    kept = correct_alone(states)
    assert kept.kept == pytest.approx(20 / 30)
    assert kept.h.shape[:2] == (3, 20)
    assert kept.correct.all()
    np.testing.assert_array_equal(kept.h[0], states.h[0, 10:])
    np.testing.assert_array_equal(kept.labels[0], states.labels[0, 10:])


@pytest.fixture(scope="module", params=["rnn", "lstm"])
def network(request) -> AnalysedNetwork:
    config = MemoryConfig(request.param, 6, channels=5)
    stack = MemoryStack(config, [initial_state(config, torch.Generator().manual_seed(0))])
    made = recipe(made_up_config(), request.param, "mtmf")
    images = torch.randn(len(STIMULI), 1, 5, generator=torch.Generator().manual_seed(1))
    return AnalysedNetwork(made, 3, Analysis(40), config, stack, images, STIMULI)


def made_up_config():
    from hybridrep.parameters import resolve
    from hybridrep.studies.nback.config import Config

    return resolve({"study": "made up"}, Config)


def test_states_are_those_of_the_network_on_trials_that_come_back_the_same(network):
    states = network.states("independent", "fit")
    assert states.h.shape == (9, 40, 6, 6)
    assert (states.c is None) == (network.config.architecture == "rnn")
    again = network.states("independent", "fit")
    np.testing.assert_array_equal(states.h, again.h)
    other = network.states("paper", "fit")
    assert not np.array_equal(states.labels, other.labels)
    drawn, hidden = states.trials[4], torch.nn
    cell = hidden.RNN if network.config.architecture == "rnn" else hidden.LSTM
    plain = cell(6, 6, batch_first=True)
    values = network.stack.parameters
    plain.load_state_dict(
        {n.partition(".")[2]: v[0] for n, v in values.items() if n.startswith("recurrent.")}
    )
    with torch.no_grad():
        seen = network.images[torch.from_numpy(drawn.image), 0]
        code = torch.from_numpy(drawn.task_code)[:, None].expand(-1, 6, -1)
        linear = torch.cat([seen, code], dim=2) @ values["input.weight"][0].T
        inputs = torch.nn.functional.layer_norm(torch.relu(linear + values["input.bias"][0]), (6,))
        expected, _ = plain(inputs)
    np.testing.assert_allclose(states.h[4], expected.numpy(), atol=1e-5)


def test_decoders_are_tested_on_other_views_than_fitted(network):
    task = network.tasks[0]
    fitted = network.draw("independent", "fit", task).view
    tested = network.draw("independent", "test", task).view
    chosen = network.draw("paper", "choose", task).view
    assert {*np.unique(fitted)} == {*np.unique(chosen)} == {0, 2}
    assert {*np.unique(tested)} == {1, 3}


def test_tables_of_before_the_analyses_are_read_with_empty_ones():
    from hybridrep.studies.nback.results.tables import NBackTables

    tables = made_up(2)
    parts, meta = tables.to_parts()
    old = {name: parts[name] for name in ("networks", "curves", "losses", "by_task")}
    read_back = NBackTables.from_parts(old, {**meta, "schema_version": 1})
    assert len(read_back.decoding) == 0
    assert read_back.seeds == (0, 1)
