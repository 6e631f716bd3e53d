"""The parameter `fusions`, as it is written; apart from the methods, whose code stands in keys."""

from __future__ import annotations

import difflib

from hybridrep.parameters import parse_names, shown
from hybridrep.studies.hybrid.fusion.methods import ALL, COMPARED, METHODS, NONE


def parse_fusions(value: object) -> tuple[str, ...]:
    """Read a comma list of fusions, `all`, or `none`; they come out in the order of `METHODS`.

    The paper's bottlenecks may be named: they are there in any case.
    """
    named = parse_names(value)
    if named == (ALL,):
        return named
    if not named or named == (NONE,):
        return (NONE,)
    for name in named:
        if name not in COMPARED:
            near = difflib.get_close_matches(name, COMPARED, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(
                f"there is no fusion {shown(name, 40)}{hint}; write a comma list of "
                f"{', '.join(METHODS)}, or `{ALL}`, or `{NONE}`"
            )
    if len(set(named)) != len(named):
        raise ValueError("a fusion is named twice")
    chosen = tuple(name for name in METHODS if name in named)
    return (ALL,) if chosen == tuple(METHODS) else chosen or (NONE,)
