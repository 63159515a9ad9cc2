"""What the name of a part says: a voice, an accompaniment, or percussion.

Names come from people and programs in German, Latin, Italian, French and English, with numbers and
prefixes: "Sopran", "Canto", "Choir: soprano 1", "1. Diskant", "S.".
"""

from __future__ import annotations

import re
import unicodedata


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VOICES = (
    "soprano soprani sopranos sopran soprane sopr sop diskant discant discantus cantus canto "
    "superius dessus treble trebles",
    "alto alti altos alt altus alte contralto contralti contraltos hautecontre countertenor "
    "contratenor",
    "tenor tenore tenori tenors ten taille tailles",
    "bass bassus basso bassi basses basse",
)
_VOICE_OF_WORD = {word: voice for voice, words in enumerate(_VOICES) for word in words.split()}
_VOICE_OF_LETTER = {letter: voice for voice, letter in enumerate("satb")}
# A part that has one of these besides is a staff in that clef, not a singer.
_CLEFS = _set("treble bass basso basse")
_MELODY = _set(
    "melody melodie melodia melodiestimme cantusfirmus tune lead singstimme gesang canto chant "
    "weise lied"
)
# These say so only of a part that has no other name.
_SINGER = _set("voice vocal vocals vox voce voix stimme")
_ACCOMPANIMENT = _set(
    "organ orgel orgue orgues organo piano pianoforte klavier fortepiano keyboard keyboards "
    "clavier clavecin cembalo clavicembalo harpsichord spinet virginal harmonium continuo "
    "bassocontinuo generalbass begleitung accompaniment accomp accompagnement "
    "accompagnamento guitar guitars gitarre guitare chitarra lute laute luth liuto theorbo "
    "harp harfe harpe arpa chords akkorde accords accordi pno pf org bc positiv truhenorgel "
    "hammond gt gtr"
)
# These accompany singers, and are themselves the voices where nobody sings.
_ENSEMBLE = _set("strings streicher orchester orchestra orchestre")
_PERCUSSION = _set(
    "drum drums drumkit drumset drumkits percussion percussioni percusion perkussion perc "
    "percussions schlagzeug schlagwerk schlaginstrumente trommel trommeln pauke pauken timpani "
    "timpano timbales batterie batteria bateria tamburo tamburi tambour tambours cassa grancassa "
    "caisse click clicks clicktrack klick claquette claquettes countin einzahler vorzahler "
    "metronome metronom metronomo metronomus cymbal cymbals becken piatti snare hihat kick "
    "clap claps shaker tambourine tamburin woodblock woodblocks bongos bongo congas conga cajon "
    "gong triangel claves maracas"
)
_NUMBERS = _set("i ii iii iv v st nd rd th primo secondo first second")
# Words that change nothing: who sings, and which of several.
_NEUTRAL = _NUMBERS | _set(
    "choir chor choer coro choeur chorus voice voices stimme stimmen voce voci voix part "
    "parte partie solo soli tutti track channel staff stave men women maenner manner frauen "
    "hommes femmes boys girls the der die il le la"
)
_JOINED = (
    ("haute contre", "hautecontre"),
    ("cantus firmus", "cantusfirmus"),
    ("basso continuo", "bassocontinuo"),
    ("basse continue", "bassocontinuo"),
    ("hi hat", "hihat"),
    ("count in", "countin"),
    ("b c", "bc"),
)


def voice_of_name(name: str) -> int | None:
    """The voice that a part is named after; None for other names, and for two voices in one.

    Examples
    --------
    >>> voice_of_name("Tenor"), voice_of_name("B."), voice_of_name("Choir: soprano 1")
    (2, 3, 0)
    >>> voice_of_name("Organ"), voice_of_name("Sopran und Alt"), voice_of_name("Bass drum")
    (None, None, None)
    """
    named = voices_of_name(name)
    return named[0] if len(named) == 1 else None


def voices_of_name(name: str) -> tuple[int, ...]:
    """All voices that a name speaks of, from the highest, as in "S/A" or "Tenor & Bass".

    Examples
    --------
    >>> voices_of_name("Sopran/Alt"), voices_of_name("TB"), voices_of_name("Violin")
    ((0, 1), (2, 3), ())
    """
    words = _words(name)
    if is_percussion_name(name):
        return ()
    accompanies = is_accompaniment_name(name)
    found = {
        _VOICE_OF_WORD[word]
        for word in words
        if word in _VOICE_OF_WORD and not (accompanies and word in _CLEFS)
    }
    return tuple(sorted(found or _lettered(name)))


def _lettered(name: str) -> set[int]:
    """The voices of "S.", "1. S", "S/A" and "Choir: SA"."""
    words = [word for word in _words(name.rpartition(":")[2]) if word not in _NUMBERS]
    letters = "".join(words)
    # Of longer words, chance spells some: "bat".
    if len(letters) > 2 and len(words) < len(letters):
        return set()
    voices = [_VOICE_OF_LETTER.get(letter) for letter in letters]
    known = {voice for voice in voices if voice is not None}
    return known if len(known) == len(voices) else set()


def is_plain_voice_name(name: str) -> bool:
    """Whether a name speaks of a voice and of nothing else: "Alto 2", but no "Alto saxophone"."""
    words = set(_words(name)) - _NEUTRAL
    return voice_of_name(name) is not None and (
        words <= set(_VOICE_OF_WORD) or words <= set(_VOICE_OF_LETTER)
    )


def is_melody_name(name: str) -> bool:
    """Whether a name says that the part has the tune.

    Examples
    --------
    >>> is_melody_name("Melodie"), is_melody_name("Cantus firmus"), is_melody_name("Viola")
    (True, True, False)
    """
    words = frozenset(_words(name))
    alone = not _SINGER.isdisjoint(words) and words <= _SINGER | _NUMBERS
    return (alone or not _MELODY.isdisjoint(words)) and not is_accompaniment_name(name)


def is_accompaniment_name(name: str) -> bool:
    """Whether a name is that of an instrument that accompanies singers.

    Examples
    --------
    >>> is_accompaniment_name("Orgel (Pedal)"), is_accompaniment_name("Flute")
    (True, False)
    """
    return not _ACCOMPANIMENT.isdisjoint(_words(name))


def is_ensemble_name(name: str) -> bool:
    """Whether a name is that of strings or an orchestra, and of no voice or melody.

    Examples
    --------
    >>> is_ensemble_name("Streicher"), is_ensemble_name("Soprano (strings)")
    (True, False)
    """
    return (
        not _ENSEMBLE.isdisjoint(_words(name))
        and voice_of_name(name) is None
        and not is_melody_name(name)
    )


def is_percussion_name(name: str) -> bool:
    """Whether a name is that of drums, or of a click track.

    Examples
    --------
    >>> is_percussion_name("Drum kit"), is_percussion_name("Click"), is_percussion_name("Horn")
    (True, True, False)
    """
    return not _PERCUSSION.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    """Lower case, without accents, digits and signs; "sopranoVoice" is two words."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plain = unicodedata.normalize("NFKD", parted.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    spaced = " ".join(re.findall(r"[a-z]+", letters))
    for words, word in _JOINED:
        spaced = re.sub(rf"\b{words}\b", word, spaced)
    return spaced.split()
