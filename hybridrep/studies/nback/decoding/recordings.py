"""States that were recorded elsewhere, another network's or a brain's, with a table of labels.

The states are an array `states` [trials, times, units] in an `.npz` or `.safetensors` file, the
labels a table with one row a trial (`.csv`, `.tsv` or `.parquet`) and the columns

- `FEATURE_1`, `FEATURE_2`, ...: the value, a text or a number, of each stimulus of the trial,
- `task`, if there are several: of each trial,
- `part`, `fit` or `test`, or `group`: trials of one group are either fitted or tested; without
  either half of the trials of each task, drawn by chance but always the same, are tested.

An array `onsets` beside the states says at which time, from 1, each stimulus is shown; without,
the first at the first.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from hybridrep.errors import ParameterError
from hybridrep.parameters import shown, user_path, where_looked

TABLES = (".csv", ".tsv", ".parquet")
_COLUMN = re.compile(r"(?P<feature>[A-Za-z][A-Za-z0-9_ -]*)_(?P<stimulus>[1-9]\d{0,3})")
_OTHER = ("task", "part", "group")
ONE_TASK = "all"
"""What the task is called where the labels name none."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Recorded states with their labels.

    Attributes:
        states: as recorded.
        onsets: the time at which each stimulus is shown, from 0.
        tasks: names; `task`: the number of each trial's.
        labels: of each feature, the number of the value of each trial's stimuli.
        values: of each feature, its values' names, by number.
        tested: whether each trial is tested; the others are fitted.
    """

    states: Float[np.ndarray, "trials times units"]
    onsets: tuple[int, ...]
    tasks: tuple[str, ...]
    task: Int[np.ndarray, " trials"]
    labels: dict[str, Int[np.ndarray, "trials stimuli"]]
    values: dict[str, tuple[str, ...]]
    tested: Bool[np.ndarray, " trials"]

    def groups(self, feature: str) -> tuple[str, Int[np.ndarray, " values"]] | None:
        """Return the feature in which the values of another one nest, and where each belongs.

        As categories hold objects: fewer values, and each value of `feature` has one of them.
        """
        own = self.labels[feature].ravel()
        for name, labels in self.labels.items():
            if name == feature or not 1 < len(self.values[name]) < len(self.values[feature]):
                continue
            pairs = np.unique(np.stack([own, labels.ravel()]), axis=1)
            if pairs.shape[1] == len(self.values[feature]):
                return name, pairs[1].astype(np.int64)
        return None


def read_recording(states: str, labels: str = "") -> Recording:
    """Read states and labels, checked.

    Args:
        states: path of the array.
        labels: path of the table; empty: beside the states, of the same name.

    Raises:
        ParameterError: a file is not there or not what it should be; with file, column and row.
    """
    path = user_path(states)
    array, onsets = _read_states(path)
    if labels:
        table_path = user_path(labels)
    else:
        beside = [path.with_suffix(ending) for ending in TABLES]
        found = [each for each in beside if each.is_file()]
        if not found:
            raise ParameterError(
                f"parameter labels: there is no table of labels beside {str(path)!r}: name it, "
                f"or put {beside[0].name} there"
            )
        table_path = found[0]
    table = _read_table(table_path)
    if len(table) != len(array):
        raise ParameterError(
            f"{str(table_path)!r} has {len(table)} rows, but {str(path)!r} {len(array)} trials: "
            "each trial needs one row, in the same order"
        )
    return _recording(array, onsets, table, path, table_path)


def _read_states(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    if not path.is_file():
        raise ParameterError(
            f"parameter states={shown(str(path))}: there is no such file.{where_looked(path)}"
        )
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        elif path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            arrays = dict(load_file(path))
        else:
            raise ParameterError(
                f"parameter states={shown(str(path))}: give an .npz or a .safetensors file"
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ParameterError(f"{str(path)!r} cannot be read: {error}") from error
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        raise ParameterError(f"{str(path)!r} cannot be read: {error}") from error
    if "states" not in arrays:
        raise ParameterError(
            f"{str(path)!r} has no array `states`; it has: {', '.join(sorted(arrays)) or 'none'}"
        )
    found = arrays["states"]
    if found.ndim != 3 or found.dtype.kind not in "fiu" or 0 in found.shape:
        raise ParameterError(
            f"`states` of {str(path)!r} should be numbers [trials, times, units], not "
            f"{found.dtype} of shape {list(found.shape)}"
        )
    array = found.astype(np.float64)
    if not np.isfinite(array).all():
        trial, time, unit = (int(each[0]) for each in np.nonzero(~np.isfinite(array)))
        raise ParameterError(
            f"`states` of {str(path)!r}: trial {trial + 1}, time {time + 1}, unit {unit + 1} is "
            f"{array[trial, time, unit]}, not a finite number: leave such trials out"
        )
    return array, arrays.get("onsets")


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ParameterError(
            f"parameter labels={shown(str(path))}: there is no such file.{where_looked(path)}"
        )
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix in (".csv", ".tsv"):
            return pd.read_csv(path, sep="," if path.suffix == ".csv" else "\t", dtype=str)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{str(path)!r} cannot be read as a table: {error}") from error
    raise ParameterError(f"parameter labels={shown(str(path))}: give one of {', '.join(TABLES)}")


def _recording(
    array: np.ndarray, onsets: np.ndarray | None, table: pd.DataFrame, path: Path, table_path: Path
) -> Recording:
    where = f"the table of labels {str(table_path)!r}"
    columns = _columns(table, where)
    labels, values = {}, {}
    for feature, own in columns.items():
        texts = table[own].astype(str).to_numpy()
        names, numbers = np.unique(texts, return_inverse=True)
        if len(names) < 2:
            raise ParameterError(f"{where}: {feature} has one value alone: nothing to tell apart")
        if len(names) > len(table) // 2:
            raise ParameterError(
                f"{where}: {feature} has {len(names)} values in {len(table)} trials: too few of "
                "each to fit a decoder and to test it"
            )
        labels[feature] = numbers.reshape(texts.shape).astype(np.int64)
        values[feature] = tuple(map(str, names))
    tasks, task = np.array([ONE_TASK]), np.zeros(len(table), dtype=np.int64)
    if "task" in table:
        tasks, task = np.unique(table["task"].astype(str).to_numpy(), return_inverse=True)
    stimuli = len(next(iter(columns.values())))
    return Recording(
        array, _onsets(onsets, stimuli, array.shape[1], path), tuple(map(str, tasks)),
        task.astype(np.int64), labels, values, _tested(table, task, where),
    )  # fmt: skip


def _columns(table: pd.DataFrame, where: str) -> dict[str, list[str]]:
    """Return the columns of each feature, by stimulus; every feature has all stimuli."""
    found: dict[str, dict[int, str]] = {}
    for column in map(str, table.columns):
        if column not in _OTHER and (parts := _COLUMN.fullmatch(column)):
            found.setdefault(parts["feature"], {})[int(parts["stimulus"])] = column
    if not found:
        raise ParameterError(
            f"{where} has no column such as location_1, the location of the first stimulus; it "
            f"has: {', '.join(map(str, table.columns))}"
        )
    count = max(max(each) for each in found.values())
    for feature, each in found.items():
        if missing := [s for s in range(1, count + 1) if s not in each]:
            raise ParameterError(f"{where} has no column {feature}_{missing[0]}")
    for column in (*(c for each in found.values() for c in each.values()), *_OTHER):
        if column in table and table[column].isna().any():
            row = int(np.flatnonzero(table[column].isna())[0]) + 1
            raise ParameterError(f"{where}: row {row} has no {column}")
    return {feature: [each[s] for s in sorted(each)] for feature, each in found.items()}


def _onsets(given: np.ndarray | None, stimuli: int, times: int, path: Path) -> tuple[int, ...]:
    found = np.arange(1, stimuli + 1) if given is None else np.asarray(given)
    fits = found.shape == (stimuli,) and found.dtype.kind in "iu" and (np.diff(found) > 0).all()
    if not fits or found[0] < 1 or found[-1] > times:
        raise ParameterError(
            f"{str(path)!r}: {stimuli} stimuli have labels, so that `onsets` should be as many "
            f"times from 1 to {times}, rising, not {found.tolist()}"
        )
    return tuple(int(each) - 1 for each in found)


def _tested(table: pd.DataFrame, task: np.ndarray, where: str) -> np.ndarray:
    """Return which trials are tested: as the table says, by group, or a half of each task."""
    if "part" in table:
        part = table["part"].astype(str)
        if wrong := sorted({*part} - {"fit", "test"}):
            row = int(np.flatnonzero(part == wrong[0])[0]) + 1
            raise ParameterError(f"{where}: row {row}: part is fit or test, not {wrong[0]!r}")
        tested = (part == "test").to_numpy()
    elif "group" in table:
        names, group = np.unique(table["group"].astype(str).to_numpy(), return_inverse=True)
        if len(names) < 2:
            raise ParameterError(f"{where}: all trials are of one group: none is left to test")
        tested = group % 2 == 1
    else:
        tested = np.zeros(len(task), dtype=bool)
        rng = np.random.default_rng(0)
        for number in np.unique(task):
            own = rng.permutation(np.flatnonzero(task == number))
            tested[own[: len(own) // 2]] = True
    for number in np.unique(task):
        own = tested[task == number]
        if own.all() or not own.any():
            raise ParameterError(
                f"{where}: task {number + 1} has trials to fit or to test alone: it needs both"
            )
    return np.asarray(tested)
