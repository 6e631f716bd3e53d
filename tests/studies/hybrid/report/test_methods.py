"""The methods for a paper: what the study has recorded, cited, and nothing made up."""

import re
from dataclasses import replace

from hybridrep.studies.hybrid.report.methods import REFERENCES, methods_of, methods_text
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.testing.reporting_fixtures import study_tables

CORPORA = [
    {"name": "emotion", "source": "hub:dair-ai/emotion@abc", "items": 16000, "synthetic": False,
     "classes": {"joy": 1, "fear": 2}},
    {"name": "hate", "source": "hub:tweets-hate-speech-detection/tweets_hate_speech_detection",
     "items": 31962, "synthetic": False, "classes": {"hate": 1, "no hate": 2}},
]  # fmt: skip


def said(seeds: int = 3, sizes: tuple[int, ...] = (32, 64), **meta) -> str:
    return methods_of(Results.of(study_tables(seeds, sizes, epochs=4, **meta))).as_text()


def test_the_numbers_are_those_of_the_study():
    text = said(
        corpora=CORPORA, time_steps=66,
        encoder={"description": "hub:google-bert/bert-base-uncased@86b5 (bert, 768-d)",
                 "hidden_size": 768, "fingerprint": "c"},
        versions={"hybridrep": "0.3.0", "python": "3.11.7", "torch": "2.13.0", "scipy": "missing"},
    )  # fmt: skip
    for part in (
        "3 independent simulations (0–2)", "hybridrep 0.3.0 (commit 0123456789ab)",
        "16,000 tweets of 2 classes; hub:dair-ai/emotion@abc; Saravia et al., 2018)",
        "31,962 tweets", "Sharma, 2018", "768-dimensional [CLS]", "Devlin et al., 2019",
        "300 units", "for 10 epochs with Adam", "50-dimensional word vectors (glove-50; Pennington",
        "padded to 66 words", "over 4 epochs, with bottlenecks of 32 and 64 units", "epoch 2 were",
        "50 tweets per emotion", "trained for 20 epochs", "n = 3 seeds", "were dropped",
        "Python 3.11.7 and PyTorch 2.13.0 (Paszke et al., 2019).",
    ):  # fmt: skip
        assert part in text, part
    assert "missing" not in text


def test_every_citation_has_its_reference_and_no_reference_is_idle():
    text = said(corpora=CORPORA)
    body, _, listing = text.partition("\nReferences\n")
    listed = re.findall(r"^- (.*)$", listing, re.MULTILINE)
    assert listed == [entry for name, entry in sorted(REFERENCES.items()) if name in body]
    cited = {*re.findall(r"[A-Z][\w-]+(?: et al\.| & [A-Z]\w+)?, (?:19|20)\d\d", body)}
    assert cited <= {*REFERENCES}
    assert {"Holm, 1979", "Kriegeskorte et al., 2008", "Welch, 1947"} <= cited


def test_synthetic_tweets_are_called_so_and_cite_nobody():
    text = said()
    assert text.count("synthetic: written by a seeded generator") == 2
    assert "Saravia" not in text


def test_what_an_older_record_lacks_is_left_out():
    tables = study_tables(seeds=2, epochs=2)
    always = ("schema_version", "study", "study_key", "half_epoch", "seeds_wanted", "seeds_failed")
    bare = replace(tables, meta={name: tables.meta[name] for name in always} | {"config": {}})
    text = methods_of(Results.of(bare)).as_text()
    assert not re.search(r"\b(None|nan|0 epochs|not recorded words)\b|  | ,|\(\)", text)


def test_unfinished_seeds_and_single_ones_are_said():
    assert "Of 4 seeds, 1 did not finish." in said(3, seeds_wanted=[0, 1, 2, 3])
    assert "no test over seeds was done" in said(1)
    both = methods_text([Results.of(study_tables(2, epochs=2, study=n)) for n in ("a", "b")])
    assert both.startswith("Study a\n\n")
    assert "\nStudy b\n\n" in both
