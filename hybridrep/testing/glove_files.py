"""A small file of word vectors in every container."""

import gzip
import zipfile
from pathlib import Path

import numpy as np

TEXT = "the 0.5 -1 2e-1\nhappy 1 2 3\n, 4 5 6\n"
WORDS = ("the", "happy", ",")
MATRIX = np.array([[0.5, -1, 0.2], [1, 2, 3], [4, 5, 6]], dtype=np.float32)


def write(path: Path, content: str | bytes = TEXT, member: str = "glove.txt") -> str:
    """Write vectors in the container that the file's ending names."""
    data = content.encode() if isinstance(content, str) else content
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, data)
    else:
        path.write_bytes(data)
    return str(path)
