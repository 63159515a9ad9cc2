"""The schema of the API tells what the server does: limits, refusals, links between operations."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from django.test import Client

from bachtest.game.cookies import COOKIE
from bachtest.studies.models import Study
from tests.game.player import CONSENT

JSON = "application/json"
HUGE = "9" * 400
CLIPS = "/clips/"


@cache
def schema():
    return json.loads(Client().get("/api/v1/schema/?format=json").content)


def operations():
    """By their ids, the address, the method and the rest."""
    return {
        each["operationId"]: (path, method, each)
        for path, methods in schema()["paths"].items()
        for method, each in methods.items()
    }


@pytest.mark.parametrize(
    ("component", "field", "limits"),
    [
        ("StartGameInput", "consent", {"minLength": 1, "maxLength": 20}),
        ("StartGameInput", "study", {"minLength": 1, "maxLength": 50}),
        ("CurrentGameInput", "study", {"minLength": 1, "maxLength": 50}),
        ("NotePlayInput", "number", {"minimum": 1, "maximum": 100_000}),
        ("NotePlayInput", "heard", {"minimum": 0, "maximum": 86_400}),
        ("AnswerInput", "notes", {"maxItems": 2}),
        ("Heard", "left", {"minimum": 0, "maximum": 86_400}),
    ],
)
def test_the_schema_has_the_limits(component, field, limits):
    described = schema()["components"]["schemas"][component]["properties"][field]
    assert limits.items() <= described.items()


def test_every_operation_tells_how_it_refuses():
    for path, _, operation in operations().values():
        if path.startswith(CLIPS):
            continue
        responses = operation["responses"]
        wanted = {"400", "406", "503"} | ({"413", "415"} if "requestBody" in operation else set())
        assert wanted <= responses.keys()
        refusals = [each for status, each in responses.items() if status >= "400"]
        assert all(each["description"] for each in refusals)
        shape = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
        assert all(each["content"] == shape for each in refusals)


NO_TEXTS = ["5", "1.5", "true", "null", "[]", '["2026-11"]', "{}", '""', '"\\u0000"']
NO_NUMBERS = ['"1"', '""', "true", "false", "null", "[]", "[1]", "{}", "-1", HUGE, f"-{HUGE}"]
NO_NUMBERS += ["1e999", "-1e999"]
NO_SIDES = ["0", "1", "true", "null", "[]", '["left"]', "{}", '""', '"LEFT"', '" left"', HUGE]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("consent", [*NO_TEXTS, f'"{"a" * 21}"', f'"{CONSENT}{" " * 20}"', HUGE]),
        ("study", [*NO_TEXTS, '" quiz"', '"quiz "', '"quiz\\n"', '"kviz\\u00e9"', f'"{"a" * 51}"']),
        ("experience", [*NO_TEXTS, '"god"', '" novice"']),
        ("age_group", [*NO_TEXTS, "18", '"18"']),
    ],
)
def test_a_game_starts_with_fields_of_the_right_type_alone(db, client, field, values):
    for value in values:
        for path in ("games/", "games/current/") if field == "study" else ("games/",):
            check_refused(client.post(f"/api/v1/{path}", f'{{"{field}": {value}}}', JSON), field)


def check_refused(response, *fields):
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"
    assert list(response.json()["error"]["fields"]) == list(fields)


def test_a_round_takes_fields_of_the_right_type_alone(ada):
    number = ada.start()["round"]["id"]
    ada.listen(number)

    def send(operation, body):
        return ada.client.post(f"/api/v1/rounds/{number}/{operation}/", body, JSON)

    for side in NO_SIDES:
        check_refused(send("plays", f'{{"side": {side}}}'), "side")
        check_refused(send("knew", f'{{"knew": {side}}}'), "knew")
        chosen = f'{{"chosen": {side}, "heard": {{"left": 9, "right": 9}}}}'
        check_refused(send("answer", chosen), "chosen")
    for value in NO_NUMBERS:
        for field in ("number", "age", "heard"):
            check_refused(send("plays", f'{{"side": "left", "{field}": {value}}}'), field)
        heard = f'{{"chosen": "left", "heard": {{"left": {value}, "right": 9}}}}'
        check_refused(send("answer", heard), "heard")
    for value in ("1.5", "0", "0.0", "100001", "1e300"):
        check_refused(send("plays", f'{{"side": "left", "number": {value}}}'), "number")
    for notes in ("{}", '"left"', "[1]", '[{"side": "left", "number": "1"}]', "[{}, {}, {}]"):
        body = f'{{"chosen": "left", "heard": {{"left": 9, "right": 9}}, "notes": {notes}}}'
        check_refused(send("answer", body), "notes")
    for value in ("NaN", "Infinity", "-Infinity", HUGE * 11):
        body = f'{{"side": "left", "age": {value}}}'
        assert send("plays", body).json()["error"]["code"] in ("parse_error", "too_large")
    # One number, however it is written.
    for value in ("1", "1.0", "1e0"):
        assert send("plays", f'{{"side": "left", "number": {value}}}').status_code == 200
    assert ada.stored()["round"]["heard"][0]["plays"] == 1


@pytest.mark.parametrize("study", ["", "%20", "%20quiz", "%00", "a" * 51, "quiz&study="])
def test_the_study_in_an_address_is_taken_as_strictly(ada, study):
    ada.start()
    check_refused(ada.get(f"games/current/?study={study}"), "study")


def test_a_clip_can_only_be_read(db, client):
    strict = Client(enforce_csrf_checks=True)
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY"):
        for address in ("/clips/a.mp3", "/clips/a.plain.mp3"):
            response = strict.generic(method, address)
            assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def links_of_all():
    return [
        (operation["operationId"], status, name, link)
        for _, _, operation in operations().values()
        for status, response in operation["responses"].items()
        for name, link in response.get("links", {}).items()
    ]


def test_links_name_operations_and_parameters_that_exist():
    links = links_of_all()
    assert {source for source, *_ in links} >= {"games_create", "rounds_answer_create"}
    for source, _, _, link in links:
        path, _, target = operations()[link["operationId"]]
        there = {(each["in"], each["name"]) for each in target.get("parameters", ())}
        given = set()
        for name, expression in link["parameters"].items():
            place, _, rest = name.rpartition(".")
            given.add((place or "path", rest))
            if expression.startswith("$request.path."):
                assert (
                    "{" + expression.removeprefix("$request.path.") + "}" in operations()[source][0]
                )
        assert given <= there
        assert {name for place, name in given if place == "path"} == set(
            re.findall(r"{(\w+)}", path)
        )


EXPRESSION = re.compile(r"\$(response\.body|response\.header|request\.path)[.#]([^#]+)(#regex:.+)?")
BODIES = {
    "rounds_plays_create": {"side": "left"},
    "rounds_answer_create": {"chosen": "left", "heard": {"left": 9, "right": 9}},
    "rounds_knew_create": {"knew": "no"},
}


class Follower:
    """Goes from an answer to the next by the schema's links, and knows nothing else of the API."""

    def __init__(self):
        self.client = Client()
        self.followed = set()

    def start(self):
        response = self.client.post("/api/v1/games/", {"consent": CONSENT}, JSON)
        self.client.cookies.clear()
        return "games_create", {}, response

    def follow(self, come_from, name, **body):
        source, parameters, response = come_from
        responses = operations()[source][2]["responses"]
        link = responses[str(response.status_code)]["links"][name]
        found = {
            each: self.value(text, parameters, response)
            for each, text in link["parameters"].items()
        }
        if listener := found.pop(f"cookie.{COOKIE}", None):
            self.client.cookies[COOKIE] = listener
        path, method, _ = operations()[link["operationId"]]
        sent = BODIES.get(link["operationId"], {}) | body
        content = {"data": sent, "content_type": JSON} if method == "post" else {}
        answer = getattr(self.client, method)(path.format(**found), **content)
        self.followed.add((source, name))
        return link["operationId"], found, answer

    def value(self, expression, parameters, response):
        place, name, regex = EXPRESSION.fullmatch(expression).groups()
        if place == "request.path":
            return parameters[name]
        found = response.json() if place == "response.body" else None
        for key in name.split("/")[1:]:
            found = found[int(key) if key.isdigit() else key]
        if place == "response.header":
            found = response.cookies.output(header="") if name == "Set-Cookie" else response[name]
        return re.search(regex.removeprefix("#regex:"), found)[1] if regex else found


