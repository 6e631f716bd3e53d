"""Representations in files: NumPy, safetensors, Parquet, CSV and HDF5. Never pickle.

| file | values | ids of the items |
|---|---|---|
| `.npy` | the array | beside it `NAME.ids.txt`, `NAME.ids.csv` or `file_names.txt` |
| `.npz` | under `features`, `embeddings`, the named key or the only one | under `ids` |
| `.safetensors` | the same | metadata `ids` (JSON), or beside it |
| `.parquet`, `.csv` | list column `embedding`, or number columns `0`.., `dim_0`.. | column `id` |
| `.h5` | as `.npz`; files of rsatoolbox as they are | dataset or attribute `ids` |

Where items were measured repeatedly, `repeat` stands wherever the ids do, and says of every row
which repeat it is from: a column beside `id`, a key or metadata beside `ids`.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.errors import RepresentationError
from hybridrep.parameters import shown, where_looked

KEYS = ("features", "embeddings", "embedding", "measurements", "dissimilarities")
"""What the values are looked for under, in this order."""
ID_COLUMNS = ("id", "stimulus_id", "item")
REPEAT = "repeat"
"""What says which repeat a row is from."""
PICKLES = {".pt", ".pth", ".bin", ".pkl", ".pickle", ".joblib"}
"""Endings of files that run code when they are read."""
_MAGIC = b"\x93NUMPY"
"""What a `.npy` file begins with."""
_DIMENSION = re.compile(r"(?:dim_?)?(\d+)")


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds: values as they stand there, ids if it has some, columns of the items.

    `repeats` says of every row which repeat it is from, where the file does.
    """

    values: np.ndarray
    ids: list[str] | None = None
    items: pd.DataFrame = field(default_factory=pd.DataFrame)
    table: pd.DataFrame | None = None  # of a table without vectors: judgements
    repeats: list[str] | None = None


def read_file(path: Path, key: str = "", *, judgements: bool = False) -> Content:
    """Read a file of values, or a table of judgements.

    Args:
        path: the file; its ending says what it is.
        key: the array of a file of several.
        judgements: whether it holds a table of judgements, with columns as they are.

    Raises:
        RepresentationError: it is missing, of a kind that is not read, damaged, a pickle, or holds
            no values; the message names the file and what to do.
    """
    if path.suffix.lower() in PICKLES:
        raise RepresentationError(_pickle_advice(path))
    if path.suffix.lower() not in _READERS:
        known = ", ".join(sorted(_READERS))
        named = "no file is named" if path == Path() else str(path)
        raise RepresentationError(f"{named}: files of values end in {known}")
    if not path.is_file():
        raise RepresentationError(f"{path}: there is no such file.{where_looked(path)}")
    if judgements:
        return Content(np.empty(0), table=_table(path))
    try:
        found = _READERS[path.suffix.lower()](path, key)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, ValueError) and _is_pickle(path, str(error)):
            raise RepresentationError(_pickle_advice(path)) from None
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RepresentationError(f"{path}: cannot be read: {reason}") from None
    if found.ids is None:
        ids, repeats = _beside(path)
        found = replace(found, ids=ids, repeats=found.repeats or repeats)
    return found


def _is_pickle(path: Path, reason: str) -> bool:
    """Tell whether NumPy refused Python objects; whatever it does not know it calls a pickle."""
    return reason.startswith("Object arrays") or path.read_bytes()[:1] == b"\x80"


def _pickle_advice(path: Path) -> str:
    name = path.with_suffix("").name
    if path.suffix.lower() in (".npy", ".npz"):
        return (
            f"{path}: holds Python objects (pickle), which run code when they are read; convert it "
            f"where you trust it: numpy.savez({name!r} + '.npz', features=array.astype(float), "
            "ids=ids.astype(str))"
        )
    return (
        f"{path}: is a pickle, which runs code when it is read; convert it where you trust it: "
        "from safetensors.torch import save_file; save_file({'features': "
        f"torch.load({path.name!r}, weights_only=True)}}, {name + '.safetensors'!r})"
    )


def ids_beside(path: Path) -> Path | None:
    """Return the file of ids that stands beside another, if there is one."""
    places = (
        path.with_name(f"{path.stem}.ids.txt"), path.with_name(f"{path.stem}.ids.csv"),
        path.with_name("file_names.txt"),
    )  # fmt: skip
    return next((place for place in places if place.is_file()), None)


