import itertools

import numpy as np
import pytest

from hybridrep.studies.nback.names import MATCH, NO_ACTION, NON_MATCH, NBackTask, tasks_of
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.task_code import TaskCode
from hybridrep.studies.nback.tasks.trials import relevant_values, trials


def stimuli(categories=4, identities=2, views=6) -> StimulusSet:
    names = [f"{c}/{i}" for c in range(categories) for i in range(identities)]
    kinds = np.repeat(np.arange(categories), identities).tolist()
    return StimulusSet.of([str(c) for c in range(categories)], names, kinds, [views] * len(names))


def every_trial(n: int, k: int, p: float, steps: int = 6):
    """All values of all frames that can be drawn, with their probabilities."""
    choices = [[(v, False, 1, 1 / k) for v in range(k)]] * n + [
        [(0, True, 1, p), *((0, False, shift, (1 - p) / (k - 1)) for shift in range(1, k))]
    ] * (steps - n)
    rows = list(itertools.product(*choices))
    first, match, other, weight = (
        np.array([[c[i] for c in row] for row in rows]) for i in range(4)
    )
    count = len(rows)
    values = relevant_values(
        first.astype(np.int64), match.astype(bool), other.astype(np.int64), np.full(count, n),
        np.full(count, k),
    )  # fmt: skip
    return values, weight.prod(axis=1)


@pytest.mark.parametrize(("n", "k"), [(1, 4), (2, 4), (3, 4), (1, 3), (2, 3), (5, 4)])
@pytest.mark.parametrize("p", [0.5, 0.25])
def test_the_facts_of_trials_by_enumeration(n, k, p):
    values, weight = every_trial(n, k, p)
    assert weight.sum() == pytest.approx(1)
    for step in range(6):
        shares = np.bincount(values[:, step], weights=weight, minlength=k)
        np.testing.assert_allclose(shares, 1 / k, atol=1e-12)  # uniform at every frame
    for lag, expected in ((n, p), (2 * n, p**2 + (1 - p) ** 2 / (k - 1))):
        for step in range(6 - lag):
            same = weight[values[:, step] == values[:, step + lag]].sum()
            assert same == pytest.approx(expected)
    for one, other in itertools.combinations(range(6), 2):
        if (other - one) % n:  # frames of different chains know nothing of each other
            same = weight[values[:, one] == values[:, other]].sum()
            assert same == pytest.approx(1 / k)


def test_lag_2n_at_p_one_half_is_a_third_and_two_sevenths():
    for k, expected in ((4, 1 / 3), (8, 2 / 7)):
        assert 0.25 + 0.25 / (k - 1) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "k"), [(1, 4), (2, 4), (1, 3)])
def test_at_p_of_one_kth_all_frames_are_independent(n, k):
    values, weight = every_trial(n, k, 1 / k)
    numbers = values @ (k ** np.arange(6))
    joint = np.bincount(numbers, weights=weight, minlength=k**6)
    np.testing.assert_allclose(joint, k**-6.0, rtol=1e-9)


def by_hand(some) -> np.ndarray:
    """The right answers, one frame at a time, from the labels alone."""
    answers = np.full(some.response.shape, NO_ACTION)
    for trial in range(len(some)):
        n, values = some.n[trial], some.labels[trial, :, some.feature[trial]]
        for step in range(n, some.response.shape[1]):
            answers[trial, step] = MATCH if values[step] == values[step - n] else NON_MATCH
    return answers


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, "independent"])
def test_the_answers_are_those_of_the_labels(p):
    some = trials(300, tasks_of([1, 2, 3]), stimuli(), p, np.random.default_rng(1))
    np.testing.assert_array_equal(some.response, by_hand(some))
    np.testing.assert_array_equal((some.response == NO_ACTION).sum(axis=1), some.n)


def test_labels_are_those_of_the_image_that_is_shown():
    these = stimuli()
    some = trials(500, tasks_of([1, 2]), these, 0.5, np.random.default_rng(2))
    for name in ("location", "identity", "category", "view"):
        np.testing.assert_array_equal(getattr(some, name), these.labels(name)[some.image])


