"""How parameters are read from text, and written back as text that is read the same."""

from __future__ import annotations

import re

from hybridrep.addresses import without_passwords

MOST_SEEDS = 10_000
MOST_BOTTLENECK = 8_192
MOST_EPOCHS = 999_999
SHOWN_LENGTH = 200
"""Characters of a bad value that its message repeats."""


def parse_seeds(value: object) -> tuple[int, ...]:
    """Read `25` (how many), `0-24` (a range, both ends included) or `0,3,7` (a list).

    Raises:
        ValueError: when it is none of these, is empty, inverted or names a seed twice.
    """
    if isinstance(value, tuple | list):
        value = ",".join(str(item) for item in value) + ","
    text = str(value).strip()
    if re.fullmatch(r"\d{1,9}", text):
        seeds = tuple(range(_bounded(int(text))))
    elif match := re.fullmatch(r"(\d{1,9})\s*-\s*(\d{1,9})", text):
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise ValueError(f"the range {text!r} is inverted: write {last}-{first}")
        _bounded(last - first + 1)
        seeds = tuple(range(first, last + 1))
    elif re.fullmatch(r"\d{1,9}(\s*,\s*\d{1,9})*\s*,?", text):
        seeds = tuple(int(part) for part in text.split(",") if part.strip())
        _bounded(len(seeds))
    else:
        raise ValueError(
            "write how many seeds (25), a range (0-24) or a list (0,3,7); a list of one ends "
            "with a comma (7,)"
        )
    if not seeds:
        raise ValueError("at least one seed is needed")
    if len(set(seeds)) != len(seeds):
        raise ValueError("a seed is named twice")
    return seeds


def _bounded(count: int) -> int:
    if count > MOST_SEEDS:
        raise ValueError(f"{count} seeds are more than the {MOST_SEEDS} allowed")
    return count


def parse_bottlenecks(value: object) -> tuple[int, ...]:
    """Read a comma list of bottleneck sizes, e.g. `32,64,128,256`.

    Raises:
        ValueError: when an entry is not a whole number from 1 to 8192 or is named twice.
    """
    parts = [str(item) for item in value] if isinstance(value, tuple | list) else None
    parts = str(value).strip().removesuffix(",").split(",") if parts is None else parts
    sizes = []
    for part in parts:
        text = part.strip()
        if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= MOST_BOTTLENECK:
            raise ValueError(
                f"{shown(text, 40)} is not a whole number from 1 to {MOST_BOTTLENECK}; "
                "write a comma list such as 32,64"
            )
        sizes.append(int(text))
    if len(set(sizes)) != len(sizes):
        raise ValueError("a size is named twice")
    return tuple(sizes)


def parse_names(value: object) -> tuple[str, ...]:
    """Read a comma list of names; empty ones are left out."""
    if isinstance(value, tuple | list):
        return tuple(str(item) for item in value)
    return tuple(part.strip() for part in str(value).split(",") if part.strip())


def parse_span(value: object) -> tuple[float, float]:
    """Read one number (`0.001`) or a range of two (`0.0001:0.01`), low end first.

    Raises:
        ValueError: when it is neither, not above 0, or inverted.
    """
    parts = [str(v) for v in value] if isinstance(value, tuple | list) else str(value).split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not all(0 < n < float("inf") for n in numbers):
        raise ValueError("write one number above 0 (0.001) or a range (0.0001:0.01)")
    if numbers[0] > numbers[-1]:
        raise ValueError(f"the range is inverted: write {numbers[-1]:g}:{numbers[0]:g}")
    return numbers[0], numbers[-1]


def parse_epoch_range(value: object) -> tuple[int, int]:
    """Read a number of epochs (`50`) or a range (`10-100`), both ends included.

    Raises:
        ValueError: when it is neither, below 1, or inverted.
    """
    parts = [str(v) for v in value] if isinstance(value, tuple | list) else str(value).split("-")
    if len(parts) not in (1, 2) or not all(re.fullmatch(r"\s*\d{1,6}\s*", p) for p in parts):
        raise ValueError("write one number of epochs (50) or a range (10-100)")
    low, high = int(parts[0]), int(parts[-1])
    if low < 1:
        raise ValueError("the least number of epochs is 1")
    if low > high:
        raise ValueError(f"the range is inverted: write {high}-{low}")
    return low, high


def seeds_as_text(seeds: tuple[int, ...]) -> str:
    """Write seeds as briefly as `parse_seeds` reads them back: `0-24`, `0,3,7` or `7,`."""
    if len(seeds) > 1 and seeds == tuple(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")


def value_as_text(value: object) -> str:
    """Write a parameter's value as a user would: lists with commas, `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def shown(value: object, length: int = SHOWN_LENGTH) -> str:
    """Return a value as messages repeat it: in quotes, not endless, without passwords."""
    text = without_passwords(str(value))
    return repr(text if len(text) <= length else f"{text[:length]}…")
