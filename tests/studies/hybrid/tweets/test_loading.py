import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.sources.texts.rows import Rows
from hybridrep.studies.hybrid.tweets import _known
from hybridrep.studies.hybrid.tweets.loading import LabelChoice, load_corpus

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise")
HUB_ORDER = ("sadness", "joy", "love", "anger", "fear", "surprise")


def jsonl(path, rows, **columns):
    names = columns.get("names", ("text", "label"))
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    return str(path)


def labels_of(tmp_path, name, labels, *, choice=None, **said):
    path = jsonl(tmp_path / "a.jsonl", [(f"text {i}", label) for i, label in enumerate(labels)])
    corpus = load_corpus(name, path, labels=choice or LabelChoice(), **said)
    return [corpus.label_names[label] for label in corpus.labels], corpus


def said_of(tmp_path, name, labels, **choice):
    """Return the words, the names of the classes, and what is said of them."""
    said = []
    words, corpus = labels_of(tmp_path, name, labels, choice=LabelChoice(**choice), say=said.append)
    return words, corpus.label_names, " ".join(said)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda number: HUB_ORDER[number],
        lambda number: f"  {HUB_ORDER[number].upper()} ",
    ],
)
def test_emotions_may_be_words_in_any_case(tmp_path, spelled):
    numbers = [3, 0, 5, 1, 2, 4, 0]
    words, corpus = labels_of(tmp_path, "emotion", [spelled(number) for number in numbers])
    assert words == [HUB_ORDER[number] for number in numbers]
    assert corpus.label_names == EMOTIONS
    assert corpus.labels.dtype == np.int64
    assert not corpus.synthetic
    assert corpus.source == str(tmp_path / "a.jsonl")


@given(st.lists(st.sampled_from(HUB_ORDER), min_size=2).filter(lambda words: len(set(words)) > 1))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_classes_are_those_that_occur_in_alphabetical_order(tmp_path, words):
    assert labels_of(tmp_path, "emotion", words)[0] == words
    assert labels_of(tmp_path, "emotion", words)[1].label_names == tuple(sorted(set(words)))


def test_emotions_of_your_own_need_five_tweets(tmp_path):
    own = ["Calm"] * 5 + ["joy"] + ["disgust"] * 7
    assert labels_of(tmp_path, "emotion", own)[1].label_names == ("calm", "disgust", "joy")
    with pytest.raises(CorpusError, match=r"a\.jsonl, line 1: the label 'calm' is unknown"):
        labels_of(tmp_path, "emotion", own[1:])


@pytest.mark.parametrize(
    ("not_hate", "hate"),
    [
        (0, 1),
        (0.0, 1.0),
        ("0", "1"),
        (False, True),
        ("no-hate", "hate"),
        ("no-hate-speech", "hate-speech"),
        ("Not Hostile", "HOSTILE"),
        ("non_toxic", "toxic"),
        ("normal", "abusive"),
    ],
)
def test_hate_is_two_classes_however_they_are_spelled(tmp_path, not_hate, hate):
    words, corpus = labels_of(tmp_path, "hate", [hate, not_hate, hate])
    assert words == ["hate", "no-hate", "hate"]
    assert corpus.label_names == ("no-hate", "hate")
    assert corpus.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize("name", ["emotion", "hate"])