def test_equal_generators_give_equal_trials():
    one, other = (
        trials(64, tasks_of([1, 2, 3]), stimuli(), 0.5, np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.response, other.response)


def test_what_is_drawn_freely_is_uniform():
    some = trials(40_000, tasks_of([1, 2, 3]), stimuli(), 0.5, np.random.default_rng(4))
    for name, k in (("location", 4), ("identity", 8), ("category", 4), ("view", 6)):
        for step in range(6):
            shares = np.bincount(getattr(some, name)[:, step], minlength=k) / len(some)
            assert np.abs(shares - 1 / k).max() < 4 * np.sqrt(1 / k / len(some))
    # the mean share of no_action over the tasks of n = 1, 2, 3 is (1 + 2 + 3) / 3 / 6
    assert abs((some.response == NO_ACTION).mean() - 1 / 3) < 0.01
    answered = some.response[some.response != NO_ACTION]
    assert abs((answered == MATCH).mean() - 0.5) < 0.01


def test_a_category_match_repeats_the_identity_half_of_the_time():
    one = NBackTask(1, "category")
    some = trials(5000, [one], stimuli(), 1.0, np.random.default_rng(5))
    same = some.identity[:, 1:] == some.identity[:, :-1]
    assert abs(same.mean() - 0.5) < 0.02
    assert (some.category == some.category[:, :1]).all()


def test_half_of_the_views_shows_no_image_of_the_other():
    these = stimuli(views=5)
    shown = [
        set(trials(3000, tasks_of([1]), these.with_views(half), 0.5, np.random.default_rng(6))
            .image.ravel().tolist())
        for half in (0, 1)
    ]  # fmt: skip
    assert not shown[0] & shown[1]
    assert len(shown[0] | shown[1]) == len(these)


def test_objects_with_fewer_views_show_only_theirs():
    these = StimulusSet.of(["a", "b"], ["a/0", "b/0"], [0, 1], [1, 4])
    some = trials(500, tasks_of([1]), these, 0.5, np.random.default_rng(7))
    assert (some.view[some.identity == 0] == 0).all()
    assert some.view.max() == 3


def test_the_codes_are_the_paper_s():
    nine = tasks_of([1, 2, 3])
    pair = TaskCode().of(nine)
    assert pair.shape == (9, 6)
    assert (pair.reshape(9, 2, 3).sum(axis=2) == 1).all()
    assert len(np.unique(pair, axis=0)) == 9
    np.testing.assert_array_equal(TaskCode("one_hot").of(nine)[:, :9].sum(axis=0), 1)
    codes = TaskCode("binary").of(nine)
    by_number = {t.feature_number * 3 + t.n: c for t, c in zip(nine, codes, strict=True)}
    for number, code in by_number.items():
        assert "".join(str(int(bit)) for bit in code) == f"{number:06b}"
    assert sorted(by_number) == list(range(1, 10))
    with pytest.raises(ValueError, match="up to 3"):
        TaskCode().of([NBackTask(4, "location")])
    assert TaskCode.over("pair", [1, 4]).units == 7


def test_inputs_and_targets_lie_as_packages_of_tasks_want_them():
    some = trials(10, tasks_of([1]), stimuli(), 0.5, np.random.default_rng(8))
    inputs, targets = some.inputs_targets()
    assert inputs.shape == (6, 10, 4 + 8 + 4 + 6)
    assert targets.shape == (6, 10)
    first, answers = some.inputs_targets(batch_first=True)
    np.testing.assert_array_equal(first, inputs.swapaxes(0, 1))
    np.testing.assert_array_equal(answers, targets.T)
    np.testing.assert_array_equal(inputs[..., :4].argmax(axis=-1), some.location.T)
    features = np.random.default_rng(0).normal(size=(len(stimuli()), 2, 3, 3))
    seen, _ = some.inputs_targets(True, features)
    np.testing.assert_allclose(
        seen[2, 3, :18], features[some.image[2, 3]].ravel().astype(np.float32)
    )
    np.testing.assert_array_equal(seen[:, 5, 18:], some.task_code)


def test_statistics_count_what_there_is():
    some = trials(200, tasks_of([1, 3]), stimuli(), 0.5, np.random.default_rng(9))
    table = some.statistics().set_index("task")
    assert table["trials"].sum() == 200
    of = some.response[some.task == 0]
    assert table.loc["1back_location", "match"] == pytest.approx((of == MATCH).mean())
    np.testing.assert_allclose(table["no_action"], [1 / 6] * 3 + [0.5] * 3)
    shares = table[["non_match", "match", "no_action"]].sum(axis=1)
    np.testing.assert_allclose(shares, 1)


@pytest.mark.parametrize(
    ("tasks", "p", "message"),
    [
        ([], 0.5, "frame to respond"), ([NBackTask(6, "location")], 0.5, "frame to respond"),
        ([NBackTask(1, "location")], 1.5, "probability"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(tasks, p, message):
    with pytest.raises(ValueError, match=message):
        trials(5, tasks, stimuli(), p, np.random.default_rng(0))
