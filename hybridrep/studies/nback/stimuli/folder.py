"""A user's own images: a folder in one of three layouts, and how it is divided.

1. `metadata.csv`, `.tsv` or `.parquet` with the columns `file, category, identity, view` and, if
   wanted, `split`; 2. the folder that iWISDM makes of ShapeNet: `train/`, `val/`, `test/`, each
with a CSV of its own; 3. `CATEGORY/IDENTITY/VIEW.png`. They are looked for in this order.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from hybridrep.errors import StimuliError
from hybridrep.messages import escaped
from hybridrep.parameters import where_looked
from hybridrep.studies.nback.inputs import Objects
from hybridrep.studies.nback.names import SPLITS, Split
from hybridrep.studies.nback.stimuli.pictures import ENDINGS, read_patch
from hybridrep.studies.nback.stimuli.render import SIDE
from hybridrep.studies.nback.stimuli.shapes import NOVEL

TABLES = ("metadata.csv", "metadata.tsv", "metadata.parquet")
COLUMNS = ("file", "category", "identity", "view")
SHAPENET: dict[str, Split] = {"train": "train", "val": "val_angle", "test": "val_identity"}
"""The splits of iWISDM's folder."""

SHAPENET_COLUMNS = ("ctg_mod", "obj_mod", "ang_mod", "ref")
LEAST_VIEWS = 2
"""Of each object in each split: decoders are tested on other views than they are fitted to."""

_THIRD = 3
"""Of an object's views every third, in their order, is new to the networks."""


@dataclass(frozen=True)
class Picture:
    """An image file and what it shows."""

    file: Path
    category: str
    identity: str
    view: str
    split: str  # empty: to be divided
    where: str  # what names it, for messages


@dataclass(frozen=True, eq=False)
class FolderSet:
    """One split of a folder."""

    objects: Objects
    patches: UInt8[np.ndarray, "patches side side 4"]


def read_folder(
    folder: Path, categories: int, identities: int
) -> tuple[tuple[FolderSet, ...], str]:
    """Return the three splits of a user's folder, and the fingerprint of pixels and labels.

    The first `categories` by name are taken, and of each the first `identities` objects to train
    on and the next two as novel ones. Numbers in names count as numbers: `view 2` comes before
    `view 10`.

    Raises:
        StimuliError: in none of the layouts; an image, a row or a column is at fault, which the
            message names; or too few categories, identities or views.
    """
    if not folder.is_dir():
        raise StimuliError(
            f"There is no folder of stimuli {escaped(str(folder))}.{where_looked(folder)}"
        )
    pictures = _pictures(folder)
    _refuse_repeated(pictures)
    if not any(picture.split for picture in pictures):
        pictures = divided(pictures, identities)
    chosen = [_chosen(pictures, split, categories, identities, folder) for split in SPLITS]
    _check_angles(chosen)
    digest = hashlib.sha256()
    sets = []
    for split, some in zip(SPLITS, chosen, strict=True):
        objects = _objects(some)
        patches = np.stack([read_patch(each.file, SIDE, each.where) for each in some])
        digest.update(repr((split, objects)).encode())
        digest.update(np.ascontiguousarray(patches).tobytes())
        sets.append(FolderSet(objects, patches))
    return tuple(sets), digest.hexdigest()


def divided(pictures: Sequence[Picture], identities: int) -> list[Picture]:
    """Give pictures without a split theirs.

    Of a category's objects the first `identities` are trained on, the next two novel; of an
    object's views every third is kept for `val_angle`, and novel objects are shown from those.
    """
    made = []
    for category in _names(each.category for each in pictures):
        of_category = [each for each in pictures if each.category == category]
        for rank, identity in enumerate(_names(each.identity for each in of_category)):
            views = sorted((each for each in of_category if each.identity == identity),
                           key=lambda each: _natural(each.view))  # fmt: skip
            for place, picture in enumerate(views):
                unseen = place % _THIRD == _THIRD - 1
                if rank < identities:
                    made.append(replace(picture, split="val_angle" if unseen else "train"))
                elif rank < identities + NOVEL and unseen:
                    made.append(replace(picture, split="val_identity"))
    return made


