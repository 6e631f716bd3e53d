"""What is published of a fault of the program: its kind and place, never its message.

The message of an exception that nobody wrote for people may cite data, as `KeyError` cites the
key. It stays in the log of the machine, with the traceback.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from hybridrep.errors import HybridrepError

_PACKAGE = Path(__file__).parent


def publishable(error: BaseException) -> str:
    """Return what runs, tables and reports may say of an exception.

    A `HybridrepError` is written for people and says it itself; of any other only its type and
    the last line of this package that it passed.
    """
    name = type(error).__name__
    if isinstance(error, HybridrepError):
        return f"{name}: {error}"
    own = [
        (Path(frame.filename), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    if not own:
        return f"{name} (its message is in the log)"
    path, line = own[-1]
    place = path.relative_to(_PACKAGE.parent).as_posix()
    return f"{name} in {place}, line {line} (its message is in the log)"