def test_labels_that_read_alike_are_one_class(tmp_path, name):
    spelled = ["caf\u00e9", "cafe\u0301", "tea"] * 5
    words, corpus = labels_of(tmp_path, name, spelled)
    assert corpus.label_names == ("caf\u00e9", "tea")
    assert words[:3] == ["caf\u00e9", "caf\u00e9", "tea"]
    assert set(labels_of(tmp_path, name, ["1", "\uff11", "7"] * 5)[0]) == {"1", "7"}


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("emotion", ["joy", "anger", "sadnes"], "line 3: the label 'sadnes' is unknown"),
        ("emotion", [0, 1, 6], "line 3: the label '6' is unknown"),
        ("emotion", [0, 1, -1], "line 3: the label '-1' is unknown"),
        (
            "emotion",
            ["joy"] * 9 + ["anger"] + [3] * 9,
            "line 11: the label '3' is a number, but others are words, e.g. 'joy'",
        ),
        ("emotion", [True, False, 1] * 9, "line 3: the label '1' is a number, but others"),
        ("emotion", ["joy", "joy"], "has only one class, 'joy'"),
        ("hate", [1, 1], "has only one class, 'hate'"),
        ("hate", [0, 1, 2], "line 3: the label '2' is unknown and stands on a single tweet"),
        ("hate", ["hate", "no-hate", "joy"], "line 3: the label 'joy' is unknown"),
        ("hate", [0, 1, None], "line 3: no label"),
        ("hate", [0, 1, float("nan")], "line 3: no label"),
        ("emotion", ["joy", "  ", "anger"], "line 2: no label"),
        ("emotion", ["joy", 0.5], r"line 2: the label 0\.5 is no word or whole number"),
        ("emotion", ["joy", ["anger"]], r"line 2: the label \['anger'\] is no word"),
        ("emotion", ["joy", {"a": 1}], "line 2: the label"),
        ("emotion", [0, 10**30], "line 2: the label '1000"),
        ("emotion", ["joy", "9" * 400], "line 2: the label '999"),
        ("emotion", [0, float("inf")], "line 2: the label inf"),
    ],
)
def test_labels_that_are_not_clear_are_refused_with_their_line(tmp_path, name, labels, message):
    with pytest.raises(CorpusError, match=message):
        labels_of(tmp_path, name, labels)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("emotion", None, "line 2: no text"),
        ("hate", None, "line 2: no text"),
        ("emotion", float("nan"), "line 2: no text"),
        ("emotion", "", "line 2: no text"),
        ("emotion", " \u3000\t", "line 2: no text"),
        ("emotion", 7, r"line 2: the text is no string but of the type int\. Remove"),
        ("hate", "a\0b", "line 2: the text holds a NUL character"),
        ("hate", "half \ud83d", r"line 2: the text holds half a character \(U\+D83D\)"),
    ],
)
def test_texts_that_cannot_be_used_are_refused_with_their_line(tmp_path, name, text, message):
    labels = ("joy", "anger") if name == "emotion" else (0, 1)
    path = jsonl(tmp_path / "a.jsonl", [("fine", labels[0]), (text, labels[1])])
    with pytest.raises(CorpusError, match=message):
        load_corpus(name, path)


def test_parquet_names_the_row(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"text": ["a", None], "label": ["joy", "anger"]}).to_parquet(path)
    with pytest.raises(CorpusError, match=r"a\.parquet, row 2: no text"):
        load_corpus("emotion", str(path))


def test_empty_texts_of_the_hate_corpus_are_left_to_the_cleaning(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [("", 0), ("a", 1)])
    assert load_corpus("hate", path).texts == ("", "a")


def test_texts_are_left_as_they_are(tmp_path):
    text = ' "quoted"; \u202e rtl שלום a\u0301\u200d 💕\ufeff,\n\t ' + "long " * 30_000
    path = jsonl(tmp_path / "a.jsonl", [(text, 0), ("b", 1)])
    assert load_corpus("hate", path).texts[0] == text


pieces = [b"text", b"label", b"joy", b"anger", b"0", b"1", b",", b";", b"\t", b'"', b"\n", b"\r"]
pieces += [
    b"{",
    b"}",
    b":",
    b'"text"',
    b'"label"',
    b"null",
    b"NaN",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
]
contents = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(pieces), max_size=30).map(b"".join)
)
rows = st.lists(st.lists(st.sampled_from(pieces), max_size=4).map(b"".join), max_size=4)


@given(
    st.one_of(contents, rows.map(lambda rows: b"\n".join([b"text,label", *rows]))),
    st.sampled_from(["txt", "csv", "tsv", "jsonl", "parquet"]),
    st.sampled_from(["emotion", "hate"]),
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_a_corpus_or_a_clear_refusal(tmp_path, content, ending, name):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    try:
        corpus = load_corpus(name, str(path))
    except CorpusError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert len(corpus) >= len(corpus.label_names) >= 2
        assert all(isinstance(text, str) and "\0" not in text for text in corpus.texts)
        assert len(corpus.fingerprint) == 64
    assert not refusal or str(path) in refusal


def test_a_folder_gives_every_item_its_split(tmp_path):
    (tmp_path / "train.txt").write_text("a;joy\nb;anger\n")
    (tmp_path / "val.txt").write_text("c;joy\n")
    (tmp_path / "test.txt").write_text("d;anger\ne;joy\n")
    corpus = load_corpus("emotion", str(tmp_path))
    assert corpus.texts == ("a", "b", "c", "d", "e")
    assert corpus.splits == ("train", "train", "validation", "test", "test")
    assert corpus.labels.tolist() == [1, 0, 1, 0, 1]
    (tmp_path / "test.txt").write_text("d;anger\ne;love\n")
    with pytest.raises(CorpusError, match=r"test\.txt, line 2: the class 'love' has no tweet in"):
        load_corpus("emotion", str(tmp_path))


def test_columns_are_chosen_by_the_corpus_own_parameter(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [("a", 0), ("b", 1)], names=("said", "bad"))
    assert load_corpus("hate", path, columns="said,bad").texts == ("a", "b")
    with pytest.raises(CorpusError, match='hate_columns="TEXT,LABEL"'):
        load_corpus("hate", path)


def test_names_of_numbered_labels_in_a_parquet_of_the_hub_are_used(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["fear", "calm"])})
    rows = {"text": [str(i) for i in range(10)], "label": [0, 1] * 5}
    Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "a.parquet")
    corpus = load_corpus("emotion", str(tmp_path / "a.parquet"))
    assert corpus.label_names == ("calm", "fear")
    assert corpus.labels.tolist() == [1, 0] * 5


