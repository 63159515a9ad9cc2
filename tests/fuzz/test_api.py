"""Schemathesis makes requests up from the schema of the API and holds the answers against it.

They go to the WSGI application in this process, which has few pairs and games of one round.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from http.cookies import SimpleCookie

import pytest
import schemathesis
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as of_hypothesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from bachtest.composers.models import ApiToken
from bachtest.composers.tokens import LIFE
from bachtest.composers.uploading.tus import CONTENT_TYPE
from bachtest.game.cookies import COOKIE
from bachtest.studies.models import Study
from bachtest.wsgi import application
from tests.builders import make_bach, make_composer, make_pairs
from tests.composers.test_uploading import TUS, begun
from tests.game.player import CONSENT, Player

START = "POST /api/v1/games/"
ROUND = "POST /api/v1/rounds/{round_id}"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
SEEDED = of_hypothesis(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CONFIG = {
    # What is made up does not change with every word of the code.
    "analysis": {"constants": {"enabled": False}},
    # Of the protocol for uploads: another version, and a body of no length.
    "checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 411, 412, 413, 415]}},
}
# Schemathesis unpacks nothing that comes from an application in its own process.
PLAIN = {"Accept-Encoding": "identity"}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("recorded_queue")]

schemathesis.serializer.alias(CONTENT_TYPE, "application/octet-stream")

# Whether what the schema allows is always taken: of uploads it tells no more than the headers.
OPERATIONS = {
    START: True,
    "GET /api/v1/games/current/": True,
    "POST /api/v1/games/current/": True,
    "GET /api/v1/games/{game_id}/": True,
    f"{ROUND}/plays/": True,
    f"{ROUND}/answer/": True,
    f"{ROUND}/knew/": True,
    "DELETE /api/v1/listener/": True,
    "GET /clips/{token}.mp3": False,
    "GET /clips/{token}.plain.mp3": False,
    "GET /api/v1/uploads/": True,
    "POST /api/v1/uploads/": False,
    "GET /api/v1/uploads/{upload_id}/": True,
    "PATCH /api/v1/uploads/{upload_id}/": False,
    "DELETE /api/v1/uploads/{upload_id}/": False,
}
AFTER_THE_ANSWER = [
    f"{ROUND}/knew/",
    "GET /api/v1/games/{game_id}/",
    "GET /clips/{token}.plain.mp3",
]
# The links lead to these.
FOLLOWED = [each for each in OPERATIONS if "uploads" not in each and "listener" not in each]
# These ask for something that can be wrong, apart from the address.
ASKING = [
    START,
    "GET /api/v1/games/current/",
    "POST /api/v1/games/current/",
    f"{ROUND}/plays/",
    f"{ROUND}/answer/",
    f"{ROUND}/knew/",
    "POST /api/v1/uploads/",
    "PATCH /api/v1/uploads/{upload_id}/",
]


@pytest.fixture
def api(db, monkeypatch):
    # The test's transaction is in it, so no end of a request may close it.
    monkeypatch.setattr(connection, "close", lambda: None)
    return loaded()


@cache
def loaded():
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application, config=config)


@pytest.fixture
def pool(settings, tmp_path):
    settings.LISTEN_SECONDS = 0.0
    settings.QUARANTINE_DIR = tmp_path
    make_bach()
    make_pairs(["SATB"] * 3 + ["ATB"] * 3, make_composer("bot"))
    Study.objects.update(rounds=[["SATB", "ATB"]])


def consenting(case):
    """Any text stands for the version that nobody could guess."""
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.label == START and isinstance(body.get("consent"), str):
        case.body = body | {"consent": CONSENT}


def browser(api, seen):
    """A machine that follows links with the cookie it got, and counts what it is answered."""

    class Browser(api.exclude(path_regex="uploads").as_state_machine()):
        def setup(self):
            self.listener = ""

        def before_call(self, case):
            consenting(case)
            if self.listener:
                case.cookies = {COOKIE: self.listener}

        def get_call_kwargs(self, case):
            return {"headers": PLAIN}

        def after_call(self, response, case):
            super().after_call(response, case)
            seen[case.operation.label, response.status_code] += 1
            for line in response.headers.get("set-cookie", []):
                if cookie := SimpleCookie(line).get(COOKIE):
                    self.listener = cookie.value

        def validate_response(self, response, case, **kwargs):
            case.validate_response(response, checks=CHECKS)

    return Browser


def test_whoever_follows_the_links_plays_whole_games(api, pool):
    seen = Counter()
    steps = of_hypothesis(SEEDED, max_examples=80, stateful_step_count=40)
    browser(api, seen).run(settings=steps)
    done = Counter()
    for (label, status), count in seen.items():
        done[label] += count if status < 300 else 0
    assert {label for label in FOLLOWED if not done[label]} == set(), done


def round_of(player, *, answered):
    """A round that was heard, and the parameters that lead to it."""
    game = player.start()
    current = game["round"]
    player.listen(current["id"])
    if answered:
        assert player.answer(current["id"]).status_code == 200
    token = current["clips"][0]["url"].rpartition("/")[2].partition(".")[0]
    return {"game_id": game["id"], "round_id": current["id"], "token": token}


def key_to_uploads():
    author = User.objects.create_user("author")
    author.user_permissions.set(Permission.objects.filter(codename="upload_version"))
    _, key = ApiToken.objects.create(user=author, expiry=LIFE, name="t", scopes=["upload"])
    return {"Authorization": f"Bearer {key}"}


def tried(api, label, mode, *, examples, also=()):
    """How often an operation answered what, to a listener or an uploader whom the site knows."""
    player = Player(Client())
    found = round_of(player, answered=label in AFTER_THE_ANSWER)
    key = key_to_uploads()
    found["upload_id"] = begun(Client(headers=TUS | key), 100)["Location"].split("/")[-2]
    method, path = label.split()
    operation = api[path][method]
    known = {"path_parameters": {each.name: found[each.name] for each in operation.path_parameters}}
    if any(each.name == COOKIE for each in operation.cookies):
        known["cookies"] = {COOKIE: player.client.cookies[COOKIE].value}
    seen = Counter()

    @of_hypothesis(SEEDED, max_examples=examples)
    @given(case=operation.as_strategy(generation_mode=mode, **known))
    def send(case):
        consenting(case)
        response = case.call(headers=PLAIN | key)
        seen[response.status_code] += 1
        case.validate_response(response, checks=[*CHECKS, *also])

    send()
    return seen


def test_every_operation_is_tried(api):
    assert {each.ok().label for each in api.get_all_operations()} == set(OPERATIONS)
    assert set(ASKING) <= set(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_schema_allows_is_taken(api, pool, label):
    also = [checks.positive_data_acceptance] if OPERATIONS[label] else []
    seen = tried(api, label, GenerationMode.POSITIVE, examples=40, also=also)
    assert OPERATIONS[label] <= any(status < 300 for status in seen)


@pytest.mark.parametrize("label", ASKING)
def test_what_the_schema_forbids_is_refused(api, pool, label):
    seen = tried(api, label, GenerationMode.NEGATIVE, examples=60)
    assert sum(count for status, count in seen.items() if status >= 400) > 20
