"""What a study found, computed once: for the page, the Markdown, the summary, the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from hybridrep.analysis.verdicts import Claim
from hybridrep.reporting.tables import declared, table_name
from hybridrep.studies.hybrid.results.agreement import (
    ceiling_table,
    identification_table,
    measures_agreement,
    measures_summary,
    retrieval_table,
    space_table,
)
from hybridrep.studies.hybrid.results.claims import claims, claims_table
from hybridrep.studies.hybrid.results.detectable import power_table
from hybridrep.studies.hybrid.results.fused import FUSION_TABLES, fusion_claims
from hybridrep.studies.hybrid.results.inference import inference_table
from hybridrep.studies.hybrid.results.planted import against_truth
from hybridrep.studies.hybrid.results.published import recompute_table_1
from hybridrep.studies.hybrid.results.result_tables import (
    linear_summary,
    rsa_ours_and_paper,
    rsa_summary,
    transfer_beside_paper,
    transfer_by_seed,
)
from hybridrep.studies.hybrid.results.table_1 import against_baseline, table_1, uncorrected_tests
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, seed_status, standing

STUDY_TABLES = declared(
    (
        *(table_1, against_baseline, claims_table, transfer_beside_paper, recompute_table_1),
        *(rsa_summary, rsa_ours_and_paper, linear_summary, transfer_by_seed, seed_status),
        *FUSION_TABLES,
        *(inference_table, measures_summary, measures_agreement, power_table),
        *(identification_table, ceiling_table, retrieval_table, space_table),
    )
)
"""The tables of one study's report."""


@dataclass(frozen=True, eq=False)
class Results:
    """What a study found; every result is computed when it is first asked for, and kept."""

    tables: StudyTables

    @classmethod
    def of(cls, study: StudyTables | Results) -> Results:
        """Return the results of a study; those that are there already as they are."""
        return study if isinstance(study, Results) else cls(study)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The bottleneck sizes; results without a size are about the first."""
        return bottleneck_sizes(self.tables)

    @property
    def size(self) -> int:
        """The first bottleneck size; 0 where there is none."""
        return next(iter(self.sizes), 0)

    @cached_property
    def status(self) -> pd.DataFrame:
        """Whether each seed can be counted on: see `seed_status`."""
        return seed_status(self.tables)

    def seeds(self, status: str) -> list[int]:
        """Return the seeds that have a status, e.g. "complete"."""
        return [int(seed) for seed in self.status.loc[self.status["status"] == status, "seed"]]

    @cached_property
    def standing(self) -> str:
        """How many seeds the study stands on and what became of the others, in a sentence."""
        return standing(self.tables, self.status)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The paper's claims, tested; of the sample corpora held against what was planted."""
        return against_truth(claims(self.tables), self.tables)

    @cached_property
    def fusion_claims(self) -> tuple[Claim, ...]:
        """The platform's own claims on fusion; none where nothing was fused."""
        return against_truth(fusion_claims(self.tables), self.tables)

    @cached_property
    def ridge(self) -> pd.DataFrame:
        """Ridge regression beside the autoencoders: see `linear_summary`."""
        return linear_summary(self.tables)

    @cached_property
    def _uncorrected(self) -> dict[int, pd.DataFrame]:
        return self._by_size(lambda size: uncorrected_tests(self.tables, size))

    @cached_property
    def tests(self) -> dict[int, pd.DataFrame]:
        """Per bottleneck size every representation against the baseline."""
        done = self._uncorrected
        return self._by_size(lambda size: against_baseline(self.tables, size, done[size]))

    @cached_property
    def table_1(self) -> dict[int, pd.DataFrame]:
        """Per bottleneck size the paper's Table 1."""
        done = self._uncorrected
        return self._by_size(lambda size: table_1(self.tables, size, done[size]))

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table of `STUDY_TABLES` that the study's tables give; sizes as `table_1_b64`."""
        made: dict[Callable[..., pd.DataFrame], pd.DataFrame] = {
            claims_table: claims_table(self.claims),
            transfer_beside_paper: transfer_beside_paper(self.tables),
            recompute_table_1: recompute_table_1(), rsa_summary: rsa_summary(self.tables),
            rsa_ours_and_paper: rsa_ours_and_paper(self.tables), linear_summary: self.ridge,
            transfer_by_seed: transfer_by_seed(self.tables), seed_status: self.status,
            **{maker: maker(self.tables) for maker in FUSION_TABLES},
            power_table: power_table(self.tables), **self._of_measures(),
        }  # fmt: skip
        return {
            **self._named(table_1, self.table_1),
            **self._named(against_baseline, self.tests),
            **{table_name(maker): frame for maker, frame in made.items()},
        }

    def _of_measures(self) -> dict[Callable[..., pd.DataFrame], pd.DataFrame]:
        """Return what is known of measures; nothing of a study without any."""
        if not len(self.tables.measures):
            return {}
        makers = (measures_summary, measures_agreement)
        return {maker: maker(self.tables) for maker in makers}

    def _by_size(self, make: Callable[[int], pd.DataFrame]) -> dict[int, pd.DataFrame]:
        return {size: make(size) for size in self.sizes or (0,)}

    def _named(
        self, maker: Callable[..., pd.DataFrame], by_size: Mapping[int, pd.DataFrame]
    ) -> dict[str, pd.DataFrame]:
        """Return a table of every size by name; the first size's name says no size."""
        name = table_name(maker)
        return {
            name if size == self.size else f"{name}_b{size}": frame
            for size, frame in by_size.items()
        }
