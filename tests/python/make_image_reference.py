"""Writes tests/reference/images/: pictures in common kinds of file, and their pixels as Pillow reads them with
convert("RGB") (expected.json: base64 of the RGB bytes).

  pip install -r tests/python/requirements.txt
  python tests/python/make_image_reference.py

Kinds that Pillow cannot write (16-bit colour, 2- and 4-bit grey, interlaced, a transparent colour) are assembled by
hand. Pillow's convert clips 16-bit grey at 255; value / 257, rounded, is expected instead.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageCms
from png_writer import png

folder = pathlib.Path(__file__).parent.parent / "reference" / "images"
folder.mkdir(parents=True, exist_ok=True)
random = numpy.random.default_rng(0)
WIDTH, HEIGHT = 24, 16

y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
grey = ((x * 7 + y * 5) % 256).astype(numpy.uint8)
colour = numpy.stack([grey, (x * 10).astype(numpy.uint8), (y * 16).astype(numpy.uint8)], 2)
noise = random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=numpy.uint8)
alpha = (255 - x * 10).astype(numpy.uint8)
deep = random.integers(0, 65536, (HEIGHT, WIDTH), dtype=numpy.uint16)
deep[0, :6] = [0, 128, 129, 385, 386, 65535]  # value / 257 turns at 128.5, 385.5
smooth = Image.fromarray(noise).resize((48, 40), Image.Resampling.BICUBIC)


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


palette = Image.fromarray(noise).quantize(17)
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
deep_colour = random.integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=numpy.uint16)
deep_alpha = numpy.dstack([deep_colour, deep])
files = {
    "grey.png": saved(Image.fromarray(grey), "PNG"),
    "grey_alpha.png": saved(Image.fromarray(numpy.dstack([grey, alpha])), "PNG"),
    "colour.png": saved(Image.fromarray(noise), "PNG"),
    "colour_alpha.png": saved(Image.fromarray(numpy.dstack([noise, alpha])), "PNG"),
    "grey_as_colour.png": saved(Image.fromarray(grey).convert("RGB"), "PNG"),
    "bilevel.png": saved(Image.fromarray(grey > 99), "PNG"),
    "palette.png": saved(palette, "PNG"),
    "palette_4_bits.png": saved(Image.fromarray(noise).quantize(11), "PNG", bits=4),
    "palette_transparent.png": saved(palette, "PNG", transparency=bytes(range(0, 170, 10))),
    "grey_2_bits.png": png(grey >> 6, 2, 0),
    "grey_4_bits.png": png(grey >> 4, 4, 0),
    "grey_transparent.png": png(grey, 8, 0, (b"tRNS", struct.pack(">H", int(grey[3, 3])))),
    "colour_transparent.png": png(
        noise, 8, 2, (b"tRNS", struct.pack(">HHH", *noise[3, 3].tolist()))
    ),
    "grey_16_bits.png": png(deep, 16, 0),
    "grey_alpha_16_bits.png": png(numpy.dstack([deep, deep_colour[..., 0]]), 16, 4),
    "colour_16_bits.png": png(deep_colour, 16, 2),
    "colour_alpha_16_bits.png": png(deep_alpha, 16, 6),
    "interlaced.png": png(noise, 8, 2, interlaced=True),
    "gamma.png": png(noise, 8, 2, (b"gAMA", struct.pack(">I", 100000))),
    "profile.png": saved(Image.fromarray(noise), "PNG", icc_profile=srgb),
    "rotated_by_exif.png": saved(Image.fromarray(noise), "PNG", exif=with_exif(6)),
    "grey.jpg": saved(smooth.convert("L"), "JPEG", quality=90),
    "colour_444.jpg": saved(smooth, "JPEG", quality=90, subsampling=0),
    "colour_420.jpg": saved(smooth, "JPEG", quality=75),
    "progressive.jpg": saved(smooth, "JPEG", quality=90, progressive=True, subsampling=0),
    "rotated_by_exif.jpg": saved(smooth, "JPEG", quality=90, subsampling=0, exif=with_exif(6)),
    "profile.jpg": saved(smooth, "JPEG", quality=90, subsampling=0, icc_profile=srgb),
    "cmyk.jpg": saved(smooth.convert("CMYK"), "JPEG", quality=95),
}


def as_pillow(content):
    """Gives Pillow's pixels; None if it refuses."""
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (OSError, SyntaxError):
        return None
    mode = image.mode
    if mode == "I;16":
        image = Image.fromarray(((numpy.asarray(image).astype(int) * 2 + 257) // 514).astype(numpy.uint8))
    rgb = image.convert("RGB")
    pixels = base64.b64encode(rgb.tobytes()).decode()
    return {"mode": mode, "width": rgb.width, "height": rgb.height, "rgb": pixels}


expected = {}
for name, content in files.items():
    (folder / name).write_bytes(content)
    expected[name] = as_pillow(content)
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

# One PNG of each kind of Willem van Schaik's PngSuite, under the name that it has there, drawn anew.


def drawn(name, *chunks, width=11, height=9, **options):
    """Draws noise of the kind at the end of the name: number of the colour type, its letter, and bits."""
    kind, bits = int(name[-4]), int(name[-2:])
    if kind == 3:
        colours = random.integers(0, 256, (2**bits, 3), dtype=numpy.uint8)
        before = [each for each in chunks if each[0] in (b"gAMA", b"cHRM", b"sBIT")]
        chunks = [*before, (b"PLTE", colours.tobytes()), *[each for each in chunks if each not in before]]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    samples = random.integers(0, 2**bits, (height, width, channels))
    # The value that chunks below call transparent.
    samples[-1, -1] = 1
    return png(samples, bits, kind, *chunks, **options)


def words(*values):
    return struct.pack(f">{len(values)}H", *values)


kinds = {}
DEPTHS = "0g01 0g02 0g04 0g08 0g16 2c08 2c16 3p01 3p02 3p04 3p08 4a08 4a16 6a08 6a16".split()
for depth in DEPTHS:
    kinds[f"basn{depth}"] = drawn(depth)
    kinds[f"basi{depth}"] = drawn(depth, interlaced=True)
for side in [*range(1, 10), *range(32, 41)]:
    depth = f"3p0{1 if side < 5 else 2 if side < 10 else 4}"
    for letter in "in":
        kinds[f"s{side:02}{letter}{depth}"] = drawn(
            depth, width=side, height=side, interlaced=letter == "i"
        )
for name, background in {
    **{"bgai4a08": None, "bgai4a16": None, "bgan6a08": None, "bgan6a16": None, "bgbn4a08": words(0)},
    **{"bggn4a16": words(43908), "bgwn6a08": words(255, 255, 255), "bgyn6a16": words(65535, 65535, 0)},
}.items():
    chunks = [] if background is None else [(b"bKGD", background)]
    kinds[name] = drawn(name, *chunks, interlaced=name[3] == "i")
for name, transparent in {
    **{"tbbn0g04": words(1), "tbbn2c16": words(1, 1, 1), "tbbn3p08": bytes([0, 128]), "tbgn2c16": words(1, 1, 1)},
    **{"tbgn3p08": bytes([9, 0]), "tbrn2c08": words(1, 1, 1), "tbwn0g16": words(1), "tbwn3p08": bytes([0])},
    **{"tbyn3p08": bytes([255, 0]), "tp0n0g08": None, "tp0n2c08": None, "tp0n3p08": None},
    **{"tp1n3p08": bytes(range(256)), "tm3n3p02": bytes([0, 85, 170, 255])},
}.items():
    kinds[name] = drawn(name, *([] if transparent is None else [(b"tRNS", transparent)]))
for gamma in ["03", "04", "05", "07", "10", "25"]:
    for depth in ["0g16", "2c08", "3p04"]:
        kinds[f"g{gamma}n{depth}"] = drawn(depth, (b"gAMA", struct.pack(">I", int(gamma) * 10000)))
for number in range(5):
    for depth in ["0g08", "2c08"]:
        kinds[f"f{number:02}n{depth}"] = drawn(depth, filters=[number])
kinds["f99n0g04"] = drawn("0g04", filters=[0, 1, 2, 3, 4])
suggested = bytes(range(0, 240))
spalette = b"six\0" + bytes([8]) + bytes(60)
spalette_16 = b"six\0" + bytes([16]) + bytes(100)
primaries = (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
text = (b"tEXt", b"Title\0Noise")
zipped = (b"zTXt", b"Title\0\0" + zlib.compress(b"Noise"))
for name, chunk in {
    **{"pp0n2c16": (b"PLTE", suggested), "pp0n6a08": (b"PLTE", suggested), "ps1n0g08": (b"sPLT", spalette)},
    **{"ps1n2c16": (b"sPLT", spalette), "ps2n0g08": (b"sPLT", spalette_16), "ps2n2c16": (b"sPLT", spalette_16)},
    **{"ccwn2c08": primaries, "ccwn3p08": primaries, "cdfn2c08": (b"pHYs", struct.pack(">IIB", 1, 4, 0))},
    **{"cdhn2c08": (b"pHYs", struct.pack(">IIB", 4, 1, 0)), "cdsn2c08": (b"pHYs", struct.pack(">IIB", 1, 1, 0))},
    **{"cdun2c08": (b"pHYs", struct.pack(">IIB", 1000, 1000, 1)), "ch1n3p04": (b"hIST", words(*range(16)))},
    **{"ch2n3p08": (b"hIST", words(*range(256))), "cm0n0g04": (b"tIME", bytes([7, 208, 1, 1, 12, 34, 56]))},
    **{"cm7n0g04": (b"tIME", bytes([7, 178, 1, 1, 0, 0, 0])), "cm9n0g04": (b"tIME", bytes([7, 207, 12, 31, 23, 59, 59]))},
    **{"cs3n2c16": (b"sBIT", bytes([13, 13, 13])), "cs3n3p08": (b"sBIT", bytes([3, 3, 3]))},
    **{"cs5n2c08": (b"sBIT", bytes([5, 5, 5])), "cs5n3p08": (b"sBIT", bytes([5, 5, 5]))},
    **{"cs8n2c08": (b"sBIT", bytes([8, 8, 8])), "cs8n3p08": (b"sBIT", bytes([8, 8, 8])), "ct0n0g04": text},
    **{"ct1n0g04": text, "cten0g04": (b"iTXt", b"Title\0\0\0en\0Title\0Noise"), "ctzn0g04": zipped},
    **{f"ct{letter}n0g04": (b"iTXt", f"Title\0\0\0{tongue}\0\0Schö".encode()) for letter, tongue in
       {"f": "fi", "g": "el", "h": "hi", "j": "ja"}.items()},
    **{"exif2c08": (b"eXIf", with_exif(6).tobytes()[6:])},
}.items():
    kinds[name] = drawn(name, chunk)
for parts in [1, 2, 4, 9]:
    for depth in ["0g16", "2c16"]:
        kinds[f"oi{parts}n{depth}"] = drawn(depth, parts=parts)
for level in [0, 3, 6, 9]:
    kinds[f"z{level:02}n2c08"] = drawn("2c08", level=level)
good = kinds["basn0g08"]
header = struct.pack(">IIBBBBB", 11, 9, 8, 0, 0, 0, 0)
for name, damaged in {
    **{"xs1n0g01": b"\x88" + good[1:], "xs2n0g01": good[:1] + b"Q" + good[2:], "xs4n0g01": good[:3] + b"H" + good[4:]},
    **{"xs7n0g01": good[:6] + b"\r" + good[7:], "xcrn0g04": good.replace(b"\n", b"\r"), "xlfn0g04": good.replace(b"\r\n", b"\n")},
    **{"xhdn0g08": good[:29] + bytes(4) + good[33:], "xcsn0g01": good.replace(good[-16:-12], bytes(4))},
}.items():
    kinds[name] = damaged
for name, at, value in [("xc1n0g08", 9, 1), ("xc9n2c08", 9, 9), ("xd0n2c08", 8, 0), ("xd3n2c08", 8, 3), ("xd9n2c08", 8, 99)]:
    changed = header[:at] + bytes([value]) + header[at + 1 :]
    kinds[name] = good.replace(header, changed).replace(
        struct.pack(">I", zlib.crc32(b"IHDR" + header)), struct.pack(">I", zlib.crc32(b"IHDR" + changed))
    )
kinds["xdtn0g01"] = good[: good.index(b"IDAT") - 4] + good[-12:]
reference = {
    name: {"png": base64.b64encode(content).decode(), "expected": as_pillow(content)}
    for name, content in kinds.items()
}
(folder.parent / "png_kinds.json").write_text(json.dumps(reference, indent=1) + "\n")
