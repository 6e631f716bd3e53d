"""A finished study as one file: its tables and report, to be passed on and opened elsewhere.

A zip archive. `study.json` says what it is and names every other file with its SHA-256; tables lie
in it as they do in a study's run. What is read is read in memory, by the names of that list alone:
nothing is unpacked, and no code is in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from rich.filesize import decimal

import hybridrep
from hybridrep.errors import ParameterError, TablesError
from hybridrep.parameters import resolve_path, where_looked
from hybridrep.tracking.queries import META_FILE, PARTS_FOLDER

SUFFIX = ".zip"
MANIFEST = "study.json"
FORMAT = "hybridrep study"
FORMAT_VERSION = 1
"""Version of the file's layout that this code writes; a later one is refused."""

MOST_BYTES = 2 * 1024**3
"""Of all that is read of a file: a small archive may claim to hold any amount."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that equal studies are equal files."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
"""What a damaged, encrypted or oddly packed archive raises."""


@dataclass(frozen=True)
class StudyFile:
    """A study as its file tells of it."""

    simulation: str
    about: Mapping[str, Any]  # what `study.json` says
    parts: dict[str, pd.DataFrame]
    meta: dict[str, Any]


def names_a_file(study: object) -> bool:
    """Tell whether what names a study is a file: a path, or a text that ends as such files do."""
    return isinstance(study, os.PathLike) or str(study).lower().endswith(SUFFIX)


def check_place(file: Path) -> None:
    """Refuse a place where a study's file cannot be written, before any work.

    Raises:
        ParameterError: it is there already, does not end as such files do, or has no folder.
    """
    if file.suffix.lower() != SUFFIX:
        raise ParameterError(f"parameter to: {str(file)!r} does not end with {SUFFIX}")
    if file.exists() or file.is_symlink():
        raise ParameterError(
            f"parameter to: {str(file)!r} is there already: name another, or remove it first"
        )
    if not file.parent.is_dir():
        raise ParameterError(
            f"parameter to: there is no folder {str(file.parent)!r}: make it first"
        )
    if not os.access(file.parent, os.W_OK):
        raise ParameterError(f"parameter to: nothing can be written into {str(file.parent)!r}")


def place_of(to: str, study: str) -> Path:
    """Return where a study's file shall lie: as asked for, or named after it in this folder.

    Raises:
        ParameterError: it cannot be written there, as `check_place` says.
    """
    file = resolve_path(to or f"{study}.hybridrep{SUFFIX}")
    check_place(file)
    return file


def written(file: Path, study: str, remark: str) -> str:
    """Say for people where a study's file is and how it is opened."""
    return (
        f"The study {study!r} is in {file} ({decimal(file.stat().st_size)}; {remark}). "
        f"Open it with hybridrep.load_study({str(file)!r}), or unpack it and open "
        "report/report.html."
    )


