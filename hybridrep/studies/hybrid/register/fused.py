"""The best fusion of a study as two models for the registry: vectors of both sides in, or tweets.

Chosen is the highest share of the ceiling on validation tweets among the fusions of the study's
first size. Before, the fusion is shown to carry what it was judged by.
"""

from __future__ import annotations

import hashlib
from functools import cached_property

import numpy as np
import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.tasks import Task
from hybridrep.execution.threads import single_thread
from hybridrep.randomness import generator
from hybridrep.running import work
from hybridrep.running.register import Candidate, Source
from hybridrep.running.stage import Node
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.fusion.measured import Measured
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import CHOSEN_ON
from hybridrep.studies.hybrid.register.fused_card import FusionFacts, fused_card
from hybridrep.studies.hybrid.register.logging import (
    EXAMPLE_TEXTS,
    Fused,
    log_fused_model,
    log_fused_text_model,
)
from hybridrep.studies.hybrid.register.seed_model import SeedModel, reading_identity
from hybridrep.tracking.models import LoggedModel, network_digest
from hybridrep.tracking.registry import Selection, ToRegister
from hybridrep.transforms.methods import load_transform

BY = "share_of_ceiling"
GROUP = "fused"
EXAMPLES = 5


def fused_nodes(study: Hybrid, seed: int) -> list[tuple[Fusion, Node]]:
    """Return the fusions of a seed that can be registered: those of the study's first size."""
    size = study.config.bottlenecks[0]
    return [
        (fusion, fusing.node(study, fusion, seed))
        for fusion in fusing.fusions(study)
        if size in fusion.sizes
    ]


def fused_candidates(study: Hybrid, seed: int, run_id: str) -> list[Candidate[Fusion]]:
    """Return a seed's fusions with what they reached on validation tweets."""
    found = []
    size = study.config.bottlenecks[0]
    for fusion, node in fused_nodes(study, seed):
        row = _last(study.open(node).table("fusion"), size)
        labels: dict[str, str | int] = {
            "direction": GROUP, "bottleneck": size, "method": fusion.method,
        }  # fmt: skip
        epoch, value = int(row["epoch"]), float(row[BY])
        found.append(Candidate(labels, fusion, epoch, seed, value, run_id))
    return found


def _last(table: pd.DataFrame, size: int, item_set: str = CHOSEN_ON) -> pd.Series:
    """Return what is reported of a fusion at a size."""
    rows = table[(table["item_set"] == item_set) & (table["bottleneck"] == size)]
    return rows.sort_values("epoch").iloc[-1]


