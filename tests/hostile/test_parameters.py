"""Hostile parameters: what is taken is written and read back alike, all else is refused."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridrep.command import command, exit_code
from hybridrep.errors import ParameterError
from hybridrep.messages import has_password, public_uri, without_passwords
from hybridrep.parameters import parse_names, resolve, resolve_path
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.report.config import CompareConfig
from hybridrep.studies.hybrid.sweep.config import CRITERIA, RegisterConfig, SweepConfig
from hybridrep.testing.hostile import attempt, examples, texts

MODELS = (Config, SweepConfig, RegisterConfig, CompareConfig)
fields = st.sampled_from([(model, name) for model in MODELS for name in model.model_fields])
REQUIRED = {CompareConfig: {"studies": "one,two"}}

positive = st.floats(min_value=1e-300, max_value=1e300)
spans = st.one_of(positive.map(repr), st.tuples(positive, positive).map(
    lambda ends: f"{min(ends)!r}:{max(ends)!r}"))  # fmt: skip
epochs = st.integers(1, 100_000)
ranges = st.tuples(st.integers(1, 999_999), st.integers(1, 999_999)).map(
    lambda ends: f"{min(ends)}-{max(ends)}"
)


def subsets(*names: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(names), min_size=1).map(",".join)


paths = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30
)
common = {
    "profile": st.sampled_from(["quickstart", "paper"]),
    "study": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}", fullmatch=True),
    "emotion": paths, "hate": paths, "encoder": paths, "vectors": paths, "store": paths,
    "emotion_columns": paths, "cluster": paths,
    "seeds": st.one_of(
        st.integers(1, 300).map(str),
        st.lists(st.integers(0, 10**6), min_size=1, unique=True).map(lambda s: f"{s}"[1:-1] + ","),
    ),
    "bottlenecks": st.lists(st.integers(1, 8192), min_size=1, unique=True).map(
        lambda sizes: ",".join(map(str, sizes))
    ),
    "lstm_epochs": epochs.map(str), "transfer_epochs": epochs.map(str),
    "share_text": st.sampled_from(["true", "false", "0", "1", "no"]),
    "padding": st.sampled_from(["front", "after"]),
    "timeout": st.integers(0, 10**12).map(str),
}  # fmt: skip
of_a_sweep = {
    **common,
    "autoencoder_epochs": st.one_of(epochs.map(str), ranges),
    "learning_rates": spans,
    "activations": subsets("relu", "elu", "tanh", "leaky_relu"),
    "kinds": subsets("convolutional", "fully_connected"),
    "directions": subsets("bert_to_lstm", "lstm_to_bert"),
    "batch": st.integers(1, 10_000).map(str),
    "storage": paths,
}
of_a_registration = {
    **common,
    "source": paths,
    "by": st.sampled_from(["transformability", *CRITERIA]),
}
names = st.lists(paths.map(lambda p: p.replace(",", "-")), min_size=2, max_size=4, unique=True)
of_a_comparison = {**common, "studies": names.map(",".join)}
valid = st.one_of(
    *(
        st.tuples(st.just(model), st.fixed_dictionaries({}, optional=strategies))
        for model, strategies in zip(
            MODELS, (common, of_a_sweep, of_a_registration, of_a_comparison), strict=True
        )
    )
)


@given(valid)
@example((SweepConfig, {"learning_rates": "0.0012345678"}))
@examples(300)
def test_what_is_taken_is_written_and_read_back_alike(chosen):
    model, values = chosen
    config = resolve({**REQUIRED.get(model, {}), **values}, model)
    again = resolve(config.as_text(), model)
    assert again == config
    assert again.as_text() == config.as_text()


@given(fields, texts)
@examples(500)
def test_any_text_is_taken_or_refused_in_few_words(field, text):
    model, name = field
    config, refusal = attempt(lambda: resolve({**REQUIRED.get(model, {}), name: text}, model))
    if refusal:
        assert name in refusal
        assert len(refusal) < 2_000
    else:
        assert resolve(config.as_text(), model) == config


@pytest.mark.parametrize("stray", ["\0", "\n", "\x1b[2J", "\u2028", "\udcff"])
@pytest.mark.parametrize("name", ["emotion", "store", "cluster", "emotion_columns", "study"])
def test_characters_that_break_lines_and_databases_are_refused(name, stray):
    with pytest.raises(ParameterError, match=f"parameter {name} holds"):
        resolve({name: f"a{stray}b"}, Config)


def test_a_long_bad_value_is_not_repeated_whole():
    with pytest.raises(ParameterError) as caught:
        resolve({"seeds": "x" * 1_000_000, "y" * 1_000_000: "1"}, Config)
    assert len(str(caught.value)) < 5_000


@pytest.mark.parametrize("timeout", [str(10**12 + 1), "9" * 400])
def test_a_timeout_that_no_clock_can_hold_is_refused(timeout):
    with pytest.raises(ParameterError, match=r"parameter timeout=.*at most 1000000000000 seconds"):
        resolve({"timeout": timeout}, SweepConfig)


def test_the_home_of_nobody_is_refused(capsys):
    entry = command("full", lambda config: resolve_path(config.store))
    assert exit_code(entry, ["--store", "~nobody-of-this-name/x"]) == 2
    assert "'~nobody-of-this-name/x'" in capsys.readouterr().err


PASSWORDS = (
    "s3cr3t-w0rd",
    "s3cr3t@w0rd",
    "s3cr3t%40w0rd",
    "s3cr3t#w0rd",
    "s3cr3t?w0rd",
    "s3cr3t:w0rd",
)


@pytest.mark.parametrize("password", PASSWORDS)
def test_no_form_of_a_password_is_shown(password):
    address = f"postgresql+psycopg2://ada:{password}@db.lab:5432/x?sslmode=require"
    assert public_uri(address) == "postgresql+psycopg2://db.lab:5432/x"
    for text in (f"no answer from {address}: refused", f"the password {password!r} is wrong",
                 f"the password {unquote(password)!r} is wrong"):  # fmt: skip
        masked = without_passwords(text, address)
        assert "w0rd" not in masked
        assert "s3cr3t" not in masked


def test_passwords_among_an_address_s_options_are_masked_too():
    address = "postgresql://db.lab/x?user=ada&password=s3cr3t@w0rd&sslmode=require"
    assert public_uri(address) == "postgresql://db.lab/x"
    assert "w0rd" not in without_passwords(f"no {address} and s3cr3t@w0rd", address)
    assert has_password(address)


@pytest.mark.parametrize(
    "text",
    ["hub:dair-ai/emotion@cab853a", "tls://10.0.0.5:8786", "postgresql://mlflow@db/x",
     "https://a.b/@me:x", "me@here: a:b@c", "C:\\data", "~/x@y:z"],
)  # fmt: skip
def test_what_holds_no_password_stays_as_it_is(text):
    assert without_passwords(text) == text
    assert not has_password(text)


@given(texts)
@examples(200)
def test_masking_twice_is_masking_once(text):
    assert without_passwords(without_passwords(text)) == without_passwords(text)


def test_names_are_split_at_commas():
    assert parse_names(" a, b ,") == ("a", "b")
    with pytest.raises(ValueError, match="'' is no entry: take a comma out"):
        parse_names(" a, ,b ")
