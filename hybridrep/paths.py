"""Paths as users write them."""

from __future__ import annotations

from pathlib import Path

from hybridrep.errors import ParameterError


def user_path(text: str) -> Path:
    """Return a user's path with `~` expanded.

    Raises:
        ParameterError: it begins with the home folder of a user that there is not.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ParameterError(
            f"the path {text!r} has no home folder to begin with: {error}"
        ) from error
