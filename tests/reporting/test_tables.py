"""A report's table is declared beside the function that makes it."""

import pandas as pd

from hybridrep.reporting.tables import ReportTable, declared, report_table, table_name


@report_table("weights", "what items weigh", ("item", "weight"), ("_rN", "the same of round N"))
def weights(rows):
    """Return the weights."""
    return pd.DataFrame(rows, columns=["item", "weight"])


def test_a_declared_function_still_makes_its_table():
    assert list(weights([("a", 1.0)]).columns) == ["item", "weight"]
    assert weights.__doc__ == "Return the weights."
    assert table_name(weights) == "weights"


def test_declarations_stand_in_the_order_of_their_functions():
    assert declared([weights, weights])[:2] == (
        ReportTable("weights", "what items weigh", ("item", "weight")),
        ReportTable("weights_rN", "the same of round N", ("item", "weight")),
    )
