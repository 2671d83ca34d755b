"""Writes tests/reference/images/: pictures in the kinds of file people have, and their pixels as Pillow reads
them with convert("RGB") (expected.json: base64 of the RGB bytes).

  pip install pillow==13.0.0 numpy
  python tests/python/make_image_reference.py

What Pillow cannot write (16-bit colour, 2- and 4-bit grey, interlaced, a colour that counts as transparent) is put
together here by hand. For 16-bit grey, which Pillow's convert clips at 255, value / 257 is expected, rounded.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageCms

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


def png(rows, bits, kind, *chunks, interlaced=False):
    """A PNG of packed rows; kind is 0 grey, 2 colour, 4 grey and alpha, 6 colour and alpha."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, int(interlaced))
    packed = b"".join(b"\0" + bytes(row) for row in rows)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(packed)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in body)


def packed(values, bits):
    each = ((values[..., None] >> numpy.arange(bits - 1, -1, -1)) & 1).reshape(HEIGHT, -1)
    return numpy.packbits(each.astype(numpy.uint8), axis=1)


def interlaced(values):
    """The rows of the seven passes of Adam7, of bytes."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for left, top, across, down in passes:
        yield from values[top::down, left::across].reshape(len(values[top::down]), -1)


def big_endian(values):
    return values.astype(">u2").view(numpy.uint8).reshape(HEIGHT, -1)


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
    "grey_2_bits.png": png(packed(grey >> 6, 2), 2, 0),
    "grey_4_bits.png": png(packed(grey >> 4, 4), 4, 0),
    "grey_transparent.png": png(grey, 8, 0, (b"tRNS", struct.pack(">H", int(grey[3, 3])))),
    "colour_transparent.png": png(
        noise.reshape(HEIGHT, -1), 8, 2, (b"tRNS", struct.pack(">HHH", *noise[3, 3].tolist()))
    ),
    "grey_16_bits.png": png(big_endian(deep), 16, 0),
    "grey_alpha_16_bits.png": png(big_endian(numpy.dstack([deep, deep_colour[..., 0]])), 16, 4),
    "colour_16_bits.png": png(big_endian(deep_colour), 16, 2),
    "colour_alpha_16_bits.png": png(big_endian(deep_alpha), 16, 6),
    "interlaced.png": png(interlaced(noise), 8, 2, interlaced=True),
    "gamma.png": png(noise.reshape(HEIGHT, -1), 8, 2, (b"gAMA", struct.pack(">I", 100000))),
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

expected = {}
for name, content in files.items():
    (folder / name).write_bytes(content)
    image = Image.open(io.BytesIO(content))
    mode = image.mode
    if mode == "I;16":
        eighths = ((numpy.asarray(image).astype(int) * 2 + 257) // 514).astype(numpy.uint8)
        image = Image.fromarray(eighths)
    rgb = image.convert("RGB")
    pixels = base64.b64encode(rgb.tobytes()).decode()
    expected[name] = {"mode": mode, "width": rgb.width, "height": rgb.height, "rgb": pixels}
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
