"""Names of the Hugging Face hub's corpora and encoders, and how long the hub is waited for."""

from __future__ import annotations

import re

from hybridrep.errors import HybridrepError

HUB_PREFIX = "hub:"
FIRST_ANSWER_SECONDS = 5.0
"""After so long without an answer, the hub is out of reach."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_FORM = re.compile(rf"{HUB_PREFIX}({_NAME}(?:/{_NAME})?)(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?")


def parse_hub(source: str, noun: str, example: str, error: type[HybridrepError]) -> tuple[str, str]:
    """Split `hub:ID@REVISION` into the ID and the revision, "" where there is none.

    Args:
        source: as the user wrote it.
        noun: what it names, for the message.
        example: an ID, for the message.
        error: what is raised where the text is not of that form.
    """
    match = _FORM.fullmatch(source)
    if match is None or ".." in source:
        raise error(
            f"{source!r} does not name a hub {noun}. Give `hub:OWNER/NAME` or "
            f"`hub:OWNER/NAME@REVISION`, e.g. `hub:{example}`."
        )
    return match[1], match[2] or ""
