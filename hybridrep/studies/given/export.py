"""A comparison as files for other packages: rsatoolbox, netrep, and CSV."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from hybridrep.analysis.dissimilarity import dissimilarities
from hybridrep.errors import ParameterError
from hybridrep.studies.given.comparison import Comparison
from hybridrep.studies.given.map import shape_angles

RSATOOLBOX = "0.3.2"
"""The version whose layout of files is written."""


def exports(found: Comparison, names: Sequence[str]) -> dict[str, bytes]:
    """Return the files of some exports by their artifact path.

    Raises:
        ParameterError: rsatoolbox's need h5py, which is not installed.
    """
    files: dict[str, bytes] = {}
    if "csv" in names:
        for name, table in found.tables.items():
            files[f"export/{name}.csv"] = table.to_csv(index=False).encode()
    if "netrep" in names:
        files["export/netrep.npz"] = netrep(found)
    if "rsatoolbox" in names:
        files["export/rsatoolbox.h5"] = rsatoolbox(found)
    return files


def netrep(found: Comparison) -> bytes:
    """Return arrays `train_0`, ... of the same rows, `names`, and `shape_angle` of all pairs."""
    vectors = [one for one in found.given.representations if one.kind == "vectors"]
    apart = shape_angles([one.values for one in vectors])
    buffer = io.BytesIO()
    arrays = {f"train_{index}": one.values for index, one in enumerate(vectors)}
    names = np.array([one.name for one in vectors])
    np.savez(buffer, allow_pickle=False, names=names, shape_angle=apart, **arrays)
    return buffer.getvalue()


def rsatoolbox(found: Comparison) -> bytes:
    """Return all representations' dissimilarities (cosine of vectors) as rsatoolbox saves RDMs.

    `dissimilarities` holds one upper triangle a representation, row by row.
    """
    if find_spec("h5py") is None:
        raise ParameterError("parameter export: rsatoolbox needs h5py: pip install 'hybridrep[h5]'")
    import h5py

    items = len(found.given.ids)
    above = np.triu_indices(items, 1)
    rows = []
    for one in found.given.representations:
        if one.kind == "vectors":
            matrix = np.zeros((items, items))
            lower = np.tril_indices(items, -1)
            matrix[lower] = dissimilarities(one.values, "cosine")
            matrix += matrix.T
        else:
            matrix = one.values.mean(axis=0)
        rows.append(matrix[above])
    names = [one.name for one in found.given.representations]
    seeds = [one.seed for one in found.given.representations]
    groups = [one.group for one in found.given.representations]
    text = h5py.string_dtype()
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        path = Path(folder, "rdms.h5")
        with h5py.File(path, "w") as file:
            file.attrs["rsatoolbox_version"] = RSATOOLBOX
            file["dissimilarities"] = np.stack(rows)
            file.create_group("descriptors").attrs["source"] = "hybridrep"
            of_rdms = file.create_group("rdm_descriptors")
            of_rdms.create_dataset("name", data=names, dtype=text)
            of_rdms.create_dataset("group", data=groups, dtype=text)
            of_rdms["seed"], of_rdms["index"] = np.array(seeds), np.arange(len(names))
            of_items = file.create_group("pattern_descriptors")
            of_items.create_dataset("id", data=list(found.given.ids), dtype=text)
            of_items["index"] = np.arange(items)
            file.attrs["dissimilarity_measure"] = "cosine"
        return path.read_bytes()
