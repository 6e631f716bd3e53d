"""Whatever a password is made of, no address is shown with it, and what is none stays readable."""

import time
from urllib.parse import quote

import pytest
import sqlalchemy
from hypothesis import assume, given
from hypothesis import strategies as st

from hybridrep.command import command, exit_code
from hybridrep.messages import has_password, public_uri, without_passwords
from hybridrep.parameters import shown
from hybridrep.testing.hostile import examples

secrets = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1)
"""Anything at all: slashes, spaces, @ and colons, too."""
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
tokens = st.text(st.sampled_from("abcXYZ0189_-.~%:"), min_size=1)
DATABASES = ("postgresql", "postgresql+psycopg2", "mysql", "mssql+pyodbc", "POSTGRESQL", "postgres")
OPTIONS = (
    "password", "sslpassword", "PWD", "token", "access_token", "api_key", "apikey", "sig", "key",
    "client_secret", "X-Amz-Signature", "X-Amz-Security-Token", "SharedAccessKey",
)  # fmt: skip


def options_at_the_end(secret):
    """Whether a secret holds what reads as an option of the address, which is masked first."""
    return any(mark in secret for mark in "?&;") and "=" in secret


@given(st.sampled_from(DATABASES), secrets)
@examples(300)
def test_no_password_of_a_database_is_shown(scheme, secret):
    assume(not options_at_the_end(secret))
    address = f"{scheme}://ada:{secret}@db.lab:5432/x"
    assert has_password(address)
    assert shown(address) == f"'{scheme}://***@db.lab:5432/x'"
    assert public_uri(address) == f"{scheme}://db.lab:5432/x"


@given(st.sampled_from(DATABASES), words)
@examples(200)
def test_no_password_of_a_database_is_shown_among_other_words(scheme, secret):
    assume(not options_at_the_end(secret))
    text = f"no answer from {scheme}://ada:{secret}@db.lab/x (user 'ada'@'lab'): start it"
    expected = f"no answer from {scheme}://***@db.lab/x (user 'ada'@'lab'): start it"
    assert without_passwords(text) == expected


@given(secrets)
@examples(300)
def test_what_sqlalchemy_takes_for_a_password_is_masked(secret):
    address = f"postgresql://{secret}@db.lab/x"
    try:
        password = sqlalchemy.make_url(address).password
    except ValueError:
        return
    assert has_password(address) or not password


@given(st.sampled_from(["http", "https"]), tokens)
@examples(200)
def test_no_token_or_password_of_a_server_is_shown(scheme, secret):
    for user in (secret, f"ada:{secret}"):
        address, masked = (f"{scheme}://{each}@host:5000/x" for each in (user, "***"))
        assert without_passwords(address) == masked
        assert without_passwords(f"no {address} there") == f"no {masked} there"
        assert has_password(address)
        assert public_uri(address) == f"{scheme}://host:5000/x"


@given(st.sampled_from(OPTIONS), secrets, st.booleans())
@examples(300)
def test_no_secret_among_the_options_is_shown(option, secret, last):
    encoded = quote(secret)
    assume(not last or not encoded.endswith("."))  # which is taken for the sentence's end
    address, masked = (
        f"https://host/x?a=1&{option}={each}" + ("" if last else "&b=2")
        for each in (encoded, "***")
    )
    assert shown(address) == repr(masked)
    assert has_password(address)
    assert public_uri(address) == "https://host/x"
    assert encoded not in without_passwords(f"see {address!r}, or ask", address).replace("***", "")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:12/34@db.lab/x",
        "postgresql://ada@lab:s3cr3t@db.lab/x",
        "postgresql://ada:a@b:c/d e@db.lab/x",
        "http://ada:s3/cr3t@db.lab/x",
        "http://ada:s3 cr3t@db.lab/x",
        "http://ada:12345@db.lab/x",
        "https://hf_token@db.lab/x",
    ],
)
def test_user_and_password_are_masked_as_one(address):
    masked = address.partition("://")[0] + "://***@db.lab/x"
    assert without_passwords(address) == masked


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:5000/@me", "http://127.0.0.1:5000?mail=a@b.c", "https://a.b/x@y:z",
        "postgresql://mlflow@db.lab:5432/x", "http://[::1]:5000/@me", "ssh://git@host/x",
        "git+https://github.com/x/y@v1.2", "see http://host:5000, or ask me@here",
        "http://host: refused (ask me@here)", "no (http://host:5000); ask a:b@c",
        "mysql://db.lab:3306 refused: user 'a'", "https://h/x?page=2&design=new&monkey=1&sigma=3",
        "no mysql://db.lab:3306/x (Access denied for user 'ada'@'lab' (using password: YES))",
        "postgresql://db.lab:5432/x?sslmode=require&sslkey=/a/b", "hub:a/b@c", "a: b@c",
    ],
)  # fmt: skip
def test_harmless_addresses_stay_as_they_are(text):
    assert without_passwords(text) == text
    assert not has_password(text)


@pytest.mark.parametrize("password", ["s3/cr3t", "s3 cr3t", "s3%2Fcr3t", "12/34"])
def test_a_recorded_password_is_refused_whatever_it_holds(capsys, monkeypatch, password):
    ran = []
    entry = command("sweep", ran.append)
    monkeypatch.setenv("MLFLOW_RUN_ID", "f" * 32)
    assert exit_code(entry, ["--storage", f"postgresql://ada:{password}@db.lab/x"]) == 2
    said = capsys.readouterr().err
    assert "parameter storage holds a password" in said
    assert password not in said
    assert not ran
    monkeypatch.delenv("MLFLOW_RUN_ID")
    assert exit_code(entry, ["--seeds", f"postgresql://ada:{password}@db.lab/x"]) == 2
    assert password not in capsys.readouterr().err


@pytest.mark.parametrize(
    "piece", ["://a:", "sql://", "http://", "://a:1/", "x", "@", "?key=;", "sql+", "https://a", ";"]
)
def test_long_texts_are_masked_in_moments(piece):
    text = piece * (200_000 // len(piece))
    began = time.monotonic()
    for each in (text, f"{text}@", f"a {text}", f"http://{text}"):
        without_passwords(each)
    assert time.monotonic() - began < 20
