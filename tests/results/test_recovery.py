"""Listeners of a known skill play the site over HTTP, and the results recover their skill."""

from __future__ import annotations

import json
from urllib.request import urlopen

import pytest

from tests.game.site import make_site, serve, stop

ROUNDS = 5


@pytest.mark.slow
@pytest.mark.parametrize("count", [12, 200])
def test_the_skill_of_simulated_listeners_is_recovered(tmp_path, count):
    site = make_site(tmp_path)
    process = serve(site)
    try:
        site.manage(
            "simulate_listeners", f"--count={count}", "--skill=1.5", f"--url={site.url}", "--seed=1"
        )
        site.manage("refresh_results", "quiz")  # d' on the page is that of the last fit
        with urlopen(f"{site.url}/results/", timeout=60) as page:
            shown = page.read().decode()
    finally:
        stop(process)
    site.manage("export_study", "quiz", "--out", str(tmp_path / "out"))
    stats = site.run("-m", "bachtest.stats", str(tmp_path / "out"), "--json")
    assert stats.returncode == 0, stats.stderr
    report = json.loads(stats.stdout)
    overall, modelled = report["overall"], report["model"]["rates"][0]["cells"][0]
    assert overall["n"] == count * ROUNDS
    assert abs(overall["d_prime"] - 1.5) < 0.4
    # Pairs are drawn anew each time. By chance alone, those of 60 answers can seem to differ
    # widely, so the interval's width is not asserted.
    assert overall["d_prime_low"] < 1.5 < overall["d_prime_high"]
    assert abs(modelled["estimate"] - overall["rate"]) < 0.15
    assert f"{overall['d_prime']:.2f}" in shown
    assert f"{100 * overall['rate']:.1f}%" in shown
    assert f"{count * ROUNDS:,} answers from {count} listeners" in shown