def write_study_file(
    file: Path, simulation: str, parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any],
    files: Mapping[str, bytes | str], *, texts: bool,
) -> None:  # fmt: skip
    """Write a study's tables and further files as one, whole or not at all.

    Args:
        file: where; see `check_place`.
        simulation: which study reads it back.
        parts: its tables by name; `meta`: what they stand on.
        files: what else travels, by its path in the file.
        texts: whether texts of a corpus are among it, which `study.json` says.

    Raises:
        ParameterError: it cannot be written there, or is there by now.
    """
    contents = {path: c.encode() if isinstance(c, str) else c for path, c in files.items()}
    for name, table in parts.items():
        written = io.BytesIO()
        table.to_parquet(written, index=False)
        contents[f"{PARTS_FOLDER}/{name}.parquet"] = written.getvalue()
    for name in ("config", "versions"):
        contents[f"{name}.json"] = _json(meta.get(name, {}))
    contents[f"{PARTS_FOLDER}/{META_FILE}"] = _json(dict(meta))
    about = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "simulation": simulation,
        "study": meta.get("study"), "study_key": meta.get("study_key"),
        "seeds": meta.get("seeds_wanted"), "holds_texts": texts,
        "written_by": f"hybridrep {hybridrep.__version__}",
        "open": f"hybridrep.load_study({file.name!r}); report/report.html in any browser",
        "files": {path: _sha256(contents[path]) for path in sorted(contents)},
    }  # fmt: skip
    try:
        handle, name = tempfile.mkstemp(prefix=".hybridrep-", suffix=SUFFIX, dir=file.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
                _add(archive, MANIFEST, _json(about))
                for path in sorted(contents):
                    _add(archive, path, contents[path])
            part.chmod(0o644)
            _put(part, file)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError as error:
        raise ParameterError(
            f"parameter to: {str(file)!r} is there by now: name another"
        ) from error
    except OSError as error:
        raise ParameterError(
            f"parameter to: {str(file)!r} cannot be written ({error.strerror or error})"
        ) from error


def _put(part: Path, file: Path) -> None:
    """Give a written file its name, never over one that somebody has written meanwhile."""
    try:
        os.link(part, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if file.exists():
            raise FileExistsError(file) from None
        part.rename(file)


def _add(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def read_study_file(file: Path) -> StudyFile:
    """Read what `write_study_file` wrote.

    Raises:
        TablesError: there is no such file, it is no study's, is damaged, or of a newer hybridrep.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            about = _about(archive, file)
            wanted = [path for path in about["files"] if _is_table(path)]
            meta_path = f"{PARTS_FOLDER}/{META_FILE}"
            meta = json.loads(_content(archive, meta_path, about["files"], file))
            parts = {
                PurePosixPath(path).stem: pd.read_parquet(
                    io.BytesIO(_content(archive, path, about["files"], file))
                )
                for path in wanted
            }
    except zipfile.BadZipFile as error:
        raise _foreign(file) if _starts_otherwise(file) else _damaged(file, error) from error
    except _DAMAGE as error:
        raise _damaged(file, error) from error
    except (ValueError, RecursionError) as error:  # JSON's, the decoder's and Parquet's
        raise _damaged(file, error) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise TablesError(
                f"there is no file {str(file)!r}; `export` writes one of a finished study."
                f"{where_looked(file)}"
            ) from error
        raise TablesError(
            f"the file {str(file)!r} cannot be read: {error.strerror or error}"
        ) from error
    if not isinstance(meta, dict):
        raise _damaged(file, "its meta data are no names and values")
    return StudyFile(about["simulation"], about, parts, meta)


def _about(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """Read and check what an archive says of itself."""
    names = archive.namelist()
    if names.count(MANIFEST) != 1:
        raise _foreign(file)
    _check_size([archive.getinfo(MANIFEST)], file)
    about = json.loads(archive.read(MANIFEST))
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise _foreign(file)
    version = about.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise TablesError(
            f"the file {str(file)!r} was written by a newer version ({about.get('written_by')}, "
            f"layout {version}; this one reads {FORMAT_VERSION}): update hybridrep to open it"
        )
    files, simulation = about.get("files"), about.get("simulation")
    if version != FORMAT_VERSION or not isinstance(files, dict) or not isinstance(simulation, str):
        raise _damaged(file, f"{MANIFEST} is not as it was written")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise _damaged(file, f"it holds {doubled[0]!r} twice")
    if lacking := sorted({*files} - {*names}):
        raise _damaged(file, f"it lacks {lacking[0]!r}")
    _check_size([archive.getinfo(name) for name in files], file)
    return about


def _check_size(entries: list[zipfile.ZipInfo], file: Path) -> None:
    if (claimed := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        raise TablesError(
            f"the file {str(file)!r} claims to hold {claimed / 1024**3:,.0f} GB, more than any "
            "study: it is not opened"
        )


def _is_table(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.suffix == ".parquet" and str(pure.parent) == PARTS_FOLDER


def _content(archive: zipfile.ZipFile, path: str, digests: Mapping[str, str], file: Path) -> bytes:
    """Read one file of an archive, which must be what its list says."""
    content = archive.read(path)
    if digests.get(path) != _sha256(content):
        raise _damaged(file, f"{path!r} is not what was written")
    return content


def _starts_otherwise(file: Path) -> bool:
    """Tell whether a file does not even begin as an archive."""
    with file.open("rb") as stream:
        return stream.read(2) != b"PK"


def _foreign(file: Path) -> TablesError:
    return TablesError(
        f"{str(file)!r} is no study that hybridrep has exported; `export` writes one of a "
        "finished study"
    )


def _damaged(file: Path, reason: object) -> TablesError:
    said = str(reason).strip() or type(reason).__name__
    return TablesError(
        f"the study's file {str(file)!r} is damaged ({said}): copy it again, or have it exported "
        "again"
    )


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