@pytest.mark.parametrize(
    ("name", "source", "columns", "error", "message"),
    [
        ("emotion", "", "", CorpusError, "The parameter emotion is empty"),
        ("hate", "  ", "", CorpusError, "The parameter hate is empty"),
        ("emotion", "no/such.csv", "", CorpusError, r"no corpus file or folder 'no/such\.csv'"),
        ("emotion", "sample", "a,b", CorpusError, "leave emotion_columns empty"),
    ],
)
def test_a_source_that_is_none_is_refused(name, source, columns, error, message):
    with pytest.raises(error, match=message):
        load_corpus(name, source, columns)


def test_there_are_two_corpora():
    # Called beneath the run-time check of types, which would refuse the name first.
    with pytest.raises(ParameterError, match="A corpus is 'emotion' or 'hate', not 'joy'"):
        getattr(load_corpus, "__wrapped__", load_corpus)("joy", "sample")


def test_the_sample_says_that_it_is_synthetic():
    corpus = load_corpus("hate", "sample")
    assert corpus.synthetic
    assert "synthetic" in corpus.source


def test_the_real_emotion_corpus_loads_as_it_is(real_data):
    corpus = load_corpus("emotion", str(real_data / "emotion"))
    assert len(corpus) == 20_000
    assert [corpus.splits.count(split) for split in ("train", "validation", "test")] == [
        16_000,
        2_000,
        2_000,
    ]
    assert corpus.label_names == EMOTIONS
    frames = [
        pd.read_csv(
            real_data / "emotion" / f"{split}.txt", sep=";", names=["text", "label"], quoting=3
        )
        for split in ("train", "val", "test")
    ]
    expected = pd.concat(frames)
    assert list(corpus.texts) == expected["text"].tolist()
    assert [corpus.label_names[i] for i in corpus.labels] == expected["label"].tolist()


def test_the_real_hate_corpus_loads_as_it_is(real_data):
    path = real_data / "hate" / "train.csv"
    corpus = load_corpus("hate", str(path))
    expected = pd.read_csv(path, keep_default_na=False)
    assert list(corpus.texts) == expected["tweet"].tolist()
    assert corpus.labels.tolist() == expected["label"].tolist()
    assert corpus.class_counts == {"no-hate": 29_720, "hate": 2_242}
    assert set(corpus.splits) == {""}


def test_numbers_of_an_unknown_corpus_stay_numbers_and_it_is_said(tmp_path):
    for numbers in ([*range(4)] * 9, [*range(6)] * 9, [*range(12)] * 5, [-1, 0, 1] * 5):
        words, names, said = said_of(tmp_path, "emotion", numbers)
        assert words == [str(number) for number in numbers]
        assert names == tuple(str(number) for number in sorted(set(numbers)))
        assert "stay numbers (emotion_names=NAME,NAME,... names them" in said


@pytest.mark.parametrize(
    ("numbers", "names", "meaning"),
    [
        ((0, 1, 2, 3), "Anger, joy,optimism,sadness", ("anger", "joy", "optimism", "sadness")),
        ((1, 2, 3), "a,b,c", ("a", "b", "c")),
        ((-1, 0, 1), "negative,neutral,positive", ("negative", "neutral", "positive")),
        ((0, 2), "a,b,c", ("a", "c")),
        ((0, 4), "0=negative,4=positive", ("negative", "positive")),
        ((0, 1, 2, 3, 4, 5), "a,b,c,d,e,f", ("a", "b", "c", "d", "e", "f")),
    ],
)
def test_numbers_are_named_by_the_user(tmp_path, numbers, names, meaning):
    words, _, said = said_of(tmp_path, "emotion", [*numbers] * 6, names=names)
    assert words == [*meaning] * 6
    assert f"{numbers[0]} as {meaning[0]}" in said


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([0, 1, 2] * 5, "a,b", "gives no name to '2'; the labels of .* are '0', '1', '2'"),
        ([0, 1] * 5, "a,a", "no two the same"),
        ([0, 1] * 5, "a,", "every number has one name"),
        ([0, 1] * 5, "0=a", "gives no name to '1'"),
        (["joy", "anger"] * 5, "a,b", "names numbers, but .* has the labels 'anger', 'joy'"),
        ([0, 1] * 5, "a," + "b" * 61, "is no name for a class"),
    ],
)
def test_names_that_do_not_fit_the_numbers_are_refused(tmp_path, labels, names, message):
    with pytest.raises(CorpusError, match=message):
        said_of(tmp_path, "emotion", labels, names=names)


