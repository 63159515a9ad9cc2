"""How to cite a version: BibTeX with a key that never changes."""

from __future__ import annotations

from dataclasses import dataclass

from generator.models import Version

SITE_NAME = "Bach or bot?"
SITE = "The Bach or bot? authors"
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\n": " ",
        "\r": " ",
    }
)


@dataclass(frozen=True)
class Citation:
    key: str
    bibtex: str


def citation_of(version: Version, *, author: str, url: str) -> Citation:
    """`author` is empty if nobody owns the composer."""
    composer = version.composer
    key = f"bachorbot-{composer.slug}-{version.tag}"
    what = "Collection" if version.kind == Version.Kind.COLLECTION else "Checkpoint"
    fields = {
        "title": _escaped(f"{composer.name}: a composer of four-part chorales"),
        "author": f"{{{_escaped(author or (SITE if version.shipped else composer.name))}}}",
        "year": str(version.created.year),
        "version": version.sha256,
        "howpublished": f"{what} at {SITE_NAME}",
        "url": url,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return Citation(key, f"@misc{{{key},\n{lines}\n}}")


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)
