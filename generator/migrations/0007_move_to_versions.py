"""Each composer but Bach gets one version, each clip becomes a rendering, pairs get excerpt and tune.

A composer that an older installation renamed when its file changed stays a composer of its own.
"""

from hashlib import sha256

from django.core.files.storage import default_storage
from django.db import migrations
from django.db.models import OuterRef, Subquery

BATCH = 500


def forward(apps, schema_editor):
    models = {name: apps.get_model("generator", name) for name in ("Composer", "Version", "Piece")}
    models |= {name: apps.get_model("generator", name) for name in ("Pair", "Excerpt", "Rendering")}
    for composer in models["Composer"].objects.exclude(kind="bach").order_by("id"):
        version = models["Version"].objects.create(
            composer_id=composer.id,
            kind=composer.kind,
            sha256=composer.sha256,
            shipped=bool(composer.checkpoint),
            file=composer.checkpoint,
            family=composer.family,
            status="ready",
            created=composer.created,
        )
        models["Piece"].objects.filter(composer=composer.id).update(version=version.id)
    own_tune = models["Excerpt"].objects.filter(id=OuterRef("excerpt")).values("work__tune")
    models["Piece"].objects.update(tune=Subquery(own_tune))
    own_excerpt = models["Piece"].objects.filter(id=OuterRef("bach")).values("excerpt")
    models["Pair"].objects.update(excerpt=Subquery(own_excerpt))
    models["Pair"].objects.update(tune=Subquery(own_tune))
    move_clips(models["Piece"], models["Rendering"])


def move_clips(pieces, renderings):
    # The id is the only order that rows read in batches and a growing table share.
    rows = pieces.objects.exclude(clip="").order_by("id")
    fields = ("id", "clip", "fingerprint", "seconds", "loudness")
    batch = []
    for piece, name, fingerprint, seconds, loudness in rows.values_list(*fields).iterator():
        content = content_of(name)
        batch.append(
            renderings(
                piece_id=piece,
                fingerprint=fingerprint,
                kind="clip",
                file=name,
                sha256=sha256(content).hexdigest() if content else "",
                bytes=len(content),
                seconds=seconds,
                loudness=loudness,
            )
        )
        if len(batch) == BATCH:
            renderings.objects.bulk_create(batch)
            batch = []
    renderings.objects.bulk_create(batch)


def content_of(name):
    """Empty where the file is missing: its row says so, and the others are moved."""
    try:
        with default_storage.open(name) as file:
            return file.read()
    except OSError:
        return b""


def backward(apps, schema_editor):
    models = {name: apps.get_model("generator", name) for name in ("Composer", "Version", "Piece")}
    by_bach = models["Piece"].objects.filter(version=None)
    if by_bach.exists():
        bach, _ = models["Composer"].objects.get_or_create(
            slug="bach", defaults={"name": "J. S. Bach", "kind": "bach"}
        )
        by_bach.update(composer=bach.id)
    for composer in models["Composer"].objects.exclude(kind="bach"):
        versions = models["Version"].objects.filter(composer=composer.id)
        for at, version in enumerate(versions.order_by("-created", "-id")):
            row = composer if at == 0 else renamed(models["Composer"], composer, version)
            row.family, row.checkpoint, row.sha256 = version.family, version.file, version.sha256
            row.save()
            models["Piece"].objects.filter(version=version.id).update(composer=row.id)
    restore_clips(models["Piece"], apps.get_model("generator", "Rendering"))
    models["Piece"].objects.update(version=None)
    models["Version"].objects.all().delete()


def renamed(composers, composer, version):
    """As older installations did: the file of yesterday is a composer under a name of its own."""
    tag = version.sha256[:8]
    return composers(
        slug=f"{composer.slug}-{tag}",
        name=f"{composer.name} ({tag})",
        kind=composer.kind,
        in_quiz=False,
        created=version.created,
    )


def restore_clips(pieces, renderings):
    # In the order of their ids, so that the newest of several stays.
    for row in renderings.objects.filter(kind="clip").order_by("id").iterator():
        pieces.objects.filter(id=row.piece_id).update(
            clip=row.file.name,
            fingerprint=row.fingerprint,
            seconds=row.seconds,
            loudness=row.loudness,
        )
    renderings.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("generator", "0006_versions")]

    operations = [migrations.RunPython(forward, backward)]
