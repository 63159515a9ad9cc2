from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from generator.models import Version
from generator.music.formats.midi import midi_bytes
from tests.generator.collecting.material import phrases, rewritten, rows_for, write_folder

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("recorded_queue")
def test_the_command_says_what_became_of_each_file(tmp_path, corpus, capsys):
    rows_for(corpus, "BWV269")
    fill = rewritten(corpus.works["BWV269"].chorale, "AT")
    folder = write_folder(
        tmp_path / "pieces", {"BWV269-AT.mid": midi_bytes(fill), "0.mid": midi_bytes(phrases())}
    )
    works = tmp_path / "trained on.txt"
    works.write_text("BWV253\n")
    call_command("import_collection", "outside", str(folder), trained_on=works, name="Outside")
    said = capsys.readouterr().out
    assert "0.mid: refused: no excerpt by Bach fits" in said
    assert "BWV269-AT.mid: AT of BWV269, " in said
    assert "1 of 2 files accepted" in said
    assert "works trained on, declared and not verified: 1" in said
    assert "without --licence its pieces are never played" in said
    assert Version.objects.get().composer.name == "Outside"
    call_command("import_collection", "outside", str(folder), trained_on=works)
    assert "was imported before" in capsys.readouterr().out


def test_a_refusal_is_an_error_of_the_command(tmp_path):
    with pytest.raises(CommandError, match="cannot read"):
        call_command("import_collection", "outside", str(tmp_path / "missing.zip"))
