"""Content keys: a result is found again by the hash of everything that it depends on.

A key is the SHA-256 of a canonical JSON text. What goes in is the caller's choice: the resolved
parameters, the keys of the results it is made from, the fingerprints of the data, and
`hybridrep.execution.code_version.code_version` of the module that makes it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

_KEY = re.compile(r"[0-9a-f]{64}")


def content_key(payload: Mapping[str, Any]) -> str:
    """Return the key of a result: 64 hexadecimal digits.

    Equal payloads have equal keys whatever the order of their entries; `1` and `1.0` differ,
    tuples and lists do not.

    Args:
        payload: nested mappings with text keys, lists, tuples, text, whole and finite numbers,
            booleans and None.

    Raises:
        TypeError: something else is inside, e.g. a NumPy number or a path; the message says
            where. Convert it on purpose: two things that print alike may not be alike.
        ValueError: a NaN or an infinity is inside.
    """
    return hashlib.sha256(canonical_json(payload).encode("ascii")).hexdigest()


def canonical_json(payload: Mapping[str, Any]) -> str:
    """Return the one ASCII JSON text of a payload; see `content_key` for what is allowed."""
    plain = _plain(payload, "payload")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def is_key(text: str) -> bool:
    """Tell whether a text is a key: 64 lower-case hexadecimal digits, so never a path."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def _plain(value: Any, where: str) -> Any:
    """Return `value` as plain dicts and lists, or refuse it with the place it stands at."""
    if isinstance(value, Mapping):
        for name in value:
            if type(name) is not str:
                raise TypeError(f"{where}: the name {name!r} is {_kind(name)}, not text")
        return {name: _plain(item, f"{where}[{name!r}]") for name, item in value.items()}
    if type(value) in (list, tuple):
        return [_plain(item, f"{where}[{place}]") for place, item in enumerate(value)]
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}: a key needs finite numbers")
        return value
    raise TypeError(f"{where} is {_kind(value)}: convert it to a plain number, text or list")


def _kind(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
