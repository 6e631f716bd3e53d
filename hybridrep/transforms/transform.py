"""The contract of every transform: fitted on pairs of rows, applied to one side or both, kept.

It is fitted on two representations of the same items, `first` and `second`. What it reads when it
is applied (`Sizes`) is its own affair: ridge regression reads the first side and gives the second,
a fusion may read both and give something new. All that makes it is in one safetensors file.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float, Int, Num

from hybridrep.errors import ParameterError

_LAYOUT = 1  # of the files
_ABOUT = "transform"  # the only entry of their metadata, whose order is not always the same


@dataclass(frozen=True)
class Sizes:
    """How wide the arrays of a transform are; None for a side that it does not read."""

    first: int | None
    second: int | None
    output: int


class Transform(ABC):
    """A fitted map from one representation, or two, to another, by the key `method`."""

    method: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(
        cls, first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
        rng: np.random.Generator,
    ) -> Self:  # fmt: skip
        """Fit on pairs of rows; every setting has a default and is named in the subclass.

        Args:
            first: one row an item; left as it is.
            second: the same items in the same order; left as it is.
            rng: source of everything that is drawn; advanced.

        Raises:
            ValueError: arrays that are no pairs of finite rows.
            ParameterError: a setting with a value that is not allowed.
        """

    @property
    @abstractmethod
    def sizes(self) -> Sizes:
        """Which sides are read, and how wide everything is."""

    def apply(
        self,
        first: Num[np.ndarray, "items first_dim"] | None = None,
        second: Num[np.ndarray, "items second_dim"] | None = None,
    ) -> Float[np.ndarray, "items output"]:
        """Return what the transform makes of new items; a side that it does not read is ignored.

        Raises:
            ValueError: a side that is read is missing or has another width than in `fit`, or both
                have different numbers of rows.
        """
        return self._map(*self._read(first, second))

    def save(self, path: Path | str) -> None:
        """Write everything to one safetensors file."""
        Path(path).write_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return what `save` writes."""
        from safetensors.numpy import save

        arrays, settings = self._parts()
        about = {"layout": _LAYOUT, "method": self.method, "settings": dict(settings)}
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        return bytes(save(contiguous, {_ABOUT: json.dumps(about)}))

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` has written; its `apply` gives the same to the last bit.

        Raises:
            ValueError: the file is none of `save`'s, or of another method.
        """
        about = read_about(path)
        if about["method"] != cls.method:
            raise ValueError(f"{path} holds the transform {about['method']!r}, not {cls.method!r}")
        from safetensors.numpy import load_file

        try:
            return cls._from_parts(load_file(path), about["settings"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is no whole transform: {error!r}") from error

    @abstractmethod
    def _map(self, *sides: np.ndarray) -> Float[np.ndarray, "items output"]:
        """Apply to the sides that are read, which have been checked."""

    @abstractmethod
    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        """Return the arrays and the settings (as JSON knows them) that make the transform."""

    @classmethod
    @abstractmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        """Make the transform of its `_parts`."""

    def _read(self, first: np.ndarray | None, second: np.ndarray | None) -> list[np.ndarray]:
        """Return the sides that are read, checked."""
        widths = {"first": self.sizes.first, "second": self.sizes.second}
        sides = []
        for (name, width), given in zip(widths.items(), (first, second), strict=True):
            if width is None:
                continue
            if given is None:
                raise ValueError(f"{self.method} reads the {name} side, which is missing")
            if given.ndim != 2 or given.shape[1] != width:
                raise ValueError(
                    f"{self.method}: the {name} side must be items x {width}, got {given.shape}"
                )
            sides.append(_floating(given))
        if len({len(side) for side in sides}) > 1:
            raise ValueError(f"{self.method}: the two sides have different numbers of rows")
        return sides


def read_about(path: Path | str) -> dict[str, Any]:
    """Return what `Transform.save` says of a file, `method` and `settings`; refuse other files."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as opened:
            about: dict[str, Any] = json.loads((opened.metadata() or {}).get(_ABOUT, "{}"))
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is no safetensors file of a transform: {error}") from error
    known = isinstance(about, dict) and about.get("layout") == _LAYOUT
    if not known or not {"method", "settings"} <= about.keys():
        raise ValueError(f"{path} is no transform that this version can read")
    return about


def check_pairs(
    method: str, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...]
) -> tuple[Float[np.ndarray, "items first_dim"], Float[np.ndarray, "items second_dim"]]:
    """Return both sides as floating-point arrays; refuse what is no pairs of finite rows."""
    for name, side in (("first", first), ("second", second)):
        if side.ndim != 2 or not side.shape[1]:
            raise ValueError(f"{method}: the {name} side must be items x size, got {side.shape}")
        if not np.isfinite(side).all():
            raise ValueError(f"{method}: the {name} side has values that are not finite")
    if len(first) != len(second):
        raise ValueError(f"{method}: {len(first)} rows cannot pair with {len(second)}")
    if len(first) < 2:
        raise ValueError(f"{method}: at least two rows are needed, got {len(first)}")
    return _floating(first), _floating(second)


def split(
    method: str, items: int, held_out: float, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " others"]]:
    """Split two items or more at random: those to fit on, and a share held out; neither empty."""
    if not 0 < held_out < 1:
        raise ParameterError(f"{method}: held_out must be between 0 and 1, got {held_out!r}")
    order = rng.permutation(items)
    count = min(max(1, round(held_out * items)), items - 1)
    return np.sort(order[count:]), np.sort(order[:count])


def _floating(array: np.ndarray) -> np.ndarray:
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)