def _pictures(folder: Path) -> list[Picture]:
    tables = [folder / name for name in TABLES if (folder / name).exists()]
    if len(tables) > 1:
        names = " and ".join(table.name for table in tables)
        raise StimuliError(f"The folder {escaped(str(folder))} has {names}: keep one of them.")
    if tables:
        pictures = list(_of_table(tables[0]))
        _check_splits(pictures)
        return pictures
    if all((folder / name).is_dir() for name in SHAPENET) and any(
        list((folder / name).glob("*.csv")) for name in SHAPENET
    ):
        return [each for name in SHAPENET for each in _of_shapenet(folder / name)]
    pictures = list(_of_folders(folder))
    if not pictures:
        raise StimuliError(
            f"The folder {escaped(str(folder))} has none of the layouts that are read: "
            f"{TABLES[0]} (or .tsv, .parquet) with the columns {', '.join(COLUMNS)}; train/, val/ "
            "and test/ with a CSV each, as iWISDM writes them; or CATEGORY/IDENTITY/VIEW.png."
        )
    return pictures


def _of_table(table: Path) -> Iterator[Picture]:
    """Read layout 1."""
    header, rows = _rows(table)
    _check_columns(table, header, COLUMNS)
    has_split = "split" in header
    for number, row in rows:
        where = f"{escaped(str(table))}, row {number}"
        for column in COLUMNS:
            if not row[column]:
                raise StimuliError(f"{where}, column {column}: it is empty.")
        split = row["split"] if has_split else ""
        if has_split and split not in SPLITS:
            raise StimuliError(
                f"{where}, column split: {split!r} is none of {', '.join(SPLITS)}; leave the "
                "column out to have the images divided."
            )
        path = PurePosixPath(row["file"].replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise StimuliError(f"{where}, column file: {row['file']!r} leads out of the folder.")
        yield Picture(table.parent / path, row["category"], row["identity"], row["view"], split,
                      f"{where}, column file")  # fmt: skip


def _of_shapenet(folder: Path) -> Iterator[Picture]:
    """Read one split of layout 2; a pickled table beside its CSV is left alone."""
    tables = [table for table in sorted(folder.glob("*.csv")) if folder.name in table.name]
    if len(tables) != 1:
        raise StimuliError(
            f"The folder {escaped(str(folder))} needs one CSV with {folder.name!r} in its name, "
            f"as iWISDM writes it; it has {len(tables)}."
        )
    header, rows = _rows(tables[0])
    _check_columns(tables[0], header, SHAPENET_COLUMNS)
    for number, row in rows:
        where = f"{escaped(str(tables[0]))}, row {number}"
        for column in SHAPENET_COLUMNS:
            if not row[column]:
                raise StimuliError(f"{where}, column {column}: it is empty.")
        if "/" in row["ref"] or "\\" in row["ref"] or row["ref"] in (".", ".."):
            raise StimuliError(f"{where}, column ref: {row['ref']!r} is no name of a folder.")
        yield Picture(
            folder / row["ref"] / "image.png", row.get("ctg") or row["ctg_mod"], row["obj_mod"],
            row["ang_mod"], SHAPENET[folder.name], f"{where}, column ref",
        )  # fmt: skip


def _of_folders(folder: Path) -> Iterator[Picture]:
    """Read layout 3."""
    for category in _subfolders(folder):
        for identity in _subfolders(category):
            for file in sorted(identity.iterdir()):
                if file.suffix.lower() in ENDINGS and not file.name.startswith("."):
                    yield Picture(file, category.name, identity.name, file.stem, "", "")


def _subfolders(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.iterdir())
            if each.is_dir() and not each.name.startswith(".")]  # fmt: skip


