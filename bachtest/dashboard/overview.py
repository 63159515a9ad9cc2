"""What the dashboard shows to whom."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.timezone import now

from bachtest.dashboard.panels.composer_rates import HEADLINES, composer_rates
from bachtest.dashboard.panels.disk_space import disk_space
from bachtest.dashboard.panels.failed_pieces import failure_groups
from bachtest.dashboard.panels.integrity import file_alarms, study_alarms
from bachtest.dashboard.panels.item_cells import item_cells
from bachtest.dashboard.panels.open_uploads import open_uploads
from bachtest.dashboard.panels.pieces_in_making import pieces_in_making
from bachtest.dashboard.panels.running_studies import running_studies
from bachtest.dashboard.panels.worker_health import worker_health
from generator.music.grid.conditions import CONDITIONS

Person = User | AnonymousUser


def live_panels(user: Person) -> dict[str, Any]:
    """What changes while one looks: asked for again every few seconds."""
    ctx: dict[str, Any] = {"at": now()}
    if user.has_perm("composers.view_upload") or user.has_perm("composers.upload_version"):
        ctx["uploads"] = open_uploads(user)
    if user.has_perm("generator.view_piece"):
        ctx |= {"health": worker_health(), "making": pieces_in_making()}
    return ctx


def overview(user: Person) -> dict[str, Any]:
    ctx = live_panels(user)
    alarms: list[str] = []
    if user.has_perm("generator.change_piece"):
        ctx |= {"disk": disk_space(), "failures": failure_groups()}
        alarms += filter(None, [ctx["disk"].alarm])
    if user.has_perm("generator.view_pair"):
        cells = item_cells()
        ctx |= {"cells": cells, "conditions": CONDITIONS}
        if user.has_perm("studies.view_study"):
            studies = running_studies()
            ctx["studies"] = studies
            alarms += study_alarms(studies, cells)
        alarms += file_alarms()
        ctx["alarms"] = alarms
    if user.has_perm("composers.view_versionscores"):
        ctx |= {"rates": composer_rates(), "headlines": HEADLINES.values()}
    return ctx
