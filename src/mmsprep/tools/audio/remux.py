"""Sound that may be sent as it is: copied into a clean file, without what the old one told."""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect.av import ENCODER_TEXT
from mmsprep.profile import Profile
from mmsprep.tools.audio.encode import FORMATS, PLAIN
from mmsprep.tools.audio.track import Track
from mmsprep.tools.ffmpeg import Failed, Runner, own, source

TYPES = {".m4a": ("audio/mp4", "aac"), ".mp3": ("audio/mpeg", "mp3"), ".amr": ("audio/amr", "amr_nb")}
"""What each suffix holds: its MIME type and codec."""


def suffix_for(track: Track, profile: Profile) -> str | None:
    """Tell in which file *track* may be sent without coding it anew; None when it may not."""
    for suffix, (mime, codec) in TYPES.items():
        if track.codec == codec and mime in profile.types and codec in profile.codecs:
            plain = track.channels <= 2 and track.sample_rate <= 48_000
            # HE-AAC, Main and the others are not what every handset decodes.
            return suffix if plain and (codec != "aac" or track.profile == "LC") else None
    return None


def remux(runner: Runner, track: Track, suffix: str, *, most: int) -> Path | None:
    """Copy *track* into a clean file, no more than *most* bytes of it; None when it cannot be copied."""
    path = runner.path(suffix)
    sound = source(track.path)[str(track.index)]
    options = {key: value for key, value in PLAIN.items() if key != "flags:a"} | FORMATS[suffix]
    try:
        runner.run(sound.output(str(path), **{"c:a": "copy", "fs": most}, **options))
    except Failed:
        return None
    hush(path)
    return path


def hush(path: Path) -> None:
    """Blank the name that an encoder left in a filling element of its first packet, which no decoder reads."""
    data = path.read_bytes()
    quiet = ENCODER_TEXT.sub(lambda found: bytes(len(found[0])), data)
    if quiet != data:
        path.write_bytes(quiet)


def decoded_seconds(runner: Runner, path: Path) -> float:
    """Decode all of a file that we made and give how long it plays; 0 when it does not decode."""
    longest = 0.0

    def note(seconds: float) -> None:
        nonlocal longest
        longest = max(longest, seconds)

    try:
        runner.run(own(path, threads=runner.threads).output("-", f="null", xerror=None), progress=note)
    except Failed:
        return 0.0
    return longest
