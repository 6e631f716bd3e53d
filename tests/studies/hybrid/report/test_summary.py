"""The five sentences, the example seed, notices and the command that makes a study again."""

import re
import shlex
from itertools import pairwise

import numpy as np
import pytest

from hybridrep.parameters import resolve
from hybridrep.reporting.formatting import (
    counted,
    interval,
    listed,
    mean_sd,
    number,
    p_value,
    seeds_text,
    shortened,
)
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.names import ALL_ITEM_SETS, pair_in, readable
from hybridrep.studies.hybrid.report.notices import notices_of
from hybridrep.studies.hybrid.report.reproduce import reproduce_command
from hybridrep.studies.hybrid.report.summary import summarise_study
from hybridrep.studies.hybrid.results.representative import representative_seed
from hybridrep.studies.hybrid.results.result_tables import linear_summary, rsa_summary
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.testing.reporting_fixtures import example_items, study_tables, without_seed


def test_sentences_carry_the_studys_numbers():
    tables = study_tables(seeds=6, epochs=8)
    sentences = summarise_study(Results.of(tables))
    assert len(sentences) == 5
    assert all(s.endswith(".") and s.count("\n") == 0 for s in sentences)
    rsa = tables.rsa.query(
        "epoch == 4 and item_set == 'test' and pair == 'reconstructed_vs_target'"
    )
    for direction, name in (("bert_to_lstm", "BERT → LSTM"), ("lstm_to_bert", "LSTM → BERT")):
        mean = rsa.loc[rsa["direction"] == direction, "value"].mean()
        assert f"{mean:.2f} (95% CI" in sentences[1]
        assert name in sentences[1]
    best = tables.transfer.query("epoch == 20 and representation == 'bert'")["test_loss"].mean()
    assert f"BERT has the lowest test loss, {best:.2f}" in sentences[3]
    assert "synthetic" in sentences[0]
    assert "plain ridge regression has a lower test loss" in sentences[4]


def test_a_real_study_is_not_called_synthetic():
    corpora = [{"name": "emotion", "source": "x.csv", "synthetic": False, "items": 5}]
    tables = study_tables(seeds=2, epochs=2, corpora=corpora)
    assert "on real tweets" in summarise_study(Results.of(tables))[0]
    assert not any(
        n.title == "Synthetic data" for n in notices_of(Results.of(tables), None, texts_shown=True)
    )


def test_a_direction_without_values_leaves_the_other_to_speak_of_diffusion():
    tables = study_tables(seeds=3, epochs=2)
    forth = tables.rsa["direction"] == "bert_to_lstm"
    tables.rsa.loc[forth & (tables.rsa["pair"] == "bottleneck_vs_input"), "value"] = np.nan
    rows = tables.rsa.query(
        "direction == 'lstm_to_bert' and epoch == 1 and item_set == 'test' and "
        "pair in ('bottleneck_vs_input', 'bottleneck_vs_target')"
    )
    smaller = rows.groupby("pair")["value"].mean().min()
    said = summarise_study(Results.of(tables))[2]
    assert said.endswith(f"both by more than r = {smaller:.2f} where both are known.")
    tables.rsa.loc[tables.rsa["pair"] == "bottleneck_vs_input", "value"] = np.nan
    assert summarise_study(Results.of(tables))[2].endswith("leaves open whether it resembles both.")


def test_sentences_stand_without_statistics_and_without_results():
    one = summarise_study(Results.of(study_tables(seeds=1, epochs=2)))
    assert "CI" not in "".join(one)
    assert "no test is possible" in one[3]
    nothing = without_seed(study_tables(seeds=1, epochs=2), 0)
    assert len(summarise_study(Results.of(nothing))) == 5


def test_nan_results_are_said_to_be_missing_not_averaged():
    tables = study_tables(seeds=3, epochs=2)
    tables.rsa.loc[tables.rsa["direction"] == "lstm_to_bert", "value"] = np.nan
    assert "not available for LSTM → BERT" in summarise_study(Results.of(tables))[1]


def test_the_example_seed_is_the_most_typical_one():
    tables = study_tables(seeds=5, epochs=4)
    odd = tables.transfer["seed"] != 3
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        tables.transfer.loc[odd, measure] += np.where(tables.transfer.loc[odd, "seed"] < 3, 0.1, 0)
    chosen = representative_seed(tables)
    assert chosen is not None
    assert f"Seed {chosen.seed}:" in chosen.reason
    assert "over 5 complete seeds" in chosen.reason
    assert representative_seed(without_seed(tables, chosen.seed)).seed != chosen.seed


def test_one_seed_and_no_seed_as_example():
    tables = study_tables(seeds=1, epochs=2)
    assert representative_seed(tables).reason == "Seed 0 is the only complete seed."
    assert representative_seed(without_seed(tables, 0)) is None


def test_seeds_that_do_not_vary_are_no_reason_to_fail():
    tables = study_tables(seeds=3, epochs=2)
    tables.rsa["value"] = 0.5
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        tables.transfer[measure] = 0.5
    assert representative_seed(tables).reason == (
        "Seed 0: the first of 3 complete seeds, whose results do not vary."
    )


def test_the_reason_says_whether_the_papers_rule_is_kept():
    pair = representative_seed(study_tables(seeds=2, epochs=2)).reason
    assert "results lie within 1 SD of their mean over 2 complete seeds, as the paper asks" in pair
    many = representative_seed(study_tables(seeds=12, epochs=2)).reason
    assert re.search(r"Seed \d+: \d+ of its 33 results lie within 1 SD", many)
    assert re.search(r"the farthest 1\.\d\d SD \((test|train|r of)[^()]*\) away", many)
    assert "no seed has all of them within 1 SD, and this one comes closest" in many