def _beside(path: Path) -> tuple[list[str] | None, list[str] | None]:
    """Return the ids of a file that stands beside another, one a line, and their repeats."""
    place = ids_beside(path)
    if place is None:
        return None, None
    try:
        if place.suffix == ".csv":
            table = pd.read_csv(place, dtype=str, keep_default_na=False)
            repeats = _labels(table[REPEAT]) if REPEAT in table.columns else None
            return [str(each) for each in table[_id_column(table, place)]], repeats
        return place.read_text("utf-8").splitlines(), None
    except UnicodeDecodeError as error:
        raise RepresentationError(
            f"{place}: byte 0x{error.object[error.start]:02x} is not UTF-8: save it as UTF-8"
        ) from None
    except (OSError, ValueError) as error:
        raise RepresentationError(f"{place}: cannot be read: {error}") from None


def _id_column(table: pd.DataFrame, path: Path) -> str:
    found = next((name for name in ID_COLUMNS if name in table.columns), None)
    if found is None:
        if len(table.columns) == 1:
            return str(table.columns[0])
        raise RepresentationError(f"{path}: has no column of ids ({', '.join(ID_COLUMNS)})")
    return found


def _chosen(names: list[str], key: str, path: Path) -> str:
    """Return the array of a file that holds the values."""
    if key:
        if key not in names:
            raise RepresentationError(
                f"{path}: has no array {shown(key)}; there are {', '.join(names) or 'none'}"
            )
        return key
    usual = next((each for each in KEYS if each in names), None)
    others = [name for name in names if name not in ("ids", REPEAT)]
    if usual is None and len(others) != 1:
        raise RepresentationError(
            f"{path}: holds {', '.join(others) or 'no arrays'}: name the one with the values, e.g. "
            f"{path.name}:{others[0] if others else 'features'}"
        )
    return usual or others[0]


def _texts(values: Any) -> list[str]:
    return [
        e.decode("utf-8") if isinstance(e, bytes) else str(e) for e in np.asarray(values).ravel()
    ]


def _labels(column: pd.Series) -> list[str]:
    """Return a column of repeats; what is missing is empty."""
    return ["" if missing else str(e) for e, missing in zip(column, column.isna(), strict=True)]


def _npy(path: Path, key: str) -> Content:
    with path.open("rb") as file:
        start = file.read(6)
        if start.startswith(b"PK"):
            raise ValueError("it is an archive of arrays: let its name end in .npz")
        if not start.startswith(_MAGIC) and not start.startswith(b"\x80"):
            raise ValueError("it is no file of NumPy, or its start is damaged")
    try:
        return Content(np.load(path, allow_pickle=False))
    except ValueError as error:
        if "max_header_size" in str(error):
            raise ValueError("its header is damaged: write it anew") from None
        raise


def _npz(path: Path, key: str) -> Content:
    # NumPy leaves a damaged archive open that it has opened itself
    with path.open("rb") as file:
        if file.read(6) == _MAGIC:
            raise ValueError("it is a single array: let its name end in .npy")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        values = arrays[_chosen(list(arrays.files), key, path)]
        ids, repeats = (
            _texts(arrays[name]) if name in arrays.files else None for name in ("ids", REPEAT)
        )
        return Content(values, ids, repeats=repeats)


def _safetensors(path: Path, key: str) -> Content:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as tensors:
            values = tensors.get_tensor(_chosen(list(tensors.keys()), key, path))
            told = tensors.metadata() or {}
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    ids, repeats = (_listed(told[name], name) if name in told else None for name in ("ids", REPEAT))
    return Content(values, ids, repeats=repeats)