def test_links_lead_from_the_start_of_a_game_to_its_end(pool):
    Study.objects.update(rounds=[["SATB"]])
    browser = Follower()
    start = browser.start()

    def status(*args, **body):
        return browser.follow(*args, **body)[2].status_code

    assert start[2].status_code == 201
    assert [status(start, name) for name in ("clip", "stored", "fetch")] == [200] * 3
    assert [status(start, name) for name in ("note_knew", "result")] == [409] * 2
    for way in ("stored", "fetch"):
        current = browser.follow(start, way)
        assert [status(current, name) for name in ("clip", "stored", "fetch")] == [200] * 3
        assert [status(current, name) for name in ("note_knew", "result")] == [409] * 2
        assert status(current, "note_play") == 200
        assert status(current, "answer") == 400  # one side was not heard
    heard = browser.follow(start, "note_play")
    assert status(start, "answer") == 400
    assert status(heard, "note_play", side="right") == 200
    reveal = browser.follow(heard, "answer")
    assert reveal[2].json()["game_finished"]
    assert [status(reveal, name) for name in ("answer_again", "fetch", "note_knew")] == [200] * 3
    result = browser.follow(reveal, "result")
    assert status(result, "plain_clip") == 200
    assert browser.followed == {(source, name) for source, _, name, _ in links_of_all()}
