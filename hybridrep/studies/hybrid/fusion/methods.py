"""The fusions of a study: what each is called, reads and takes. No arithmetic is loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridrep.studies.hybrid.names import DIRECTIONS, readable


@dataclass(frozen=True)
class Method:
    """One way to make a representation of two.

    Attributes:
        name: its key in `hybridrep.transforms.TRANSFORMS`.
        title: as people read it.
        reads: which of the two representations it is given, `global` and `task_specific`.
        sized: whether it is made at each bottleneck size; else its size follows from what it reads.
        trained: whether it is trained over epochs, else in closed form.
        weighted: whether `fusion_weight` bears on it.
        nested: whether one training serves at several sizes, by its first units.
        matched: whether it is trained on similarities.
    """

    name: str
    title: str
    reads: tuple[str, ...] = ("global", "task_specific")
    sized: bool = True
    trained: bool = False
    weighted: bool = False
    nested: bool = False
    matched: bool = False

    @property
    def representation(self) -> str:
        """What it is called on the new task: `fused_concatenated`."""
        return f"fused_{self.name}"

    def most(self, global_size: int, task_size: int) -> int:
        """Return the largest size that it can have, given those of what it reads."""
        sizes = {"global": global_size, "task_specific": task_size}
        read = [sizes[side] for side in self.reads]
        return min(read) if self.name == "cca" else sum(read)


_GLOBAL, _TASK = ("global",), ("task_specific",)

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("concatenated", "concatenated", sized=False),
        Method("truncated_svd", "truncated SVD"),
        Method("cca", "CCA"),
        Method("joint_autoencoder", "joint autoencoder", trained=True, weighted=True),
        Method("two_headed_global", "two-headed, from BERT", _GLOBAL, trained=True, weighted=True),
        Method("two_headed_task", "two-headed, from the LSTM", _TASK, trained=True, weighted=True),
        Method("similarity_matched", "similarity-matched", trained=True, matched=True),
        Method("similarity_matched_global", "similarity-matched, from BERT", _GLOBAL, trained=True,
               matched=True),
        Method("similarity_matched_task", "similarity-matched, from the LSTM", _TASK, trained=True,
               matched=True),
        Method("pca_global", "PCA of BERT", _GLOBAL),
        Method("pca_task", "PCA of the LSTM", _TASK),
        Method("matryoshka_joint", "Matryoshka autoencoder", trained=True, weighted=True,
               nested=True),
        Method("matryoshka_matched", "Matryoshka, similarity-matched", trained=True, nested=True,
               matched=True),
        Method("relative", "relative to anchors", sized=False),
    )
}  # fmt: skip
"""Every fusion that a study makes of each seed, by name, in the order of tables and figures."""

ALL, NONE = "all", "none"
"""What `fusions` says where everything there is, or nothing, is to be fused."""

COMPARED = (*DIRECTIONS, *METHODS)
"""The paper's bottlenecks, which stand beside the fusions, and the fusions."""

MEASURES = ("vs_global", "vs_task_specific", "diffusibility", "ceiling", "share_of_ceiling")
"""What is measured of each on every set of items, in the order of results."""

FUSED = tuple(method.representation for method in METHODS.values())
"""What the fusions are called on the new task."""


def title_of(name: str) -> str:
    """Return a fusion, on the new task too, or the paper's bottleneck, as people read it."""
    known = METHODS.get(name.removeprefix("fused_"))
    if known is not None:
        return known.title
    return f"{readable(name)}, bottleneck" if name in DIRECTIONS else readable(name)


def chosen_of(fusions: Sequence[str]) -> tuple[Method, ...]:
    """Return the fusions that the parameter `fusions` means, as it was read."""
    wanted = METHODS if tuple(fusions) == (ALL,) else fusions
    return tuple(METHODS[name] for name in wanted if name in METHODS)
