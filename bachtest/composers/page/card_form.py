from __future__ import annotations

from django import forms

from bachtest.composers.markdown import MAX_CARD


class CardForm(forms.Form):
    card = forms.CharField(
        required=False,
        max_length=MAX_CARD,
        label="Card",
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "true"}),
        error_messages={
            "max_length": "The card has %(show_value)s characters; use at most %(limit_value)s."
        },
    )

    author = forms.CharField(
        required=False,
        max_length=100,
        label="Author",
        help_text="Whom the page and its citation name. Leave it empty to name nobody.",
    )

    def clean_card(self) -> str:
        card: str = self.cleaned_data["card"]
        return card.replace("\r\n", "\n")