@pytest.mark.parametrize("state", ["failed", "missing", "incomplete"])
def test_gaps_are_named_before_the_numbers(state):
    tables = study_tables(seeds=4, epochs=2)
    if state == "failed":
        tables.meta["seeds_failed"] = {"2": "out of memory"}
    tables = without_seed(tables, 2, *(["transfer"] if state == "incomplete" else []))
    first = notices_of(Results.of(tables), None, texts_shown=True)[0]
    assert first.kind == "warning"
    assert first.title == "3 of 4 seeds are complete"
    assert first.text.endswith(": 2.")


def test_one_seed_says_that_nothing_is_tested():
    titles = [
        n.title for n in notices_of(Results.of(study_tables(seeds=1)), None, texts_shown=True)
    ]
    assert "Too few seeds for statistics" in titles


def test_duplicates_older_layouts_and_withheld_tweets_are_said():
    tables = study_tables(seeds=2, epochs=2, made_with_schema=0)
    tables.meta["config"]["duplicates"] = "keep"
    tables.meta["duplicates"] = {
        "choice": "keep", "repeated_texts": 1234, "test_tweets": 880,
        "test_in_training": {"0": 150, "1": 154},
    }  # fmt: skip
    found = {n.title: n.text for n in notices_of(Results.of(tables), example_items(2, projected=6),
                                                 texts_shown=False)}  # fmt: skip
    assert "1,234 such repetitions" in found["Duplicates kept"]
    assert (
        "880 test tweets 152 also stand in its training (mean over 2 seeds)"
        in (found["Duplicates kept"])
    )
    assert "Its tables were of layout 0" in found["Made by another version"]
    assert "Tweets withheld" in found


def test_rsa_summary_equals_a_plain_computation():
    tables = study_tables(seeds=5, epochs=4)
    table = rsa_summary(tables)
    assert len(table) == 2 * 6 * len(ALL_ITEM_SETS)
    row = table.query("direction == 'lstm_to_bert' and pair == 'bottleneck_vs_input'").iloc[0]
    values = tables.rsa.query(
        "direction == 'lstm_to_bert' and pair == 'bottleneck_vs_input' and epoch == 2 and "
        "item_set == @row.item_set"
    )["value"].to_numpy()
    assert row["mean"] == pytest.approx(values.mean())
    half = 2.7764451 * values.std(ddof=1) / np.sqrt(5)  # t(0.975, 4)
    assert (row["low"], row["high"]) == pytest.approx((values.mean() - half, values.mean() + half))


def test_ridge_stands_beside_the_autoencoder_at_both_epochs():
    tables = study_tables(seeds=3, epochs=6)
    row = linear_summary(tables).set_index("direction").loc["bert_to_lstm"]
    mine = tables.autoencoder.query("direction == 'bert_to_lstm'")
    assert row["used_loss"] == pytest.approx(mine.query("epoch == 3")["test_loss"].mean())
    assert row["last_loss"] == pytest.approx(mine.query("epoch == 6")["test_loss"].mean())
    ridge = tables.linear_baseline.query("direction == 'bert_to_lstm'")
    assert row["ridge_loss"] == pytest.approx(ridge["test_loss"].mean())
    order = linear_summary(study_tables(seeds=1, epochs=2, bottlenecks=(64, 32)))
    assert order["bottleneck"].tolist() == [64, 32, 64, 32]  # the first is the one spoken of
    assert row["ridge_seen"] == pytest.approx(ridge["reconstructed_vs_target_seen"].mean())


def test_the_command_gives_the_configuration_back():
    wanted = resolve(
        {"seeds": "0,3", "bottlenecks": "16,8", "emotion": "my data/a b.csv", "share_text": "false",
         "lstm_epochs": "7"}
    , Config)  # fmt: skip
    tables = study_tables(seeds=1, config=wanted.model_dump(mode="json"), seeds_wanted=[0, 3])
    words = shlex.split(reproduce_command(tables))
    given = dict(word.split("=", 1) for before, word in pairwise(words)
                 if before == "-P")  # fmt: skip
    assert resolve(given, Config) == wanted
    assert set(given) == {
        "profile", "seeds", "bottlenecks", "emotion", "share_text", "lstm_epochs",
    }  # fmt: skip


def test_the_command_survives_an_older_record():
    tables = study_tables(seeds=2, config={"profile": "gone", "lost_parameter": 5})
    assert "lost_parameter" not in reproduce_command(tables)
    assert "profile=quickstart" in reproduce_command(tables)


def test_numbers_read_well():
    assert number(-0.0004) == "0.000"
    assert number(-1.5, 1) == "−1.5"
    assert number(float("nan")) == number(None) == "–"
    assert p_value(0.0004) == "< 0.001"
    assert p_value(0.0312) == "0.031"
    assert interval(0.1, float("nan")) == "–"
    assert mean_sd(0.618, 0.028) == "0.618(0.028)"
    assert shortened("abcdef", 4) == "abc…"
    assert seeds_text([5, 0, 1, 2, 9]) == "0–2, 5, 9"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert counted(1, "seed") == "1 seed"
    assert counted(16000, "tweet") == "16,000 tweets"
    assert readable("no_such_name") == "no such name"
    assert pair_in("lstm_to_bert", "bottleneck_vs_target") == "bottleneck – BERT (target)"
