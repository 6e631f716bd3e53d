"""The seed that stands for its study: nearest to the means, whatever spread or gaps there are."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybridrep.studies.hybrid.names import TRANSFER_METRICS
from hybridrep.studies.hybrid.results.representative import representative_seed
from hybridrep.testing.reporting_fixtures import study_tables, without_seed


def level(tables, value=0.5):
    """Give every seed the same results."""
    for measure in TRANSFER_METRICS:
        tables.transfer[measure] = value
    tables.rsa["value"] = value
    return tables


def moved(tables, seed, by, representation="bert", measure="test_loss"):
    """Move one result of one seed."""
    rows = (tables.transfer["seed"] == seed) & (tables.transfer["representation"] == representation)
    tables.transfer.loc[rows, measure] += by


def test_it_is_the_seed_whose_most_unusual_result_is_least_unusual():
    tables = study_tables(seeds=7, epochs=4, bottlenecks=(32, 64))
    used = tables.rsa.query("item_set == 'test' and epoch == 2 and bottleneck == 32")
    last = tables.transfer.query("epoch == 20 and bottleneck in (0, 32)")
    long = [used.assign(name=used["direction"] + used["pair"])]
    long += [last.assign(name=last["representation"] + m, value=last[m]) for m in TRANSFER_METRICS]
    columns = ["seed", "name", "value"]
    wide = pd.concat([part[columns] for part in long]).pivot(
        index="seed", columns="name", values="value"
    )
    z = ((wide - wide.mean()) / wide.std(ddof=1)).abs()
    found = representative_seed(tables)
    assert found.seed == z.max(axis=1).idxmin()
    assert found.largest_z == pytest.approx(z.max(axis=1).min())
    assert z.loc[found.seed].idxmax() in ("".join(found.farthest), "".join(found.farthest[::-1]))
    assert found.inside == (z.loc[found.seed] <= 1).sum()
    assert (found.seeds, found.results, found.varying) == (7, wide.shape[1], wide.shape[1])
    assert found.within == (found.largest_z <= 1)


def test_two_seeds_are_equally_far_and_the_lower_is_taken():
    found = representative_seed(study_tables(seeds=2, epochs=2))
    assert found.seed == 0
    assert found.largest_z == pytest.approx(math.sqrt(0.5))
    assert found.within


def test_without_any_spread_every_seed_is_at_the_mean():
    found = representative_seed(level(study_tables(seeds=3, epochs=2)))
    assert (found.seed, found.varying, found.largest_z, found.farthest) == (0, 0, 0.0, ())
    assert found.within
    assert found.inside == found.results > 0


def test_a_result_that_varies_by_rounding_alone_is_no_reason_for_a_choice():
    tables = level(study_tables(seeds=5, epochs=2), 0.1 + 0.2)
    tables.rsa.loc[tables.rsa["seed"] == 0, "value"] = 0.3  # differs in the last bit
    moved(tables, 4, 0.05)
    moved(tables, 1, 0.01)
    moved(tables, 2, 0.02)
    found = representative_seed(tables)
    losses = np.array([0, 0.01, 0.02, 0, 0.05])
    assert found.varying == 1
    assert found.seed == np.abs(losses - losses.mean()).argmin()
    assert found.farthest == ("test_loss", "bert")


def test_a_seed_with_undefined_results_is_not_typical_for_lack_of_them():
    tables = study_tables(seeds=4, epochs=2)
    before = representative_seed(tables).seed
    tables.rsa.loc[tables.rsa["seed"] == before, "value"] = np.nan
    assert representative_seed(tables).seed != before
    tables.rsa["value"] = np.nan  # all alike again: no seed is left out for it
    assert representative_seed(tables).results == 7 * 3


def test_one_seed_has_nothing_to_be_compared_with():
    found = representative_seed(study_tables(seeds=1, epochs=2))
    assert (found.seed, found.seeds) == (0, 1)
    assert math.isnan(found.largest_z)
    assert not found.within


def test_seeds_without_results_to_compare():
    tables = study_tables(seeds=3, epochs=2)
    bare = replace(tables, rsa=tables.rsa[:0], transfer=tables.transfer[:0])
    found = representative_seed(bare)
    assert (found.seed, found.seeds, found.results) == (0, 3, 0)


def test_only_complete_seeds_are_asked():
    tables = study_tables(seeds=3, epochs=2)
    tables.meta["seeds_failed"] = {"0": "killed"}
    assert representative_seed(without_seed(tables, 0)).seed == 1
    assert representative_seed(without_seed(study_tables(seeds=1, epochs=2), 0)) is None
