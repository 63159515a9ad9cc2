"""What the web process loads, seen by answering requests: a game played to its end, every page."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

VISIT = """
import json, sys
from bachtest.wsgi import application
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.test.utils import setup_test_environment
call_command("migrate", verbosity=0)

from generator.families.settings import Setting, as_json
from generator.registry import OURS
from generator.services.pieces import new_piece
from tests.builders import make_composer, make_excerpt, make_pair, make_work
from tests.game.player import Player
from tests.results.rows import make_answer, make_game
bot = make_composer("bot")
for condition, count in {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 3, "ATB": 3, "SATB": 6}.items():
    with transaction.atomic():
        pairs = [make_pair(condition, bot) for _ in range(count)]
setup_test_environment()

HEAVY = {"torch", "numba", "music21", "sklearn", "pandas", "scipy", "pretty_midi"}
FAMILIES = tuple(f"generator.families.{name}" for name in OURS)
def loaded():
    return sorted(HEAVY & set(sys.modules)) + [m for m in sys.modules if m.startswith(FAMILIES)]
client = Client()
player = Player(client)
assert len(player.play_game()) == 5
for path in ("", "about/", "privacy/", "play/", "api/v1/schema/", "admin/login/"):
    response = client.get(f"/{path}")
    assert response.status_code in (200, 302), (path, response.status_code)
make_work("BWV254", part="train")
described = make_composer("new", settings=as_json({"heat": Setting(1.0, 0.1, 9.0, "of it")}),
                          members=[{"trained_on": ["BWV254"], "fold": []}])
assert new_piece(make_excerpt(), described, "ATB", seed=0, settings={"heat": "2"})[1]
admin = Client()
admin.force_login(User.objects.create_superuser("root"))
assert "Queue and workers" in admin.get("/admin/").text
order = {"composer": "new", "condition": "ATB", "count": "2"}
assert "2 pieces of new ATB" in admin.post("/admin/order-pieces/", order, follow=True).text
playing = loaded()
for _ in range(12):
    make_answer(make_game(), pairs[0], correct=True)
for path in ("results/", "results/methods/", "composers/", "composers/bot/"):
    response = client.get(f"/{path}")
    assert response.status_code == 200, (path, response.status_code)
    assert "No answers yet" not in response.text
    assert "Nobody has answered" not in response.text
print(json.dumps({"playing": playing, "results": loaded()}))
"""


@pytest.mark.slow
def test_players_wait_for_no_heavy_library_and_only_pages_with_rates_load_scipy(tmp_path):
    env = os.environ | {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "bachtest.settings"}
    env |= {"TASKS_BACKEND": "django_tasks.backends.dummy.DummyBackend", "LISTEN_SECONDS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", VISIT], cwd=settings.BASE_DIR, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"playing": [], "results": ["scipy"]}
