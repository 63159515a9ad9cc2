from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--conditions", "ATX"], "unknown condition 'ATX'"),
        (["--foreign", "{folder}"], "no .mid files"),
    ],
)
@pytest.mark.django_db
def test_wrong_orders_are_named(arguments, message, tmp_path):
    with pytest.raises(CommandError, match=message):
        call_command("listener_validation", *(a.format(folder=tmp_path) for a in arguments))
