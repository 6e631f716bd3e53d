import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridrep.errors import CorpusError
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus, clean_tweet
from hybridrep.studies.hybrid.tweets.loading import load_corpus

MARKS = [
    "@",
    "#",
    "&",
    "amp;",
    "&amp;",
    "&#39;",
    "http://",
    "https://t.co/",
    "www.",
    "é",
    "💕",
    " ",
]
tweets = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=4)), max_size=20).map("".join),
)


@given(tweets)
@example("&am💕p;")
@example("@💕user")
@example("éwww.x.org")
@example("#tag@name#tag")
@example("&amp;amp;lt;")
def test_a_clean_text_is_printable_ascii_with_single_spaces_and_stays_as_it_is(text):
    clean = clean_tweet(text)
    assert clean_tweet(clean) == clean
    assert clean.isascii()
    assert clean.isprintable()
    assert clean == clean.strip()
    assert "  " not in clean


@given(tweets)
def test_no_mark_of_twitter_is_left(text):
    clean = clean_tweet(text)
    assert not re.search(r"[@#]\w|https?://|&\w+;|&#\d+;", clean, re.IGNORECASE)


@given(st.lists(st.from_regex(r"[a-z0-9.,!?'$%]{1,8}", fullmatch=True), max_size=12))
def test_plain_words_are_left_alone(words):
    words = [word for word in words if not word.startswith(("www.", "t.co"))]
    assert clean_tweet(" ".join(words)) == " ".join(words)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" @user   when a father is\tselfish   #run", "when a father is selfish"),
        ("love u all the time in urð±!!! ðð", "love u all the time in ur !!!"),
        ("you &amp; me &lt;3 &#8220;x&#x201d; &amp;gt;", "you me 3 x"),
        ("see https://t.co/Ab1?x=1 and www.example.org/a, HTTP://B.C", "see and"),
        ("pic.twitter.com/dn49q tonight", "tonight"),
        ("awwww... slooowww. #no#go@me", "awwww... slooowww."),
        ("two💕words caf\u00e9 na\u00efve", "two words caf na ve"),
        (
            "\u202eright to left \u0627\u0644\u0639\u0631\u0628\u064a\u0629 a\u0301b",
            "right to left a b",
        ),
        ("AT&T; r&b 5 & 6 a@ # 7", "AT r&b 5 & 6 a@ # 7"),
        ("😀👍🏽❤️", ""),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("", ""),
    ],
)
def test_examples(text, clean):
    assert clean_tweet(text) == clean


def corpus_of(*texts: str) -> Corpus:
    return Corpus(
        name="hate",
        texts=texts,
        labels=np.arange(len(texts)) % 2,
        label_names=("no-hate", "hate"),
        splits=("train",) * len(texts),
        source="here",
        synthetic=False,
    )


def test_a_cleaned_corpus_reports_what_changed_and_what_went():
    cleaned = clean_corpus(corpus_of("plain", "#only @marks", "a  b", "", "also plain"))
    assert cleaned.corpus.texts == ("plain", "a b", "also plain")
    assert cleaned.corpus.labels.tolist() == [0, 0, 0]
    assert cleaned.corpus.splits == ("train",) * 3
    assert (cleaned.changed, cleaned.dropped) == (1, 2)


def test_a_corpus_with_nothing_left_is_refused():
    with pytest.raises(CorpusError, match=r"No text of the hate corpus \(here\) is left"):
        clean_corpus(corpus_of("😀", "#only"))


def slow_clean(text: str) -> str:
    """Clean character by character; no links, entities, or marks that stand alone."""
    words, word, skipping = [], "", False
    for character in f"{text} ":
        if skipping and (character.isalnum() or character == "_"):
            continue
        skipping = False
        if character in "@#":
            words.append(word)
            word, skipping = "", True
        elif not " " < character <= "~":
            words.append(word)
            word = ""
        else:
            word += character
    return " ".join(words)


def test_the_real_hate_corpus_is_cleaned_as_a_slow_reading_of_the_rule_does(real_data):
    corpus = load_corpus("hate", str(real_data / "hate" / "train.csv"))
    cleaned = clean_corpus(corpus)
    assert cleaned.dropped == 89
    assert cleaned.corpus.class_counts == {"no-hate": 29_631, "hate": 2_242}
    plain = [t for t in corpus.texts if not re.search(r"[@#](\W|$)|www|http|t\.co|&", t)]
    assert len(plain) > 10_000
    for text in plain:
        assert clean_tweet(text) == " ".join(slow_clean(text).split())