class BestFusion(SeedModel):
    """A chosen fusion with everything around it; `key` identifies what it was chosen from."""

    def __init__(
        self, source: Source[Fusion], choice: Candidate[Fusion], *, share_text: bool,
        data_fingerprint: str,
    ) -> None:  # fmt: skip
        study: Hybrid = source.prepared
        super().__init__(study, choice.seed, choice.trained.method, "")
        self.source, self.choice, self.fusion = source, choice, choice.trained
        self.size = int(choice.labels["bottleneck"])
        self.share_text = share_text and study.config.share_text
        self._data_fingerprint = data_fingerprint
        self.tags = {
            "direction": GROUP, "method": self.fusion.method, "epoch": str(choice.epoch),
            "source": source.kind,
            "synthetic_data": str(self.inputs.emotion.synthetic).lower(),
        }  # fmt: skip

    def tasks(self) -> list[Task]:
        """Return the tasks that make what is missing of it: usually none."""
        return work.missing_tasks([[self._node]], self.study.store)

    @property
    def _node(self) -> Node:
        return fusing.node(self.study, self.fusion, self.seed)

    @cached_property
    def fused(self) -> Fused:
        """The transform, and the units that serve at the study's size."""
        file = self.study.open(self._node).file(fusing.FILE)
        return Fused(load_transform(file), self.size)

    @cached_property
    def table(self) -> pd.DataFrame:
        """What was measured of it."""
        return self.study.open(self._node).table("fusion")

    def reached(self, item_set: str) -> pd.Series:
        """Return what it reached on a set of items."""
        return _last(self.table, self.size, item_set)

    def example(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return some vectors of both sides, and what is fused of them.

        They are those of tweets that no model saw; where no text may be shared those of
        `EXAMPLE_TEXTS`, for texts can be guessed from their vectors; where nothing makes vectors
        of these, random ones of each side's mean and SD.
        """
        if not (self.share_text or self.reads_texts):
            sides = self._made_up()
        elif self.share_text:
            rows = self.unseen[:EXAMPLES]
            sides = {name: side[rows] for name, side in self.data.representations.items()}
        else:
            sides = self.spaces(EXAMPLE_TEXTS)
        return sides, self._apply(sides)

    def _made_up(self) -> dict[str, np.ndarray]:
        rng = generator(self.seed, "register", "example", GROUP)
        drawn = {}
        for name, every in self.data.representations.items():
            side = every[self.data.rows.autoencoder_train]
            shape = (EXAMPLES, side.shape[1])
            drawn[name] = rng.normal(side.mean(axis=0), side.std(axis=0), shape).astype(np.float32)
        return drawn

    def text_example(self) -> dict[str, np.ndarray]:
        """Return the vectors that `EXAMPLE_TEXTS` give."""
        spaces = self.spaces(EXAMPLE_TEXTS)
        return {**spaces, "fused": self._apply(spaces)}

    def _apply(self, sides: dict[str, np.ndarray]) -> np.ndarray:
        with single_thread():
            return self.fused.apply(sides)

    def verify(self) -> None:
        """Show that it carries what it was judged by, and that its parts give what it read."""
        rows, known = self.unseen, self.reached(CHOSEN_ON)
        sides = {name: side[rows] for name, side in self.data.representations.items()}
        found = Measured([self.data])
        fused = self._apply(sides)
        found.record(0, CHOSEN_ON, 0, fused, [(self.size, self.size)])
        again = found.tables()[0].iloc[0]
        names = ("vs_global", "vs_task_specific", "between")
        worst = max(abs(float(again[name]) - float(known[name])) for name in names)
        self.refuse_above(worst, "its correlations")
        if self.reads_texts:
            self.verify_spaces()

    def to_register(self) -> list[ToRegister]:
        """Return both with what writes them: vectors in, and raw tweets in."""
        server, run_id = self.source.server, self.choice.run_id
        name = f"fused-{self.fusion.method}-b{self.size}"

        def log_vectors() -> LoggedModel:
            example, expected = self.example()
            return log_fused_model(
                server, run_id, name, self.fused, example, expected, tags=self.tags
            )

        def log_text() -> LoggedModel:
            return log_fused_text_model(
                server, run_id, f"{name}-text", self.fused, self.parts, self.text_example(),
                tags=self.tags,
            )  # fmt: skip

        both: list[ToRegister] = [(self._selection(text=False), log_vectors)]
        if self.reads_texts:
            both.append((self._selection(text=True), log_text))
        return both

    def _selection(self, *, text: bool) -> Selection:
        return Selection(
            name="hybridrep-fused-text" if text else "hybridrep-fused", run_id=self.choice.run_id,
            seed=self.seed, study_key=self.source.key, selected_by=BY, score=self.choice.value,
            data_fingerprint=self._data_fingerprint,
            digest=self._text_digest if text else self._digest,
            card=fused_card(self._facts, text=text), share_text=None if text else self.share_text,
            texts="tweets", tags={**self.tags, "bottleneck": str(self.size)},
        )  # fmt: skip

    @property
    def _facts(self) -> FusionFacts:
        sizes = self.fused.transform.sizes
        widths = {"global": sizes.first, "task_specific": sizes.second}
        return FusionFacts(
            inputs=self.inputs, fusion=self.fusion, size=self.size,
            widths={side: width for side, width in widths.items() if width is not None},
            kind=self.source.kind, key=self.source.key, seed=self.seed, value=self.choice.value,
            rivals=self.choice.rivals,
            reached={name: self.reached(name) for name in (CHOSEN_ON, "test")},
        )  # fmt: skip

    @property
    def _digest(self) -> str:
        content = self.fused.transform.to_bytes() + str(self.size).encode()
        return hashlib.sha256(content).hexdigest()

    @property
    def _text_digest(self) -> str:
        return content_key({
            "fusion": self._digest, "networks": network_digest(self.parts.lstm),
            "encoder": self.inputs.encoder.fingerprint, "tokens": self.inputs.emotion.tokens_key,
            **reading_identity(self.inputs),
        })  # fmt: skip
