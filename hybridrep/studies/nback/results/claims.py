"""All claims of the paper, each tested over seeds, in the paper's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hybridrep.studies.nback.results.decoding_claims import decoding_claims, performance_claims
from hybridrep.studies.nback.results.geometry_claims import geometry_claims
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.results.tested import Tested

CLAIMS: tuple[Callable[[NBackTables], Iterable[Tested]], ...] = (
    performance_claims, decoding_claims, geometry_claims,
)  # fmt: skip
"""What each part of the study claims."""


def claims(tables: NBackTables) -> list[Tested]:
    """Test them all; without a complete seed there is nothing to be tested."""
    return [each for of_part in CLAIMS for each in of_part(tables)] if tables.seeds else []
