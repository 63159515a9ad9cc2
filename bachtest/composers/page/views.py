"""The list of composers, a page for each of them, its card, and the files of its versions."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bachtest.composers.markdown import MAX_CARD, render_card
from bachtest.composers.models import ComposerPage
from bachtest.composers.page.access import may_edit, visible_composer, visible_versions
from bachtest.composers.page.card_form import CardForm
from bachtest.composers.page.composer_list import composer_list
from bachtest.composers.page.composer_page import page_of_composer
from bachtest.composers.page.downloads import counted
from bachtest.composers.page.provenance import (
    can_be_downloaded,
    open_base_file,
    open_version_file,
)
from bachtest.lib.errors import AppError
from generator.models import Version


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "composers/index.html", {"list": composer_list()})


@require_safe
def composer(request: HttpRequest, slug: str) -> HttpResponse:
    page = page_of_composer(
        visible_composer(request.user, slug),
        request.user,
        url=request.build_absolute_uri(reverse("composers:composer", args=[slug])),
        tag=request.GET.get("version", ""),
        condition=request.GET.get("condition", ""),
    )
    return render(request, "composers/composer.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, slug: str) -> HttpResponse:
    found = visible_composer(request.user, slug)
    if not may_edit(request.user, found):
        raise Http404
    page = ComposerPage.objects.filter(composer=found).first() or ComposerPage(composer=found)
    form = CardForm(
        request.POST if request.method == "POST" else None,
        initial={"card": page.card, "author": page.author},
    )
    preview = None
    if request.method == "POST" and form.is_valid():
        written = form.cleaned_data["card"]
        if "save" in request.POST:
            page.card, page.author = written, form.cleaned_data["author"].strip()
            page.save()
            return redirect("composers:composer", slug)
        preview = render_card(written or found.about)
    ctx = {"composer": found, "form": form, "preview": preview, "max_card": MAX_CARD}
    return render(request, "composers/card.html", ctx, status=400 if form.errors else 200)


@require_safe
def version_file(request: HttpRequest, slug: str, tag: str) -> HttpResponseBase:
    """The file of a published version, named after its sha256."""
    version = _downloadable(request, slug, tag)
    ending = "zip" if version.kind == Version.Kind.COLLECTION else "safetensors"
    # Of a collection the sha256 is that of its ZIP, which is not that of the version.
    digest = Path(version.file).stem if version.kind == Version.Kind.COLLECTION else version.sha256
    return _attachment(open_version_file(version), f"{slug}-{digest}.{ending}")


@require_safe
def base_file(request: HttpRequest, slug: str, tag: str) -> HttpResponseBase:
    """The base of a published version, under the name by which the version's file finds it."""
    file = open_base_file(_downloadable(request, slug, tag))
    return _attachment(file, Path(file.name).name if file else "")


def _downloadable(request: HttpRequest, slug: str, tag: str) -> Version:
    found = visible_composer(request.user, slug)
    versions = visible_versions(request.user, found).filter(sha256__startswith=tag)
    version = next((each for each in versions if each.tag == tag), None)
    if version is None or not can_be_downloaded(version):
        raise Http404
    return version


def _attachment(file: BinaryIO | None, name: str) -> HttpResponseBase:
    if file is None:
        raise Http404
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        sent = counted(file)
    except AppError as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain")
    return FileResponse(
        sent,
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
        headers={"Content-Length": str(size)},
    )
