"""Several studies in one report: how they are told apart."""

from hybridrep.reporting.report import labels_of, slugs_of


def test_names_are_told_apart():
    labels = labels_of(["one", "one", "<b>"])
    assert labels == ["one", "one (2)", "<b>"]
    slugs = slugs_of([*labels, "ONE"])
    assert len(set(slugs)) == 4
    assert all(slug.replace("-", "").isalnum() for slug in slugs)
