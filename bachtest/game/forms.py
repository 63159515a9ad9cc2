from __future__ import annotations

from django import forms

from bachtest.game.models import Participation


class StartForm(forms.Form):
    """All fields may be empty; the service decides whether the consent is valid."""

    consent = forms.CharField(required=False, max_length=20)
    experience = forms.ChoiceField(required=False, choices=Participation.Experience.choices)
    age_group = forms.ChoiceField(required=False, choices=Participation.AgeGroup.choices)
    study = forms.SlugField(required=False, widget=forms.HiddenInput)