def _listed(text: str, name: str) -> list[str]:
    """Return a list that metadata hold as JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise ValueError(f'its metadata {name!r} is no list in JSON, such as ["first", "second"]')
    return [str(each) for each in found]


def _table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise RepresentationError(f"{path}: cannot be read: {error}") from None


def _columns(path: Path, key: str) -> Content:
    """Read vectors out of a table: a column of lists, or a column a dimension."""
    table = _table(path)
    named = {str(name): name for name in table.columns}
    ids = next((name for name in ID_COLUMNS if name in named), None)
    lists = key or next((n for n in ("embedding", "embeddings", "features") if n in named), "")
    if lists:
        if lists not in named:
            raise RepresentationError(f"{path}: has no column {shown(lists)}")
        used, values = [lists], _stacked(table[named[lists]], path)
    else:
        found = sorted((int(m[1]), name) for name in named if (m := _DIMENSION.fullmatch(name)))
        used = [name for _, name in found]
        if [number for number, _ in found] not in (
            list(range(len(found))), list(range(1, len(found) + 1)),
        ) or not found:  # fmt: skip
            if found:
                raise RepresentationError(
                    f"{path}: has {len(found)} columns of numbers, from {used[0]} to {used[-1]}: "
                    "a column a dimension counts from 0 or 1 without a gap, none twice"
                )
            raise RepresentationError(
                f"{path}: has neither a column `embedding` of lists nor a column a dimension "
                "(`0`, `1`, ... or `dim_0`, ...)"
            )
        values = _numbers(table[[named[name] for name in used]], path)
    rest = [named[name] for name in named if name not in used and name not in (ids, REPEAT)]
    items = table[rest].astype(str).rename(columns=str)
    repeats = _labels(table[named[REPEAT]]) if REPEAT in named else None
    own = None if ids is None else _texts(table[named[ids]])
    return Content(values, own, items, repeats=repeats)


def _stacked(column: pd.Series, path: Path) -> np.ndarray:
    rows: list[np.ndarray] = []
    for number, entry in enumerate(column, 1):
        try:
            row = np.asarray(json.loads(entry) if isinstance(entry, str) else entry, np.float64)
        except (TypeError, ValueError):
            raise RepresentationError(f"{path}, row {number}: is no list of numbers") from None
        if row.ndim != 1 or (rows and len(row) != len(rows[0])):
            raise RepresentationError(
                f"{path}, row {number}: has {row.size} numbers, row 1 {len(rows[0]) if rows else 0}"
            )
        rows.append(row)
    return np.stack(rows) if rows else np.empty((0, 0))


def _numbers(table: pd.DataFrame, path: Path) -> np.ndarray:
    converted = table.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    told = table.isna().to_numpy() | table.astype(str).isin(["", "nan", "NaN", "NA"]).to_numpy()
    if (wrong := np.argwhere(np.isnan(converted) & ~told)).size:
        row, column = (int(each) for each in wrong[0])
        raise RepresentationError(
            f"{path}, row {row + 1}, column {table.columns[column]}: "
            f"{shown(table.iloc[row, column])} is no number"
        )
    return converted


def _h5(path: Path, key: str) -> Content:
    try:
        import h5py
    except ImportError:
        raise RepresentationError(
            f"{path}: reading HDF5 needs h5py: pip install 'hybridrep[h5]'"
        ) from None
    with h5py.File(path, "r") as file:
        arrays = [name for name, each in file.items() if isinstance(each, h5py.Dataset)]
        chosen = file[_chosen(arrays, key, path)]
        values = np.asarray(chosen)
        places: tuple[Any, ...] = (file, chosen.attrs, file.attrs)
        names: tuple[str, ...] = ("ids",)
        if "rsatoolbox_version" in file.attrs:
            groups = ("obs_descriptors", "pattern_descriptors")
            places = tuple(each for g in groups if g in file for each in (file[g], file[g].attrs))
            names = (*ID_COLUMNS, "conds", "stimulus", "stim", "index")  # the last if no better
        return Content(values, _told(places, names), repeats=_told(places, (REPEAT,)))


def _told(places: tuple[Any, ...], names: tuple[str, ...]) -> list[str] | None:
    """Return what the first of some names holds in the first of some places that has it."""
    for name in names:
        for place in places:
            if name in place:
                return _texts(np.asarray(place[name]))
    return None


_READERS: Mapping[str, Callable[[Path, str], Content]] = {
    ".npy": _npy, ".npz": _npz, ".safetensors": _safetensors, ".parquet": _columns,
    ".csv": _columns, ".h5": _h5, ".hdf5": _h5,
}  # fmt: skip
ENDINGS = frozenset(_READERS)
"""Endings of files of values."""
