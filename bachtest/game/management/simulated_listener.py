"""A listener with a given skill who plays the site over HTTP, as a browser would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.cookiejar import CookieJar
from math import erf
from random import Random
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPCookieProcessor, Request, build_opener

TIMEOUT_SECONDS = 60

# Bach's side by the id of the round; the site itself does not reveal it.
Truth = Callable[[str], str]


class SiteError(Exception):
    """The site did not answer as it should; the message quotes its answer."""


def chance_right(skill: float) -> float:
    """Expected share of right answers for d' = `skill` in two clips: Phi(d' / sqrt 2).

    >>> chance_right(0.0)
    0.5
    """
    return (1 + erf(skill / 2)) / 2


class SimulatedListener:
    def __init__(self, url: str, consent: str, skill: float, rng: Random) -> None:
        self.url = url.rstrip("/")
        self.consent = consent
        self.chance = chance_right(skill)
        self.rng = rng
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def play_game(self, truth: Truth) -> tuple[int, int]:
        """Rounds answered correctly, and rounds played."""
        start = {
            "consent": self.consent,
            "experience": self.rng.choice(["novice", "intermediate", "advanced", "expert"]),
        }
        game = self._ask("POST", "games/", start)["game"]
        correct = played = 0
        while game["round"]:
            correct += self._play_round(game["round"], truth)
            played += 1
            if played == game["rounds"]:
                break
            game = self._ask("POST", "games/current/")["game"]
        return correct, played

    def _play_round(self, current: dict[str, Any], truth: Truth) -> bool:
        path = f"rounds/{current['id']}"
        need = min(current["listen_seconds"], *(clip["seconds"] for clip in current["clips"]))
        for clip in self.rng.sample(current["clips"], 2):
            self._fetch(Request(self.url + clip["url"]))
            self._ask("POST", f"{path}/plays/", {"side": clip["side"]})
            time.sleep(need)
        bach = truth(current["id"])
        other = "left" if bach == "right" else "right"
        chosen = bach if self.rng.random() < self.chance else other
        heard = {"left": need, "right": need}
        reveal = self._ask("POST", f"{path}/answer/", {"chosen": chosen, "heard": heard})
        self._ask("POST", f"{path}/knew/", {"knew": "no"})
        return bool(reveal["correct"])

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.url}/api/v1/{path}", content, headers, method=method)
        return json.loads(self._fetch(request))

    def _fetch(self, request: Request) -> bytes:
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return bytes(response.read())
        except HTTPError as error:
            text = error.read().decode(errors="replace")[:200]
            raise SiteError(f"{request.full_url} answered {error.code}: {text}") from None
        except URLError as error:
            raise SiteError(
                f"{self.url} does not answer ({error.reason}); start the site with make run"
            ) from None
