"""Which object each distinct frame of a split shows, from which view, at which place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from hybridrep.studies.nback.names import LOCATIONS


@dataclass(frozen=True, eq=False)
class StimulusSet:
    """The labels of one split's distinct frames.

    A patch (one view of one object) stands at every one of the four places, so that the frames
    are patches x places: image number `4 * patch + location`. Patches lie by identity, and within
    an identity by view.

    Attributes:
        categories: the categories' names, by number.
        identities: the objects' names (`CATEGORY/IDENTITY`), by number over all categories.
        category_of: the category of each identity.
        identity_of: the identity of each patch, in ascending order.
        view_of: each patch's view: its rank among those of its identity.
        shown: per identity, the patches that trials may show; all, unless `with_views` chose.
    """

    categories: tuple[str, ...]
    identities: tuple[str, ...]
    category_of: Int[np.ndarray, " identities"]
    identity_of: Int[np.ndarray, " patches"]
    view_of: Int[np.ndarray, " patches"]
    shown: tuple[Int[np.ndarray, " _"], ...]

    @classmethod
    def of(
        cls, categories: Sequence[str], identities: Sequence[str], category_of: Sequence[int],
        views: Sequence[int],
    ) -> StimulusSet:  # fmt: skip
        """Make a set of objects.

        Args:
            categories: names.
            identities: names, one an object.
            category_of: each object's category; every category has equally many objects.
            views: how many views each object has.

        Example:
            >>> two = StimulusSet.of(["car", "cup"], ["a", "b"], [0, 1], [3, 2])
            >>> two.identity.tolist()[::4], len(two)
            ([0, 0, 0, 1, 1], 20)

        Raises:
            ValueError: categories with unequal numbers of objects, or an object without a view.
        """
        counts = np.bincount(np.asarray(category_of), minlength=len(categories))
        if len(set(counts.tolist())) != 1 or not len(identities) == len(category_of) == len(views):
            raise ValueError(f"every category needs as many objects as the others, not {counts}")
        if min(views) < 1:
            raise ValueError("every object needs a view")
        identity_of = np.repeat(np.arange(len(identities)), views)
        view_of = np.concatenate([np.arange(each) for each in views])
        shown = tuple(np.flatnonzero(identity_of == each) for each in range(len(identities)))
        return cls(
            tuple(categories), tuple(identities), np.asarray(category_of), identity_of, view_of,
            shown,
        )  # fmt: skip

    def __len__(self) -> int:
        """Return the number of distinct frames."""
        return self.identity_of.size * len(LOCATIONS)

    @property
    def location(self) -> Int[np.ndarray, " images"]:
        """The place of the object in each frame."""
        return np.tile(np.arange(len(LOCATIONS)), self.identity_of.size)

    @property
    def identity(self) -> Int[np.ndarray, " images"]:
        """The object in each frame."""
        return np.repeat(self.identity_of, len(LOCATIONS))

    @property
    def category(self) -> Int[np.ndarray, " images"]:
        """The category of the object in each frame."""
        return self.category_of[self.identity]

    @property
    def view(self) -> Int[np.ndarray, " images"]:
        """The view of the object in each frame: its rank among those of its object."""
        return np.repeat(self.view_of, len(LOCATIONS))

    def labels(self, feature: str) -> Int[np.ndarray, " images"]:
        """Return the frames' values of a feature."""
        found: np.ndarray = getattr(self, feature)
        return found

    def values(self, feature: str) -> int:
        """Return how many values a feature has: K."""
        return {
            "location": len(LOCATIONS),
            "identity": len(self.identities),
            "category": len(self.categories),
        }[feature]

    def with_views(self, half: int) -> StimulusSet:
        """Return the set with every second view of each object alone: half 0 or 1.

        Images keep their numbers, so that the same array of features serves both halves.

        Raises:
            ValueError: an object has a single view.
        """
        if min(each.size for each in self.shown) < 2:
            raise ValueError("an object with a single view has no two halves of views")
        shown = tuple(each[half::2] for each in self.shown)
        return StimulusSet(
            self.categories, self.identities, self.category_of, self.identity_of, self.view_of,
            shown,
        )  # fmt: skip
