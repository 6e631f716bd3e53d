"""How a network is told which task a trial is of: a vector that stays over its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from hybridrep.studies.nback.names import FEATURES, NBackTask

BITS = 6
"""Of the binary code, as in the paper's public helper."""


@dataclass(frozen=True)
class TaskCode:
    """A code of tasks.

    Attributes:
        kind: `pair`, the paper's `[L, I, C | 1, 2, 3]`, two one-hots; `one_hot`, a unit a task;
            `binary`, the number n + 3 f in six bits, highest first (`000001` to `001001`).
        most: the largest n that it can say; the paper's is 3, and it is no smaller for any diet,
            so that networks of all diets take equal inputs.

    Example:
        >>> TaskCode().of([NBackTask(2, "identity")]).tolist()
        [[0.0, 1.0, 0.0, 0.0, 1.0, 0.0]]
        >>> TaskCode("binary").of([NBackTask(3, "category")]).tolist()
        [[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]]
    """

    kind: Literal["pair", "one_hot", "binary"] = "pair"
    most: int = 3

    @classmethod
    def over(cls, kind: Literal["pair", "one_hot", "binary"], n_back: Sequence[int]) -> TaskCode:
        """Return the code of a study with some n."""
        return cls(kind, max(3, *n_back))

    @property
    def units(self) -> int:
        """Length of the vector."""
        return {
            "pair": len(FEATURES) + self.most,
            "one_hot": len(FEATURES) * self.most,
            "binary": max(BITS, (len(FEATURES) * self.most).bit_length()),
        }[self.kind]

    def of(self, tasks: Sequence[NBackTask]) -> Float32[np.ndarray, "tasks units"]:
        """Return the vectors of some tasks.

        Raises:
            ValueError: a task asks further back than the code can say.
        """
        if too_far := [task.name for task in tasks if task.n > self.most]:
            raise ValueError(f"the code says n up to {self.most}, not {too_far[0]}")
        code = np.zeros((len(tasks), self.units), dtype=np.float32)
        for row, task in zip(code, tasks, strict=True):
            number = task.feature_number * self.most + task.n
            if self.kind == "pair":
                row[[task.feature_number, len(FEATURES) + task.n - 1]] = 1.0
            elif self.kind == "one_hot":
                row[number - 1] = 1.0
            else:
                row[:] = [number >> bit & 1 for bit in reversed(range(self.units))]
        return code
