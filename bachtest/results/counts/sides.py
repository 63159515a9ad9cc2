"""Which side of a round of two clips was Bach's, and which was chosen, as columns of an answer."""

from __future__ import annotations

from django.db.models import Case, CharField, Q, Value, When

from bachtest.game.models import Answer, Side

LEFT, RIGHT = Value(str(Side.LEFT)), Value(str(Side.RIGHT))
_CHOSE_LEFT = Q(response=Answer.Response.FIRST)
_CHOSE_RIGHT = Q(response=Answer.Response.SECOND)

CHOSEN_SIDE = Case(
    When(_CHOSE_LEFT, then=LEFT),
    When(_CHOSE_RIGHT, then=RIGHT),
    default=Value(""),
    output_field=CharField(),
)
# Who chose it was right. Without a truth there is no such side.
BACH_SIDE = Case(
    When(_CHOSE_LEFT & Q(correct=True) | _CHOSE_RIGHT & Q(correct=False), then=LEFT),
    When(_CHOSE_RIGHT & Q(correct=True) | _CHOSE_LEFT & Q(correct=False), then=RIGHT),
    default=Value(""),
    output_field=CharField(),
)
