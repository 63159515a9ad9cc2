"""Settings that name one of a few words."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from bachtest.lib.env import env_choice


def test_a_word_is_one_of_those_that_there_are(monkeypatch):
    assert env_choice("A_SETTING", "required", "required", "partly") == "required"
    monkeypatch.setenv("A_SETTING", "partly")
    assert env_choice("A_SETTING", "required", "required", "partly") == "partly"
    monkeypatch.setenv("A_SETTING", "no")
    with pytest.raises(ImproperlyConfigured, match="A_SETTING='no'; use required or partly"):
        env_choice("A_SETTING", "required", "required", "partly")
