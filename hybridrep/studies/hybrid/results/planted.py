"""What was planted in the synthetic corpora, held against what a study found in them.

Where the texts were written by a generator the truth is known, and "supported" would say nothing:
a claim is planted and found, planted and missed, or not planted (docs/sample.md gives the reasons).
A claim that is not planted may come out either way; its statistic is shown all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hybridrep.analysis.verdicts import SUPPORTED, Claim
from hybridrep.studies.hybrid.results.facts import corpora_of
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.tweets.sample import PLANTED_SOURCE, UNPLANTED_SOURCE

FOUND, MISSED, NOT_PLANTED = "planted and found", "planted and missed", "not planted"

PLANTED = {
    "asymmetry": frozenset({"emotion"}),
    "representations_beat_baseline": frozenset({"emotion", "hate"}),
}
"""The claims that hold by construction, each with the corpora that must be those it was planted in.

No other claim does: what a bottleneck forgets or keeps and what its size changes belongs to the
training, and contempt and praise are feelings too, so the LSTM knows of them what helps on the new
task: nothing in the texts makes BERT, or a layer between both, better than the LSTM.
"""


def truth_known(tables: StudyTables) -> bool:
    """Return whether any corpus of a study is one whose truth is known."""
    return any(corpus.source in (PLANTED_SOURCE, UNPLANTED_SOURCE) for corpus in corpora_of(tables))


def against_truth(claims: Sequence[Claim], tables: StudyTables) -> tuple[Claim, ...]:
    """Return claims with the verdict that the truth gives them; of real corpora as they are.

    A planted claim is found where it is supported, and missed otherwise, its note saying what it
    came out as. Of a study with one sample and one real corpus only what rests on the sample alone
    is planted.
    """
    if not truth_known(tables):
        return tuple(claims)
    planted_in = {c.name for c in corpora_of(tables) if c.source == PLANTED_SOURCE}
    return tuple(_held_against(claim, planted_in) for claim in claims)


def _held_against(claim: Claim, planted_in: set[str]) -> Claim:
    needed = PLANTED.get(claim.name)
    if needed is None or not needed <= planted_in:
        return replace(claim, verdict=NOT_PLANTED)
    if claim.verdict == SUPPORTED:
        return replace(claim, verdict=FOUND)
    note = "; ".join(part for part in (f"by the rule {claim.verdict}", claim.note) if part)
    return replace(claim, verdict=MISSED, note=note)
