"""The genuine GloVe 6B archive: found in torchtext's cache folder, or downloaded and verified.

torchtext's own `vocab.Vectors` is not used for this: it switches off the verification of
certificates for the whole process, unpacks an archive wherever its names point, and keeps a pickle.
"""

from __future__ import annotations

import logging
import sys
import urllib.request
from pathlib import Path

from hybridrep.errors import VectorsError
from hybridrep.sources.digest import sha256_file

CACHE = Path(".vector_cache")
"""Where torchtext looks for vectors: a folder below the working directory."""

ARCHIVE = "glove.6B.zip"
URL = f"https://nlp.stanford.edu/data/{ARCHIVE}"
SHA256 = "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb"
"""Checksum of the archive at `URL`, as torchtext's later releases, Embeddings.jl and Keras'
examples pin it too."""

_FIRST_ANSWER_SECONDS = 10.0
_log = logging.getLogger(__name__)


def find_glove_6b(dimensions: int) -> tuple[Path, str]:
    """Return where the GloVe 6B vectors of a size lie: a text file, or an archive and its member.

    Looks in `.vector_cache/` for `glove.6B.{dimensions}d.txt` as torchtext unpacks it, then for
    `glove.6B.zip`, which is downloaded where it is missing and must have the known checksum.
    """
    text = f"glove.6B.{dimensions}d.txt"
    if (CACHE / text).is_file():
        return CACHE / text, ""
    archive = CACHE / ARCHIVE
    if archive.is_file():
        if sha256_file(archive) != SHA256:
            raise VectorsError(
                f"{archive} is not the genuine GloVe 6B archive: its SHA-256 is not {SHA256}. "
                "Delete it, or give its path as `vectors` if you mean to use it as it is."
            )
    else:
        _download(archive)
    return archive, text


def _download(archive: Path) -> None:
    import torch.hub

    _log.info("downloading %s (862 MB) to %s", URL, archive)
    try:
        # The library's download has no timeout of its own: ask first whether anyone answers.
        request = urllib.request.Request(URL, method="HEAD")
        urllib.request.urlopen(request, timeout=_FIRST_ANSWER_SECONDS).close()  # noqa: S310
        archive.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            URL, str(archive), hash_prefix=SHA256, progress=sys.stderr.isatty()
        )
    except (OSError, RuntimeError) as error:
        raise VectorsError(
            f"The GloVe 6B vectors are not in {CACHE}/ and cannot be downloaded from {URL} "
            f"({error}). Fetch {ARCHIVE} where there is a network and put it into {CACHE}/, or "
            "give the path of any GloVe text file (plain, .gz or .zip), or `glove-50`, which "
            "needs no network."
        ) from error
