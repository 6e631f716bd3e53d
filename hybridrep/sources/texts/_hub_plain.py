"""What of a hub corpus may reach the `datasets` library: plain data inside the repository.

That library follows a repository's card to any path or address and unpacks every archive,
whatever it is called. So it is given a folder of links to files that were looked at, and a card
that names nothing outside of it.
"""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts._card import CARD, check_card
from hybridrep.sources.texts._layout import data_files

ALTERNATIVES = (
    "Give a local file or folder instead (txt, csv, tsv, json, jsonl, parquet or xlsx), or "
    "`sample`, the synthetic corpus that needs no network."
)
DATA_ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl", ".json")

_PACKED = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP", b"PK\x05\x06": "ZIP", b"PK\x07\x08": "ZIP",
    b"\xfd7zXZ\x00": "xz", b"Rar!\x1a\x07": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2", b"7z\xbc\xaf\x27\x1c": "7z", b"\x04\x22\x4d\x18": "LZ4",
}  # fmt: skip
"""The first bytes of archives and packed files."""


def link_plain_files(snapshot: Path, target: Path, described: str) -> None:
    """Make a new folder of links to a snapshot's data files and, where it says something, its card.

    Raises:
        CorpusError: a file is an archive, or the card names something outside the snapshot.
        Exception: the card is malformed: whatever the libraries that read it raise.
    """
    target.mkdir()
    for file in data_files(snapshot, DATA_ENDINGS, deep=True):
        _check_plain(snapshot / file, f"{described}, {escaped(file)}")
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).symlink_to((snapshot / file).resolve())
    if check_card(snapshot, described):
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
