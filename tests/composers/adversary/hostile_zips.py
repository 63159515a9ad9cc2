"""ZIPs that are refused as a whole, before anything in them is read as music."""

from __future__ import annotations

import io
import stat
import struct
import warnings
from collections.abc import Callable
from random import Random
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from tests.composers.adversary.attack import Attack
from tests.composers.adversary.hostile_music import sound_midi

CENTRAL = b"PK\x01\x02"


def nameless() -> bytes:
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 0, 0)
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, *[0] * 8, 0, 0)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end


def zipped(write: Callable[[ZipFile], object], method: int = ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", method) as archive:
        write(archive)
    return file.getvalue()


def of(name: str, data: bytes = b"1", method: int = ZIP_DEFLATED) -> bytes:
    return zipped(lambda archive: archive.writestr(name, data), method)


def kind(mode: int, data: bytes = b"/etc/passwd") -> bytes:
    info = ZipInfo("a.mid")
    info.external_attr = (mode | 0o777) << 16
    return zipped(lambda archive: archive.writestr(info, data))


def twice() -> bytes:
    def write(archive: ZipFile) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("a.mid", b"1")
            archive.writestr("a.mid", b"2")

    return zipped(write)


def many_entries(count: int, said: int | None = None) -> bytes:
    """A directory of so many empty files; its end says another number, if one is given."""
    entry = struct.pack("<4s6H3I5H2I", CENTRAL, 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    told = min(count if said is None else said, 65535)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, told, told, len(entry) * count, 0, 0)
    return entry * count + end


def edited(data: bytes, place: int, value: bytes) -> bytes:
    """Bytes of the first entry of the directory, changed."""
    at = data.index(CENTRAL) + place
    return data[:at] + value + data[at + len(value) :]


def overlapping(count: int = 200) -> bytes:
    """Many names for the bytes of one file: a bomb that needs no bomb in it."""
    data = zipped(lambda archive: archive.writestr("a.mid", bytes(range(256)) * 30_000), ZIP_STORED)
    start = data.index(CENTRAL)
    body, entry = data[:start], data[start : data.index(b"PK\5\6")]
    names = [b"%05d" % number for number in range(count)]
    directory = b"".join(entry[:46] + name for name in names)
    return body + directory + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), start, 0
    )  # fmt: skip


def lying(size: int) -> bytes:
    """A file of 300 kB whose entry says another size."""
    data = of("a.mid", Random(1).randbytes(300_000))
    return edited(data, 24, struct.pack("<I", size))


ZIPS = {
    "a name that leads out": Attack(lambda: of("../../a.mid"), "leads out of the collection"),
    "an absolute name": Attack(lambda: of("/etc/cron.d/a.mid"), "leads out of the collection"),
    "a name of another system": Attack(lambda: of("C:/a.mid"), "leads out of the collection"),
    "a name with a new line": Attack(lambda: of("a\nb.mid"), "no file name needs"),
    "a link": Attack(lambda: kind(stat.S_IFLNK), "is a link or no plain file"),
    "a device": Attack(lambda: kind(stat.S_IFCHR), "is a link or no plain file"),
    "a million entries": Attack(lambda: many_entries(10**6), "has 65535 entries, more than"),
    "a million entries, one told of": Attack(lambda: many_entries(10**6, 1), "more than 4000"),
    "2,001 files": Attack(
        lambda: zipped(lambda a: [a.writestr(f"{n}.mid", b"1") for n in range(2001)]),
        "more than 2000 files",
    ),
    "a ratio of 1:1000": Attack(lambda: of("a.mid", bytes(8_000_000)), "times as much"),
    "an encrypted file": Attack(lambda: edited(of("a.mid"), 8, b"\1"), "is encrypted"),
    "a rare compression": Attack(lambda: of("a.mid", b"1", ZIP_BZIP2), "packed in a rare way"),
    "overlapping files of 1.5 GB": Attack(overlapping, "more than 200 MB unpacked"),
    "two files of one name": Attack(twice, "stands in the collection twice"),
    "an entry without a name": Attack(nameless, "an entry without a name"),
    "ZIP64": Attack(
        lambda: of("a.mid")[:-22] + b"PK\6\7" + bytes(16) + of("a.mid")[-22:], "ZIP for huge files"
    ),
    "no ZIP": Attack(lambda: b"\x00" * 1000, "neither a folder nor a whole ZIP"),
    "half a ZIP": Attack(lambda: of("a.mid")[:60], "neither a folder nor a whole ZIP"),
    "a pickle": Attack(lambda: b"\x80\x04" + bytes(1000), "neither a folder nor a whole ZIP"),
    "a file that is larger than it says": Attack(
        lambda: lying(100_000), "damaged at 'a.mid'", at_the_door=False
    ),
    "a file that is smaller than it says": Attack(
        lambda: lying(400_000), "no file was accepted", at_the_door=False
    ),
    "overlapping files of 30 MB": Attack(
        lambda: overlapping(4), "damaged|no file was accepted", at_the_door=False
    ),
    "a ZIP in a ZIP": Attack(
        lambda: of("a.zip", of("a.mid", sound_midi())), "neither a MIDI nor a MusicXML",
        at_the_door=False,
    ),
    "a ZIP under the name of music": Attack(
        lambda: of("a.mid", of("b.mid", sound_midi())), "without a MusicXML score",
        at_the_door=False,
    ),
    "nothing but folders": Attack(
        lambda: of("a/", b""), "no file was accepted", at_the_door=False
    ),
    "an unknown work among the declared": Attack(
        lambda: of("works.txt", b"BWV9999"), "declared works", at_the_door=False
    ),
    "declared works that are no text": Attack(
        lambda: of("works.txt", b"\xff\xfe\xff"), "works.txt cannot be read", at_the_door=False
    ),
}  # fmt: skip
