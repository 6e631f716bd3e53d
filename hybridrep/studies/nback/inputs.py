"""What every stage of the study reads: which stimuli, behind them what, and the vision model.

`prepare` finds and checks it in the parent; it is small, and sent to workers as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hybridrep.running.study import Prepared
from hybridrep.studies.nback.names import SPLITS, Split
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

if TYPE_CHECKING:
    from hybridrep.sources.encoders.image import ImageEncoderSource
    from hybridrep.studies.nback.config import Config


@dataclass(frozen=True)
class Objects:
    """The objects of a split, as `StimulusSet.of` takes them."""

    categories: tuple[str, ...]
    identities: tuple[str, ...]
    category_of: tuple[int, ...]
    views: tuple[int, ...]

    @property
    def labels(self) -> StimulusSet:
        """The labels of the split's distinct frames."""
        return StimulusSet.of(self.categories, self.identities, self.category_of, self.views)


@dataclass(frozen=True)
class Stimuli:
    """Checked stimuli.

    Attributes:
        source: what the user gave: `shapes` or a folder.
        description: one line for people.
        digest: fingerprint of their pixels and labels; of the rendered ones of what makes them.
        objects: of each split, in the order of `names.SPLITS`.
        patches: the store's keys of the patches of each split; of the rendered ones, which a stage
            makes, none.
    """

    source: str
    description: str
    digest: str
    objects: tuple[Objects, ...]
    patches: tuple[str, ...] = ()

    def labels(self, split: Split) -> StimulusSet:
        """Return the labels of a split's distinct frames."""
        return self.objects[SPLITS.index(split)].labels


@dataclass(frozen=True)
class Background:
    """What is behind the objects.

    Attributes:
        source: what the user gave: `plain`, `texture` or a folder.
        seed: that textures are drawn from; 0 where there are none.
        digest: fingerprint of the folder's images.
        key: the store's key of them; empty: there are none.
    """

    source: str
    seed: int = 0
    digest: str = ""
    key: str = ""

    @property
    def fingerprint(self) -> tuple[str, int, str]:
        """What stands for it in keys: a folder's place does not."""
        return ("folder" if self.key else self.source, self.seed, self.digest)


@dataclass(frozen=True)
class Inputs:
    """Everything that the study's results depend on."""

    config: Config
    stimuli: Stimuli
    background: Background
    backbone: ImageEncoderSource


NBack: TypeAlias = Prepared[Inputs]
"""This study, checked: what it reads, and the store of its results."""
