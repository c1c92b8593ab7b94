"""What each person's fake camera shows and fake microphone sounds, and how the receiving side recognises it.

A camera file has two flat colours, one above the other, and a small block that moves; a microphone file has bursts of one tone.
Nobody shares a pair of colours or a tone, so a picture or a sound on the wrong tile is seen and heard by the test.
"""

import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

SAMPLES = 48_000
FRAMES = 20
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What a fake camera can do; the journeys' are small, as two cores encode everybody's picture."""

    width: int = 320
    height: int = 180
    rate: int = 10


SMALL = Camera()

RED: Colour = (200, 40, 40)
GREEN: Colour = (40, 170, 60)
BLUE: Colour = (50, 70, 200)
YELLOW: Colour = (210, 190, 50)
VIOLET: Colour = (170, 60, 190)
GREY: Colour = (120, 120, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One person's picture and tone."""

    top: Colour
    bottom: Colour
    tone: int


LOOKS: dict[str, Look] = {
    "Alice": Look(top=RED, bottom=BLUE, tone=523),
    "Bob": Look(top=GREEN, bottom=VIOLET, tone=743),
    "Charlie": Look(top=YELLOW, bottom=GREEN, tone=967),
    "Dora": Look(top=BLUE, bottom=YELLOW, tone=1187),
    "Emil": Look(top=VIOLET, bottom=GREY, tone=1423),
    "Fanny": Look(top=GREY, bottom=RED, tone=1663),  # in Firefox, where the picture is one colour that changes
}

# In the page: the mean colours of the upper and the lower half of a video's present frame, and how even each half is.
PICTURE = """(video) => {
  if (!video.videoWidth || video.readyState < 2) return null;
  const canvas = document.createElement("canvas");
  canvas.width = 32; canvas.height = 18;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, 32, 18);
  const mean = (y, height) => {
    const { data } = context.getImageData(3, y, 26, height);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
    return sum.map((value) => Math.round(value / (data.length / 4)));
  };
  return { top: mean(2, 4), bottom: mean(12, 4), time: video.currentTime, width: video.videoWidth };
}"""

# In the page: for each tone, its loudest level in dB over the given time, in the element's own stream.
SOUND = """async (element, { tones, ms }) => {
  const stream = element.srcObject;
  if (!stream || !stream.getAudioTracks().length) return null;
  const context = new AudioContext();
  if (context.state !== "running") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 1000))]);
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  const source = context.createMediaStreamSource(stream);
  source.connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  const best = Object.fromEntries(tones.map((tone) => [tone, -200]));
  const end = performance.now() + ms;
  while (performance.now() < end) {
    analyser.getFloatFrequencyData(levels);
    for (const tone of tones) {
      const bin = Math.round(tone * analyser.fftSize / context.sampleRate);
      for (const near of [bin - 1, bin, bin + 1]) if (levels[near] > best[tone]) best[tone] = levels[near];
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  source.disconnect();
  await context.close();
  return best;
}"""

# The same where AudioContext needs a sound card (Firefox): records what is played, decodes it, and searches it with Goertzel's filter.
SOUND_RECORDED = """async (element, { tones, ms }) => {
  const stream = element.srcObject;
  if (!stream || !stream.getAudioTracks().length) return null;
  const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()));
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  recorder.start();
  await new Promise((done) => setTimeout(done, ms));
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  const decoded = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(await new Blob(parts).arrayBuffer());
  const samples = decoded.getChannelData(0), size = 4096;
  return Object.fromEntries(tones.map((tone) => {
    const turn = 2 * Math.cos(2 * Math.PI * tone / decoded.sampleRate);
    let best = -200;
    for (let start = 0; start + size < samples.length; start += size) {
      let one = 0, two = 0;
      for (let i = 0; i < size; i++) {
        const next = samples[start + i] * (0.5 - 0.5 * Math.cos(2 * Math.PI * i / size)) + turn * one - two;
        two = one; one = next;
      }
      best = Math.max(best, 10 * Math.log10((one * one + two * two - turn * one * two) / (size * size / 16) + 1e-20));
    }
    return [tone, best];
  }));
}"""

AUDIBLE_DB = -70.0
CLEARER_DB = 12.0
NEAR = 60.0


def write_camera(path: Path, look: Look, camera: Camera = SMALL) -> Path:
    """Write the person's picture as Y4M, which Chromium plays in a loop as a camera."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{camera.width} H{camera.height} F{camera.rate}:1 Ip A1:1 C420jpeg\n".encode())
        for index in range(FRAMES):
            file.write(b"FRAME\n" + _frame(look, index, camera))
    return path


def write_microphone(path: Path, look: Look) -> Path:
    """Write four seconds of bursts of the person's tone as WAV; bursts, because noise suppression removes a steady tone."""
    samples = bytearray()
    for index in range(SAMPLES * 4):
        at = index / SAMPLES
        inside = at % 0.4
        loud = min(1.0, inside / 0.02, max(0.0, (0.25 - inside) / 0.02)) if inside < 0.25 else 0.0
        samples += struct.pack("<h", int(12_000 * loud * math.sin(2 * math.pi * look.tone * at)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES)
        file.writeframes(bytes(samples))
    return path


def whose_picture(seen: dict[str, list[int]] | None) -> str | None:
    """Return the name of the person whose picture these colours are, None if nobody's."""
    if seen is None:
        return None
    top, bottom = seen["top"], seen["bottom"]
    distances = {name: max(math.dist(top, look.top), math.dist(bottom, look.bottom)) for name, look in LOOKS.items()}
    name = min(distances, key=lambda each: distances[each])
    return name if distances[name] < NEAR else None


def whose_sound(levels: dict[str, float] | None) -> str | None:
    """Return the name of the person whose tone is clearly the loudest, None if nobody's is."""
    if levels is None:
        return None
    ranked = sorted(((level, int(tone)) for tone, level in levels.items()), reverse=True)
    if ranked[0][0] < AUDIBLE_DB or ranked[0][0] - ranked[1][0] < CLEARER_DB:
        return None
    return next(name for name, look in LOOKS.items() if look.tone == ranked[0][1])


def _frame(look: Look, index: int, camera: Camera) -> bytes:
    """Return one 4:2:0 frame: two halves and a light block that moves along the middle."""
    width, half = camera.width, camera.height // 2
    colours = [_yuv(look.top), _yuv(look.bottom)]
    luma = bytearray()
    left = index * (width - 16) // FRAMES
    for row in range(camera.height):
        line = bytearray([colours[row >= half][0]]) * width
        if half - 8 <= row < half + 8:
            line[left : left + 16] = bytes([235]) * 16
        luma += line
    chroma = bytearray()
    for channel in (1, 2):
        chroma += bytes([colours[0][channel]]) * (width // 2 * (half // 2)) + bytes([colours[1][channel]]) * (width // 2 * (half // 2))
    return bytes(luma + chroma)


def _yuv(colour: Colour) -> tuple[int, int, int]:
    """Return the colour in BT.601, video range, as cameras give it."""
    red, green, blue = (value / 255 for value in colour)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(16 + 219 * luma), round(128 + 224 * 0.564 * (blue - luma)), round(128 + 224 * 0.713 * (red - luma))
