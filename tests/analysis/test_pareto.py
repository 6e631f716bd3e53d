"""What is best by several objectives at once, and the first of equals."""

import numpy as np
import optuna

from hybridrep.analysis.pareto import best_row, pareto_front


def test_the_front_is_that_of_optuna():
    random = np.random.default_rng(3)
    values = random.integers(0, 6, size=(40, 2)).astype(float)  # with ties and equal rows
    study = optuna.create_study(directions=["maximize", "maximize"])
    for row in values:
        study.add_trial(optuna.create_trial(values=list(row)))
    expected = {trial.number for trial in study.best_trials}
    assert set(np.flatnonzero(pareto_front(values))) == expected
    assert 0 < len(expected) < len(values)


def test_what_is_unknown_is_not_on_the_front_and_beats_nobody():
    values = np.array([[0.1, 0.1], [np.nan, 9.0], [0.2, 0.0]])
    assert pareto_front(values).tolist() == [True, False, True]
    assert pareto_front(np.full((2, 2), np.nan)).tolist() == [False, False]


def test_the_best_row_is_the_first_of_the_highest():
    assert best_row(np.array([0.1, np.nan, 0.3, 0.3])) == 2
    assert best_row(np.array([-0.5])) == 0
    assert best_row(np.array([np.nan, np.nan])) is None
    assert best_row(np.array([])) is None