def _rows(table: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Return a table's columns, and its rows with their numbers as an editor shows them."""
    name = escaped(str(table))
    try:
        if table.suffix == ".parquet":
            frame = pd.read_parquet(table, engine="pyarrow").fillna("").astype(str)
            header = [str(each) for each in frame.columns]
            lines = [header, *frame.to_numpy().tolist()]
        else:
            text = table.read_text(encoding="utf-8-sig")
            separator = "\t" if table.suffix == ".tsv" else ","
            lines = list(csv.reader(text.splitlines(), delimiter=separator, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise StimuliError(f"The table {name} cannot be read: {error}") from error
    if len(lines) < 2:
        raise StimuliError(f"The table {name} has no rows.")
    header = [each.strip() for each in lines[0]]

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        for number, line in enumerate(lines[1:], 2):
            if not line:
                continue
            if len(line) != len(header):
                raise StimuliError(
                    f"{name}, row {number}: it has {len(line)} values, the header {len(header)}."
                )
            yield number, {k: v.strip() for k, v in zip(header, line, strict=True)}

    return header, rows()


def _check_columns(table: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    name = escaped(str(table))
    if twice := [each for each in dict.fromkeys(header) if header.count(each) > 1]:
        raise StimuliError(f"The table {name} has the column {twice[0]!r} twice.")
    if missing := [each for each in needed if each not in header]:
        raise StimuliError(
            f"The table {name} lacks the column {missing[0]!r}; it has {', '.join(header)}."
        )


def _refuse_repeated(pictures: Sequence[Picture]) -> None:
    """Refuse a view of an object that is there twice."""
    seen: dict[tuple[str, ...], Picture] = {}
    for each in pictures:
        key = (each.split, each.category, each.identity, each.view)
        if key in seen:
            raise StimuliError(
                f"{each.where or escaped(str(each.file))}: the view {each.view!r} of "
                f"{each.category}/{each.identity} is there twice, first "
                f"{seen[key].where or escaped(str(seen[key].file))}."
            )
        seen[key] = each


def _check_splits(pictures: Sequence[Picture]) -> None:
    """Refuse a novel object that is trained on; iWISDM alone numbers objects anew in each split."""
    known = ("train", "val_angle")
    trained = {(each.category, each.identity) for each in pictures if each.split in known}
    for each in pictures:
        if each.split == "val_identity" and (each.category, each.identity) in trained:
            raise StimuliError(
                f"{each.where}: {each.category}/{each.identity} is in the split val_identity and "
                "in another; objects of val_identity must be new."
            )


def _chosen(
    pictures: Sequence[Picture], split: Split, categories: int, identities: int, folder: Path
) -> list[Picture]:
    """Return a split's pictures of the objects that are used, in the order of their numbers."""
    kinds = _names(each.category for each in pictures)
    place = escaped(str(folder))
    if len(kinds) < categories:
        raise StimuliError(
            f"The folder {place} has {len(kinds)} categories ({', '.join(kinds[:8])}), "
            f"{categories} are asked for: set categories={max(2, len(kinds))}, or add some."
        )
    wanted = NOVEL if split == "val_identity" else identities
    found = []
    for kind in kinds[:categories]:
        of_kind = [each for each in pictures if each.category == kind and each.split == split]
        objects = _names(each.identity for each in of_kind)
        if len(objects) < wanted:
            raise StimuliError(
                f"The folder {place} has {len(objects)} identities of the category {kind!r} for "
                f"the split {split}, {wanted} are needed: {identities} to train on "
                f"(identities={identities}) and {NOVEL} novel ones."
            )
        for identity in objects[:wanted]:
            views = sorted((each for each in of_kind if each.identity == identity),
                           key=lambda each: _natural(each.view))  # fmt: skip
            if len(views) < LEAST_VIEWS:
                raise StimuliError(
                    f"The folder {place} has {len(views)} views of {kind}/{identity} for the split "
                    f"{split}; at least {LEAST_VIEWS} are needed (every third view of an object, "
                    "unless a column says the split)."
                )
            found += views
    return found


def _check_angles(chosen: Sequence[Sequence[Picture]]) -> None:
    """Refuse novel angles of other objects than those that are trained on."""
    trained, angles = ({(each.category, each.identity) for each in some} for some in chosen[:2])
    if other := sorted(trained ^ angles):
        raise StimuliError(
            f"{'/'.join(other[0])} is in only one of the splits train and val_angle; both show the "
            "same objects, from different sides."
        )


def _objects(pictures: Sequence[Picture]) -> Objects:
    kinds = list(dict.fromkeys(each.category for each in pictures))
    objects = list(dict.fromkeys((each.category, each.identity) for each in pictures))
    views = [sum((e.category, e.identity) == each for e in pictures) for each in objects]
    return Objects(
        tuple(kinds), tuple("/".join(each) for each in objects),
        tuple(kinds.index(category) for category, _ in objects), tuple(views),
    )  # fmt: skip


def _names(names: Iterator[str]) -> list[str]:
    """Return each name once, in natural order."""
    return sorted(set(names), key=_natural)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts)
