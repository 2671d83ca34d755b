"""Writes tests/reference/transforms/: films, and Pillow's transforms of them (expected.json).

  pip install pillow==13.0.0 numpy
  python tests/python/make_transform_reference.py

torchvision calls these for images read from files: Resize = Image.resize(..., BILINEAR),
ColorJitter(contrast) = ImageEnhance.Contrast(image).enhance(factor),
RandomAdjustSharpness = ImageEnhance.Sharpness(image).enhance(factor), on images in mode RGB.
A result is stored as the SHA-256 of its RGB pixels, with its first and middle pixels to show a difference.
"""

import hashlib
import json
import pathlib

import numpy
from PIL import Image, ImageDraw, ImageEnhance

folder = pathlib.Path(__file__).parent.parent / "reference" / "transforms"
folder.mkdir(parents=True, exist_ok=True)
random = numpy.random.default_rng(0)


def noise(*shape):
    return Image.fromarray(random.integers(0, 256, shape, dtype=numpy.uint8))


def drawn():
    """Draws two lungs, a spine, a heart and ribs, blurred by reduction: grey stored as RGB."""
    film = Image.new("L", (1024, 1024), 30)
    draw = ImageDraw.Draw(film)
    draw.ellipse((40, 20, 984, 1200), fill=150)
    for left in (140, 560):
        draw.ellipse((left, 180, left + 320, 880), fill=60)
    draw.rectangle((480, 0, 544, 1024), fill=215)
    draw.ellipse((430, 480, 720, 800), fill=190)
    for y in range(200, 880, 90):
        draw.arc((100, y, 924, y + 260), 180, 360, fill=235, width=9)
    return film.resize((512, 512), Image.Resampling.LANCZOS).convert("RGB")


row = numpy.arange(512)
inputs = {
    "drawn": drawn(),
    "ramp": Image.fromarray(((row[None, :] + row[:, None]) // 4).astype(numpy.uint8)),
    "checkerboard": Image.fromarray(((row[None, :] + row[:, None]) % 2 * 255).astype(numpy.uint8)),
    "noise_grey": noise(301, 230),
    "noise_colour": noise(120, 160, 3),
    "dark_colour": Image.fromarray(random.integers(0, 9, (64, 48, 3), dtype=numpy.uint8)),
    "smallest": noise(1, 1),
    "narrow": noise(9, 2, 3),
    "three_by_three": noise(3, 3, 3),
}


def resize(film, width=224, height=224):
    return film.resize((width, height), Image.Resampling.BILINEAR)


def contrast(film, factor):
    return ImageEnhance.Contrast(film).enhance(factor)


def sharpness(film, factor):
    return ImageEnhance.Sharpness(film).enhance(factor)


def case(name, film, **what):
    pixels = film.tobytes()
    middle = len(pixels) // 2
    return {
        "input": name,
        **what,
        "width": film.width,
        "height": film.height,
        "first": list(pixels[:12]),
        "middle": list(pixels[middle : middle + 12]),
        "sha256": hashlib.sha256(pixels).hexdigest(),
    }


cases = []
for name, image in inputs.items():
    image.save(folder / f"{name}.png", optimize=True)
    film = image.convert("RGB")
    for width, height in ((224, 224), (224, film.height), (film.width, 224), (31, 500), (1, 1)):
        cases.append(case(name, resize(film, width, height), transform="resize"))
    for factor in (0, 0.5, 0.8, 0.93, 1, 1.07, 1.2, 2.5):
        cases.append(case(name, contrast(film, factor), transform="contrast", factor=factor))
        cases.append(case(name, sharpness(film, factor), transform="sharpness", factor=factor))
    cases.append(case(name, resize(contrast(film, 1.13)), transform="contrast, resize", factor=1.13))
    cases.append(case(name, resize(sharpness(film, 1.2)), transform="sharpness, resize", factor=1.2))

(folder / "expected.json").write_text(json.dumps(cases, indent=1) + "\n")
