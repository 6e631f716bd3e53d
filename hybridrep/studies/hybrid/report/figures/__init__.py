"""The figures of a report, one module a kind; `catalogue` says which there are."""
