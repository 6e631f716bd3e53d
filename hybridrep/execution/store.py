"""The store: finished results in a folder, found by the hash of everything they depend on.

Layout: `ROOT/STAGE/KK/KEY/`, KK being the key's first two digits, with a `manifest.json` and
plain data files. `ROOT/.tmp` holds what is being written, `ROOT/.quarantine` what was found
damaged. Several processes and machines may use one store at the same time: a result appears
whole or not at all, and never changes afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.errors import StoreError
from hybridrep.execution import disk
from hybridrep.execution.code_version import code_version
from hybridrep.execution.encoding import encode
from hybridrep.execution.fingerprint import is_key
from hybridrep.execution.manifest import DamagedError, is_stage
from hybridrep.execution.stored import StoredResult, manifest_bytes, read_verified, survey
from hybridrep.execution.temporary import Scratch

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """A folder of finished results.

    Making one touches no disk: the folder is made with the first result. Cheap to copy and to
    send to another process, which must see the same folder under the same path.

    Attributes:
        root: the folder, made absolute.
        expected_seconds: the estimate that goes beside the real time of what is written. Like the
            listener no part of equality: what is kept by store serves tasks of all stages.
        listener: told the key of each result written through this object; stays in the process.
        scratch: where results go instead, to be read beside the others until this object is gone.
    """

    root: Path
    expected_seconds: float = field(default=0.0, compare=False)
    listener: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    scratch: Scratch | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).expanduser().absolute())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Store, (self.root, self.expected_seconds))

    def has(self, key: str) -> bool:
        """Tell whether the result is there and intact.

        Its files are hashed the first time a process asks. A damaged result is moved to the
        quarantine folder, with a warning, and counts as missing.

        Raises:
            StoreError: not a key; or the folder may not be read.
        """
        return self._find(key) is not None

    def open(self, key: str) -> StoredResult:
        """Return a finished result, verified as by `has`."""
        result = self._find(key)
        if result is None:
            raise StoreError(
                f"the store {self.root} has no intact result {key}: run the same command again, "
                "what is missing will be made."
            )
        return result

    def write(
        self, key: str, *, stage: str, inputs: Mapping[str, Any],
        arrays: Mapping[str, Mapping[str, np.ndarray]] | None = None,
        tables: Mapping[str, pd.DataFrame] | None = None, files: Mapping[str, bytes] | None = None,
        meta: Mapping[str, Any] | None = None, code: Collection[str] = (), seconds: float,
    ) -> None:  # fmt: skip
        """Store a result: all of it, or nothing when it fails or the process dies.

        Where an intact result of that key is there already, also one written meanwhile by
        another process, this one is dropped: equal keys mean equal results.

        Args:
            key: from `content_key`.
            stage: lower-case name; results are listed and pruned by it.
            arrays: name -> arrays that are read together (numbers or booleans, any shape).
            files: file name -> content, in a format that runs no code when read.
            code: the modules whose `code_version` is in the key, so that results of older code
                can be told from those that are still used.

        Raises:
            StoreError: a bad name or type, or the disk is full, read-only or forbidden.
        """
        if not is_stage(stage):
            raise StoreError(f"{stage!r} is no stage name: use a-z, 0-9, _ and -")
        place = self._target / stage / self._checked(key)[:2] / key
        if self.has(key):
            return
        content = {
            "key": key, "stage": stage, "inputs": inputs, "meta": meta or {},
            "code": {name: code_version(name) for name in code}, "seconds": float(seconds),
            "expected_seconds": float(self.expected_seconds),
        }  # fmt: skip
        data = encode(arrays or {}, tables or {}, files or {})
        try:
            manifest = manifest_bytes(content, data, datetime.now(UTC))
        except (TypeError, ValueError) as error:
            raise StoreError(f"a {stage} result cannot be described: {error}") from error
        everything = {**data, "manifest.json": manifest}
        with disk.explained(self._target, f"writing a {stage} result"):
            if not disk.write_folder(place, everything, self.temporary) and not self.has(key):
                # What stood there was damaged, and `has` has moved it away.
                disk.write_folder(place, everything, self.temporary)
        if self.listener is not None:
            self.listener(key)

    def untouched(self) -> Store:
        """Return the same store for a look: what is written through it leaves nothing behind."""
        return replace(self, scratch=Scratch())

    def entries(self) -> pd.DataFrame:
        """Return one row per result, oldest first: stage, key, created, seconds, ...

        Columns: those of `listing.COLUMNS`. Only manifests are read, so this is fast; results
        that cannot be read are left out.
        """
        return survey(self._folders())[0]

    def prune(
        self, older_than: timedelta | None = None, stages: Collection[str] | None = None,
        keep: Collection[str] = frozenset(), outdated: bool = False, dry_run: bool = False,
    ) -> pd.DataFrame:  # fmt: skip
        """Remove results, and whatever dead processes and damaged results have left behind.

        A result that is being read by another process is safe to remove: at worst that process
        says that it is missing, and it is made again.

        Args:
            older_than: only what is older; None = of any age.
            stages: only results of these stages; None = of all.
            outdated: only results of code that has changed since, which are never used again.

        Returns:
            One row for everything removed: kind (`result`, `damaged`, `left over`), stage, key,
            created, bytes, path.
        """
        before = datetime.now(UTC) - (older_than or timedelta(0))
        table, damaged = survey(self._folders())
        wanted = (table["created"] <= before) & ~table["key"].isin(list(keep))
        if stages is not None:
            wanted &= table["stage"].isin(list(stages))
        if outdated:
            wanted &= table["outdated"]
        rows: list[tuple[Any, ...]] = [
            ("result", *row)
            for row in table.loc[wanted, ["stage", "key", "created", "bytes", "path"]].itertuples(
                index=False, name=None
            )
        ]
        for kind, stage, folder in self._remains(damaged):
            if stage and (folder.name in keep or (stages is not None and stage not in stages)):
                continue
            with contextlib.suppress(FileNotFoundError):  # removed by another process meanwhile
                created = datetime.fromtimestamp(folder.lstat().st_mtime, UTC)
                size = disk.folder_bytes(folder)
                if kind == "left over" or created <= before:
                    rows.append((kind, stage, folder.name, created, size, folder))
        if not dry_run:
            self._remove([row[-1] for row in rows])
        return pd.DataFrame(rows, columns=["kind", "stage", "key", "created", "bytes", "path"])

    def sweep(self) -> None:
        """Remove what dead processes have left half-written."""
        with disk.explained(self.root, "looking for what is left over"):
            found = list(disk.left_over(self.temporary))
        self._remove(found)

    def check_writable(self) -> None:
        """Find out before long work whether results could be stored."""
        probe = self.temporary / "probe"
        with disk.explained(self.root, "trying to write"):
            disk.write_folder(probe, {"probe": b"x" * 4096}, self.temporary)
            disk.remove_folder(probe, self.temporary)

    def check_makeable(self) -> None:
        """Find out without leaving a trace whether results could be stored."""
        nearest = next(path for path in (self.root, *self.root.parents) if path.exists())
        with disk.explained(self.root, "looking whether it can be written"):
            if not nearest.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
            if not os.access(nearest, os.W_OK | os.X_OK):
                readonly = bool(os.statvfs(nearest).f_flag & os.ST_RDONLY)
                code = errno.EROFS if readonly else errno.EACCES
                raise OSError(code, os.strerror(code), str(nearest))

    @property
    def temporary(self) -> Path:
        """Where results are put together before they appear."""
        return self._target / ".tmp"

    @property
    def _target(self) -> Path:
        """Where results are written."""
        return self.root if self.scratch is None else self.scratch.folder

    def _checked(self, key: str) -> str:
        if not is_key(key):
            raise StoreError(f"{key!r} is no key of a result: 64 digits 0-9 and a-f are expected")
        return key

    def _find(self, key: str) -> StoredResult | None:
        self._checked(key)
        roots = [self.root] if self.scratch is None else [self.root, self.scratch.folder]
        for place, stage in ((root, name) for root in roots for name in _names(root)):
            folder = place / stage / key[:2] / key
            try:
                if folder.is_dir():
                    return read_verified(folder)
            except FileNotFoundError:  # removed between two looks
                continue
            except DamagedError as error:
                self._quarantine(folder, stage, str(error))
            except OSError as error:
                if error.errno != errno.EIO:
                    raise disk.explain(error, self.root, "reading a result") from error
                self._quarantine(folder, stage, str(error))
        return None

    def _quarantine(self, folder: Path, stage: str, why: str) -> None:
        target = self.root / ".quarantine" / f"{stage}-{folder.name}-{time.time_ns()}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(target)
            moved = f"moved to {target}"
        except FileNotFoundError:
            return  # another process was faster
        except OSError as error:
            moved = f"it could not be moved away ({error})"
        _logger.warning(
            "the stored %s result %s is damaged: %s; %s. It will be made again.", stage,
            folder.name[:12], why, moved,
        )  # fmt: skip

    def _folders(self) -> Iterator[Path]:
        for stage in _subfolders(self.root):
            for prefix in _subfolders(stage):
                yield from (f for f in _subfolders(prefix) if is_key(f.name))

    def _remains(self, damaged: Collection[Path]) -> list[tuple[str, str, Path]]:
        """Return kind, stage (where it has one) and folder of all that is no good result."""
        with disk.explained(self.root, "looking for what is left over"):
            return [
                *(("damaged", f.parent.parent.name, f) for f in damaged),
                *(("damaged", "", f) for f in _subfolders(self.root / ".quarantine")),
                *(("left over", "", f) for f in disk.left_over(self.temporary)),
            ]

    def _remove(self, folders: Collection[Path]) -> None:
        with disk.explained(self.root, "removing results"):
            for folder in folders:
                disk.remove_folder(folder, self.temporary)


def _subfolders(folder: Path) -> list[Path]:
    """Return the visible folders in a folder by name; none if it does not exist."""
    return [folder / name for name in _names(folder)]


def _names(folder: Path) -> list[str]:
    """Return the names of the visible folders in a folder, sorted; none if it does not exist."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not e.name.startswith(".") and _is_folder(e))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise disk.explain(error, folder, "listing results") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one; a link to itself is none."""
    return Path(entry).is_dir() if entry.is_symlink() else entry.is_dir()
