"""What of a hub corpus may reach the `datasets` library: plain data inside the repository.

That library follows a repository's card to any path or address and unpacks every archive,
whatever it is called. So it is given a folder of links to files that were looked at, and a card
that names nothing outside of it.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped

ALTERNATIVES = (
    "Give a local file or folder instead (txt, csv, tsv, jsonl or parquet), or `sample`, the "
    "synthetic corpus that needs no network."
)
DATA_ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl", ".json")
CARD = "README.md"
"""Where a repository says which of its files are what."""

_PACKED = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP", b"PK\x05\x06": "ZIP", b"PK\x07\x08": "ZIP",
    b"\xfd7zXZ\x00": "xz", b"Rar!\x1a\x07": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2", b"7z\xbc\xaf\x27\x1c": "7z", b"\x04\x22\x4d\x18": "LZ4",
}  # fmt: skip
"""The first bytes of archives and packed files."""

_CARD_DEPTH = 3
"""Data files stand no deeper in a card: a list of splits with a list of patterns each."""


def data_files(path: Path) -> list[Path]:
    """Return the data files in a snapshot, relative to it."""
    return sorted(
        file.relative_to(path)
        for file in path.rglob("*")
        if file.suffix in DATA_ENDINGS and file.is_file()
    )


def link_plain_files(snapshot: Path, target: Path, described: str) -> None:
    """Make a new folder of links to a snapshot's data files and, where it says something, its card.

    Raises:
        CorpusError: a file is an archive, or the card names something outside the snapshot.
        Exception: the card is malformed: whatever the libraries that read it raise.
    """
    target.mkdir()
    for file in data_files(snapshot):
        _check_plain(snapshot / file, f"{described}, {escaped(file)}")
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).symlink_to((snapshot / file).resolve())
    if (snapshot / CARD).is_file() and _check_card(snapshot / CARD, described):
        (target / CARD).symlink_to((snapshot / CARD).resolve())


def _check_plain(file: Path, place: str) -> None:
    with file.open("rb") as opened:
        start = opened.read(max(map(len, _PACKED)))
    kind = next((kind for mark, kind in _PACKED.items() if start.startswith(mark)), "")
    # Neither needs a mark: a ZIP is found from its end, a tar by the form of its first header.
    if not kind and _is_zip(file):
        kind = "ZIP"
    elif not kind and tarfile.is_tarfile(file):
        kind = "tar"
    if kind:
        raise CorpusError(
            f"{place}: the file is packed ({kind}), not plain {file.suffix[1:]}; nothing that is "
            f"fetched is unpacked. {ALTERNATIVES}"
        )


def _is_zip(file: Path) -> bool:
    """Tell whether a ZIP can be opened; `zipfile.is_zipfile` takes some Parquet files for one."""
    try:
        zipfile.ZipFile(file).close()
    except zipfile.BadZipFile:
        return False
    return True


def _check_card(card: Path, described: str) -> bool:
    """Tell whether a card says anything; refuse one that names data outside its repository."""
    from datasets.config import METADATA_CONFIGS_FIELD
    from huggingface_hub import DatasetCard

    said = DatasetCard.load(card).data.to_dict()
    configurations = said.get(METADATA_CONFIGS_FIELD) or []
    for configuration in configurations if isinstance(configurations, list) else []:
        if isinstance(configuration, dict):
            for key in ("data_files", "data_dir"):
                for pattern in _strings(configuration.get(key), _CARD_DEPTH):
                    if _leads_outside(pattern):
                        raise CorpusError(
                            f"{described}, {CARD}: {key} names {pattern[:200]!r}, which may lie "
                            f"outside the repository; nothing else is read. {ALTERNATIVES}"
                        )
    return bool(said)


def _strings(value: Any, depth: int) -> Iterator[str]:
    """Yield every text inside lists and mappings, as deep as data files may stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict) and depth > 0:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part, depth - 1)
    elif value is not None:
        raise ValueError("data files are texts and lists of texts")


def _leads_outside(pattern: str) -> bool:
    """Tell whether a pattern is absolute, climbs, or names a protocol or a drive."""
    path = PurePosixPath(pattern.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in pattern or pattern.startswith("~")
