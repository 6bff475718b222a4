"""How sound is coded: type, channels, sample rate and bit rate from what was heard and the bytes there are."""

from __future__ import annotations

from dataclasses import dataclass

from mmsprep.profile import Profile
from mmsprep.tools.audio.measure import Heard
from mmsprep.tools.audio.track import Track

PACKET_BYTES, FILE_BYTES = 11, 1_500
"""What MP4 adds: per packet its entries in the index, and the boxes themselves (measured)."""

USED = 0.985
"""Of the bytes there are, what is aimed at: an encoder that goes a little over its rate still fits."""

AAC_SAMPLES = 1_024
"""Samples of one packet of AAC (ISO/IEC 14496-3)."""
AMR_RATES = (4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200)
"""The modes of AMR-NB in bits per second (3GPP TS 26.071)."""
AMR_BYTES_A_SECOND = dict(zip(AMR_RATES, (650, 700, 800, 900, 1_000, 1_050, 1_350, 1_600), strict=True))

MP3_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Constant rates, in kbit/s, of MPEG-1 and MPEG-2 layer III together (ISO/IEC 11172-3, 13818-3)."""

MUSIC_FLOOR, SPEECH_FLOOR, AMR_FLOOR = 20_000, 9_000, AMR_RATES[0]
"""Bits per second below which music is no pleasure, and speech in AAC or AMR-NB not understood."""

STEREO_FROM, SPEECH_STEREO_FROM = 44_000, 80_000
"""Bits per second from which two channels sound better than one that has all of them."""

# Bits per second and channel from which a sample rate sounds better than the next lower one.
SAMPLE_RATES = ((40_000, 48_000), (28_000, 32_000), (17_000, 24_000), (10_000, 16_000), (0, 8_000))


@dataclass(frozen=True, slots=True)
class Coding:
    """How sound is written."""

    suffix: str
    encoder: str
    channels: int
    sample_rate: int
    bits_per_second: int


def transparent(track: Track, heard: Heard) -> int:
    """Give the bits per second above which nobody hears a difference; a source of few bits needs few."""
    channels = 2 if heard.wide else 1
    most = 160_000 if channels == 2 else 64_000 if heard.speech else 88_000
    if track.sample_rate <= 16_000:
        most = min(most, 32_000 * channels)
    if track.lossless or track.bits_per_second is None:
        return most
    # A copy of a copy wants a little more than the copy had.
    return max(24_000, min(most, round(track.bits_per_second * 1.25)))


def floor(heard: Heard, *, amr: bool) -> int:
    """Give the bits per second that are the least worth sending."""
    if not heard.speech:
        return MUSIC_FLOOR
    return AMR_FLOOR if amr else SPEECH_FLOOR


def aac(track: Track, heard: Heard, bits_per_second: int) -> Coding:
    """Choose channels and sample rate for AAC at this rate."""
    stereo_from = SPEECH_STEREO_FROM if heard.speech else STEREO_FROM
    channels = 2 if heard.wide and bits_per_second >= stereo_from else 1
    each = bits_per_second / channels
    rate = next(rate for least, rate in SAMPLE_RATES if each >= least)
    return Coding(".m4a", "aac", channels, _native(rate, track.sample_rate), bits_per_second)


def mp3(track: Track, heard: Heard, bits_per_second: int) -> Coding:
    """Choose the constant rate below *bits_per_second*, with the sample rate that it can carry."""
    shape = aac(track, heard, bits_per_second)
    # MPEG-1's sample rates begin at 32 kbit/s, those of MPEG-2 end at 160.
    allowed = [rate * 1_000 for rate in MP3_RATES if (rate >= 32 or shape.sample_rate < 32_000)]
    allowed = [rate for rate in allowed if shape.sample_rate >= 32_000 or rate <= 160_000] or [8_000]
    rate = max((each for each in allowed if each <= bits_per_second), default=min(allowed))
    return Coding(".mp3", "libmp3lame", shape.channels, shape.sample_rate, rate)


def amr(bytes_per_second: float) -> Coding | None:
    """Choose the mode of AMR-NB that stays below *bytes_per_second*; None when none does."""
    rate = max((rate for rate, size in AMR_BYTES_A_SECOND.items() if size * 1.01 < bytes_per_second), default=None)
    return None if rate is None else Coding(".amr", "libopencore_amrnb", 1, 8_000, rate)


def packets_a_second(sample_rate: int) -> float:
    """Give how many packets of AAC hold a second."""
    return sample_rate / AAC_SAMPLES


def bits_in_mp4(limit: int, seconds: float, heard: Heard) -> int:
    """Give the bits per second that a file of MP4 below *limit* has for the sound itself."""
    plain = (limit - FILE_BYTES) * 8 * USED / seconds
    per_channel = plain / (2 if heard.wide and plain >= STEREO_FROM else 1)
    sample_rate = next(rate for least, rate in SAMPLE_RATES if per_channel >= least)
    return max(0, int(plain - PACKET_BYTES * 8 * packets_a_second(sample_rate)))


def for_film(track: Track, heard: Heard, total_bits_per_second: float, profile: Profile) -> Coding | None:
    """Choose the sound of a film whose picture and sound share *total_bits_per_second*; None without a coding for it.

    Sound gets an eighth, for a picture is forgiven sooner; never less than can be understood.
    """
    least, most = (14_000 if heard.speech else 18_000), min(128_000, transparent(track, heard))
    share = total_bits_per_second / 8 if total_bits_per_second > 200_000 else total_bits_per_second / 6
    bits = round(min(max(share, least), most, max(8_000, total_bits_per_second / 3)))
    if not profile.codecs & {"aac", "amr_nb"}:
        return None
    if "aac" not in profile.codecs:
        modes = [rate for rate in AMR_RATES if rate <= total_bits_per_second / 6] or [AMR_RATES[0]]
        return Coding(".amr", "libopencore_amrnb", 1, 8_000, modes[-1])
    return aac(track, heard, bits)


def _native(rate: int, source_rate: int) -> int:
    """Stay in the source's family (44.1 or 48 kHz and their parts), and never above the source."""
    if source_rate % 11_025 == 0 and rate != 32_000:
        rate = {48_000: 44_100, 24_000: 22_050, 16_000: 16_000, 8_000: 8_000}[rate]
    if rate < source_rate:
        return rate
    legal = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
    return next((each for each in legal if each <= source_rate), 8_000)
