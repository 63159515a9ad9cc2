"""Settings are read strictly, and a bad value is named with what would be right."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from bachtest.lib.env import env_choice, env_float, env_int, env_list, env_secret, env_str


@pytest.fixture
def setting(monkeypatch):
    def value(text: str) -> None:
        monkeypatch.setenv("A_SETTING", text)

    return value


def test_a_word_is_one_of_those_that_there_are(setting):
    assert env_choice("A_SETTING", "required", "required", "partly") == "required"
    setting("partly")
    assert env_choice("A_SETTING", "required", "required", "partly") == "partly"
    setting("no")
    with pytest.raises(ImproperlyConfigured, match="A_SETTING='no'; use required or partly"):
        env_choice("A_SETTING", "required", "required", "partly")


@pytest.mark.parametrize("text", ["", " 5", "5 ", "1_0", "٥", "nan", "inf", "1e999", "0x10", "5,0"])
def test_a_number_is_written_as_one(setting, text):
    setting(text)
    with pytest.raises(ImproperlyConfigured, match=r"A_SETTING='.*'; use a number, 0 or more"):
        env_float("A_SETTING", 5.0)


@pytest.mark.parametrize(("text", "number"), [("5", 5.0), ("0.5", 0.5), (".5", 0.5), ("1e3", 1e3)])
def test_numbers_are_read(setting, text, number):
    setting(text)
    assert env_float("A_SETTING", 1.0) == number


@pytest.mark.parametrize("text", ["0", "65536", "9" * 5000])
def test_a_whole_number_is_in_its_range(setting, text):
    setting(text)
    with pytest.raises(ImproperlyConfigured, match="use a whole number, from 1 to 65535"):
        env_int("A_SETTING", 25, low=1, high=65_535)


@pytest.mark.parametrize("text", ["a, b", " a", "a,", ",", "a,,b", "a b", "a\tb"])
def test_a_list_has_commas_and_no_spaces(setting, text):
    setting(text)
    with pytest.raises(ImproperlyConfigured, match=r"A_SETTING=.*separate the parts by one comma"):
        env_list("A_SETTING", "")


def test_an_empty_list_is_empty_and_others_keep_their_order(setting):
    assert env_list("A_SETTING", "a,b") == ["a", "b"]
    setting("")
    assert env_list("A_SETTING", "a,b") == []


@pytest.mark.parametrize("text", [" x", "x\n", "a\x07b", "x\u200b"])
def test_words_have_nothing_in_them_that_cannot_be_seen(setting, text):
    setting(text)
    with pytest.raises(ImproperlyConfigured, match="A_SETTING="):
        env_str("A_SETTING", "")


def test_what_may_not_be_empty_says_so(setting):
    setting("")
    assert env_str("A_SETTING", "x") == ""
    with pytest.raises(ImproperlyConfigured, match="A_SETTING=''; unset it"):
        env_str("A_SETTING", "x", empty=False)


def test_a_file_with_a_secret_has_to_hold_one(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    monkeypatch.setenv("A_SETTING_FILE", str(file))
    for content, fault in ((None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "cannot be")):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ImproperlyConfigured, match=f"A_SETTING_FILE='{file}' {fault}"):
            env_secret("A_SETTING", "")
    file.write_text("s3cret\n")
    assert env_secret("A_SETTING", "") == "s3cret"
