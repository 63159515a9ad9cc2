"""The open study that everybody plays."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CONSENT = (
    "I take part of my own free will. The site stores a random number in a cookie, my answers with "
    "their times, what I heard, and what I say about my musical experience and age. It stores no "
    "name, no address and no IP address. The answers are analysed and published without anything "
    "that points to me. I can stop at any time and delete my data on the privacy page."
)


def create_quiz(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("studies", "Study").objects.get_or_create(
        slug="quiz",
        defaults={
            "title": "Bach or bot?",
            "is_open": True,
            "rounds": [["S", "A", "T", "B"], ["AT"], ["ATB"], ["SATB"], ["SATB"]],
            "consent_version": "2026-11",
            "consent_text": CONSENT,
            "margin": 0.1,
            "exclusions": ["knew"],
            "stopping": "None: the quiz stays open; its running totals are read anytime-valid.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("studies", "0001_initial")]
    operations = [migrations.RunPython(create_quiz, migrations.RunPython.noop)]