def test_the_known_corpus_is_told_by_its_texts_whatever_their_order(monkeypatch, tmp_path):
    texts = [f"text {i}" for i in range(12)]
    monkeypatch.setattr(_known, "_TEXTS", {_known.fingerprint(reversed(texts))})
    words, names, said = said_of(tmp_path, "emotion", [*range(6)] * 2)
    assert words == [*HUB_ORDER] * 2
    assert names == EMOTIONS
    assert "the texts are those of dair-ai/emotion, so 0 to 5 are read as sadness, joy" in said
    words, _, _ = said_of(tmp_path, "emotion", [*range(6)] * 2, names="a,b,c,d,e,f")
    assert words == [*"abcdef"] * 2


def test_a_number_that_is_missing_or_a_text_that_differs_is_another_corpus(monkeypatch, tmp_path):
    texts = [f"text {i}" for i in range(10)]
    monkeypatch.setattr(_known, "_TEXTS", {_known.fingerprint(texts)})
    words, _, _ = said_of(tmp_path, "emotion", [*range(5)] * 2)
    assert words == [*"01234"] * 2
    assert _known.fingerprint(["a", "b", "b"]) != _known.fingerprint(["a", "a", "b"])


def test_the_real_corpus_is_known_by_its_texts(real_data):
    path = real_data / "emotion"
    parts = []
    for name in ("train", "val", "test"):
        lines = (path / f"{name}.txt").read_text("utf-8").splitlines()
        texts = [line.rpartition(";")[0] for line in lines]
        parts.append(Rows(texts, [0] * len(texts), range(len(texts)), name, "line"))
    assert _known.is_known("", parts)
    whole = Rows([t for rows in parts for t in rows.texts], [], [], "all", "line")
    assert _known.is_known("", [whole])
    assert not _known.is_known("", [Rows([*whole.texts, "one more"], [], [], "all", "line")])


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["spam", "ham"], ("ham", "spam")),
        ([1, 2], ("1", "2")),
        ([-1, 1], ("-1", "1")),
        ([10, 9], ("9", "10")),
        (["Not Offensive", "offensive"], ("not-offensive", "offensive")),
        (["hate", "offensive", "neither"], ("hate", "neither", "offensive")),
        (["abusive", "hateful", "normal"], ("abusive", "hateful", "normal")),
        ([0, 1, 2, 10], ("0", "1", "2", "10")),
    ],
)
def test_the_new_task_takes_any_labels_and_says_which(tmp_path, labels, names):
    words, found, said = said_of(tmp_path, "hate", labels * 6)
    assert found == names
    assert len(set(words)) == len(labels)
    if len(names) == 2:
        assert f"new task: {names[1]!r} is taken for hostile, {names[0]!r} for not" in said
        assert f"hate_positive={names[0]} would say otherwise" in said
        assert said_of(tmp_path, "hate", labels * 6, positive=names[0])[1] == names[::-1]
    else:
        assert f"new task: {len(names)} classes" in said


def test_the_user_says_which_of_the_usual_labels_means_hostile(tmp_path):
    words, names, said = said_of(tmp_path, "hate", [0, 1, 1], positive="0")
    assert (words, names) == (["hate", "no-hate", "no-hate"], ("no-hate", "hate"))
    assert "'0' is taken for hostile, '1' for not hostile" in said
    assert said_of(tmp_path, "hate", [0, 1])[2] == ""


@pytest.mark.parametrize(
    ("labels", "positive", "message"),
    [
        (["spam", "ham"] * 5, "eggs", "hate_positive=eggs is no label of .*'ham', 'spam'"),
        ([0, 1, 2] * 5, "1", "which of two labels means hostile, but .* has 3: '0', '1', '2'"),
    ],
)
def test_a_hostile_label_that_is_none_is_refused(tmp_path, labels, positive, message):
    with pytest.raises(CorpusError, match=message):
        said_of(tmp_path, "hate", labels, positive=positive)


@pytest.mark.parametrize("said", [{"split": "fold"}, {"labels": LabelChoice(names="a")}])
def test_nothing_is_said_of_the_sample(said):
    with pytest.raises(CorpusError, match="The sample has no such choice: leave emotion_"):
        load_corpus("emotion", "sample", **said)
