"""The corpus whose numbers are known: `dair-ai/emotion`, by its hub ID or by its texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from hybridrep.sources.texts.rows import Rows

REPOSITORY = "dair-ai/emotion"

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
"""What the numbers 0 to 5 mean there (its card on the hub)."""

_TEXTS = {
    "1d96e68370e945a2bf6afee7816c8a28e5b060e8b48ee4f0447d95b2fc70b141",  # the 16,000 of training
    "f9707d4c30e2843b4549e9a57b0acba0f42f61c44c5b949263f4c0b29a576226",  # the 2,000 of validation
    "3bef5bcba9d4f515494b1579ede149aec0c8b2900d7e5d2f4d8b3912e7d68ccc",  # the 2,000 of test
    "d37848f074aefcfe332fecadcd8a8cc816a5658257d787aae3689249fd6e0e62",  # training and validation
    "eda4ff94359d1debfed9365fc1d29b8945ec413cef4ef56655791552665cbd7e",  # all 20,000
}
"""Fingerprints (`fingerprint`) of its texts as they are handed on."""


def fingerprint(texts: Iterable[object]) -> str:
    r"""Return the SHA-256 over texts in sorted order, whatever their case and spaces.

    >>> fingerprint(["I am  glad", "so am I"]) == fingerprint(["so am i", "i am glad\n"])
    True
    """
    plain = sorted(" ".join(str(text).split()).lower() for text in texts)
    return hashlib.sha256("\n".join(plain).encode("utf-8", "surrogatepass")).hexdigest()


def is_known(repository: str, parts: Sequence[Rows]) -> bool:
    """Tell whether a corpus is the known one: by its hub ID, or each of its parts by its texts."""
    if repository.lower() == REPOSITORY:
        return True
    return all(fingerprint(rows.texts) in _TEXTS for rows in parts)
