"""Three roles, as groups; docs/roles.md says what each is for.

Every `migrate` adds what is missing of them. Permissions that an admin gave a role besides stay.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS

RESEARCHER = "researcher"
COMPOSER_MANAGER = "composer manager"
ADMINISTRATOR = "administrator"

MUSIC = (
    "generator.view_composer",
    "generator.view_version",
    "generator.view_work",
    "generator.view_excerpt",
    "generator.view_piece",
    "generator.view_rendering",
    "generator.view_pair",
    "composers.view_composerpage",
    "composers.view_versionscores",
    "composers.view_sample",
)
# What is not installed (yet) is left out.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    RESEARCHER: (
        *MUSIC,
        "studies.view_study",
        "studies.add_study",
        "studies.change_study",
        "studies.view_studycomposer",
        "studies.add_studycomposer",
        "studies.change_studycomposer",
        "studies.delete_studycomposer",
        "game.view_listener",
        "game.view_participation",
        "game.view_game",
        "game.view_answer",
        "results.export_study",
    ),
    COMPOSER_MANAGER: (
        *MUSIC,
        "composers.upload_version",
        "composers.publish_version",
        "composers.manage_composers",
        "composers.view_upload",
        "composers.view_registrystep",
        "composers.change_composerpage",
        "generator.add_piece",  # order
        "generator.change_piece",  # retry, cancel
        "generator.change_pair",  # exclude, take back
    ),
}


def make_roles(using: str = DEFAULT_DB_ALIAS, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """After `migrate`: each group with its permissions. An administrator has all there are."""
    try:
        group_model = apps.get_model("auth", "Group")
        permission_model = apps.get_model("auth", "Permission")
    except LookupError:
        return  # accounts are not migrated yet
    rows = permission_model.objects.using(using).values_list(
        "content_type__app_label", "codename", "id"
    )
    ids = {f"{app}.{codename}": number for app, codename, number in rows}
    wanted = PERMISSIONS | {ADMINISTRATOR: tuple(ids)}
    for name, names in wanted.items():
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        granted = set(group.permissions.values_list("id", flat=True))
        group.permissions.add(*({ids[each] for each in names if each in ids} - granted))
