"""What searches found, as tables: their trials, the best of them, and what mattered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.analysis.pareto import best_row, pareto_front
from hybridrep.sweeping.search import Search
from hybridrep.sweeping.space import Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial
    from rich.table import Table


@dataclass(frozen=True)
class Terms:
    """How a sweep names things in its tables, runs and figures."""

    part: str  # what tells its searches apart
    objectives: tuple[str, ...]  # what may be maximised; the SD over seeds of each is `NAME_sd`
    measure: str  # what names the values of a seed
    unit: str
    readable: Callable[[str], str]

    @property
    def values(self) -> tuple[str, ...]:
        """Every objective, and after it its SD."""
        return tuple(column for name in self.objectives for column in (name, f"{name}_sd"))


@dataclass(frozen=True, eq=False)
class SearchTables:
    """What a sweep of one search found."""

    trials: pd.DataFrame
    seeds: pd.DataFrame
    best: pd.DataFrame
    importance: pd.DataFrame


def search_tables(search: Search, terms: Terms) -> SearchTables:
    """Return all tables of one search."""
    trials = trials_table([search], search.space, terms)
    return SearchTables(
        trials, seeds_table([search], terms), best_table(trials, search.space, terms, {}),
        importance_table([search], terms),
    )  # fmt: skip


def counts_of(trials: pd.DataFrame) -> str:
    """Say how many trials there are, and how they ended: `8 trials, 7 complete, 1 pruned`."""
    states = trials["state"].value_counts()
    ended = ", ".join(f"{count} {str(state).lower()}" for state, count in states.items())
    return f"{len(trials)} trials, {ended or 'none'}"


def printed_table(shown: pd.DataFrame, title: str) -> Table:
    """Return some trials as they are printed, a column a column."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in shown.columns:
        table.add_column(str(column))
    for row in shown.itertuples(index=False):
        table.add_row(*map(str, row))
    return table


def trials_table(searches: Sequence[Search], space: Space, terms: Terms) -> pd.DataFrame:
    """Return one row for every trial that was chosen; the order does not depend on restarts.

    Columns: the part, `trial`, `state`, the axes, the objectives with their SDs, `epoch` (where
    they were read), `pareto` (whether no other complete trial of the part is better in all
    objectives) and `note`.
    """
    rows = []
    for search in searches:
        for place, attempt in enumerate(search.attempts()):
            if attempt.point is None:
                continue
            measured = {name: attempt.measures.get(name) for name in (*terms.values, "epoch")}
            rows.append(
                {
                    terms.part: search.part, "trial": place, "state": attempt.state,
                    **attempt.point, **measured, "pareto": False, "note": attempt.note,
                }
            )  # fmt: skip
    first = (terms.part, "trial", "state", *space.names)
    table = pd.DataFrame(rows, columns=[*first, *terms.values, "epoch", "pareto", "note"])
    table = table.astype(dict.fromkeys(terms.values, float) | {"epoch": "Int64", "pareto": bool})
    for _, mine in table[table["state"] == "COMPLETE"].groupby(terms.part):
        front = pareto_front(mine[list(terms.objectives)].to_numpy(float))
        table.loc[mine.index, "pareto"] = front
    return table


def best_table(
    trials: pd.DataFrame, space: Space, terms: Terms, beside: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Return the best complete trial of each part and objective, the first of equals.

    `beside` are further columns, each with its values by part.
    """
    kept = (*space.names, *terms.values)
    rows = []
    complete = trials[trials["state"] == "COMPLETE"]
    for part, mine in complete.groupby(terms.part, sort=False):
        for objective in terms.objectives:
            place = best_row(mine[objective].to_numpy(float))
            if place is None:
                continue
            row = mine.iloc[place]
            rows.append(
                {
                    terms.part: part, "best_by": objective, "trial": row["trial"],
                    **{name: row[name] for name in kept},
                    **{name: values.get(part, np.nan) for name, values in beside.items()},
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=[terms.part, "best_by", "trial", *kept, *beside])


def seeds_table(searches: Sequence[Search], terms: Terms) -> pd.DataFrame:
    """Return the values of every seed of the complete trials: part, trial, seed, measure, value."""
    rows = [
        (search.part, place, int(seed), name, value)
        for search in searches
        for place, attempt in enumerate(search.attempts())
        if attempt.state == "COMPLETE"
        for seed, values in attempt.measures["seeds"].items()
        for name, value in values.items()
    ]
    return pd.DataFrame(rows, columns=[terms.part, "trial", "seed", terms.measure, "value"])


def importance_table(searches: Sequence[Search], terms: Terms) -> pd.DataFrame:
    """Return how much each varied axis mattered: its share of the variance (fANOVA).

    Columns: the part, `objective`, `parameter`, `importance` (a share of 1; higher = mattered
    more). Parts where nothing varies, or with fewer than two complete trials, are left out.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    rows = []
    for search in searches:
        varied = list(search.space.varied)
        trials = search.study.get_trials(deepcopy=False)
        values = np.array([trial.values for trial in trials if trial.state.name == "COMPLETE"])
        for place, objective in enumerate(search.rules.objectives):
            if len(values) < 2 or not varied or not np.ptp(values[:, place]):
                continue
            shares = get_param_importances(
                search.study, evaluator=FanovaImportanceEvaluator(seed=0), params=varied,
                target=partial(_value_at, place),
            )  # fmt: skip
            rows += [(search.part, objective, n, float(s)) for n, s in shares.items()]
    return pd.DataFrame(rows, columns=[terms.part, "objective", "parameter", "importance"])


def _value_at(objective: int, trial: FrozenTrial) -> float:
    return float(trial.values[objective])
