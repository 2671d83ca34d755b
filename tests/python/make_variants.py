"""Makes valid random films, and reads them with Pillow and pydicom, for `deno task fuzz --peer PYTHON`.

  python tests/python/make_variants.py SEED FIRST COUNT

Writes a line of JSON per film: its name, which describes it; the file; width, height and channels; and the lowest and
highest allowed value of each pixel. They differ only where rounding, or the decoder of a lossy JPEG, may go either way.
They are null for a film that must be refused. Bytes are in base64.
"""

import base64
import io
import itertools
import json
import struct
import sys
import warnings

import gdcm
import numpy
import pydicom
import simplejpeg
from dicom_films import brightness, by_gdcm, compressed, encoded, entry_table, film, of_every_type, table, text
from dicom_films import without_meta, written
from lossless_jpeg import lossless_jpeg
from PIL import Image, ImageCms
from png_writer import CHANNELS, png
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.sequence import Sequence

warnings.filterwarnings("ignore")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class Draw:
    """Random choices, which are noted in the film's name."""

    def __init__(self, *key):
        self.random = numpy.random.default_rng(key)
        self.name = []

    def of(self, *options, weights=None):
        at = self.random.choice(len(options), p=None if weights is None else numpy.array(weights) / sum(weights))
        return options[at]

    def noted(self, *options, **rest):
        option = self.of(*options, **rest)
        self.name.append(str(option))
        return option

    def chance(self, share, name=None):
        drawn = self.random.random() < share
        if drawn and name:
            self.name.append(name)
        return drawn

    def integer(self, low, high):
        """Draws a whole number from low to high, both included."""
        return int(self.random.integers(low, high + 1))


def picture(draw, low, high, *shape):
    """Draws whole numbers from low to high: noise, or waves with some noise."""
    if draw.chance(0.4):
        return draw.random.integers(low, high + 1, shape)
    y, x = numpy.mgrid[0 : shape[0], 0 : shape[1]]
    waves = numpy.sin(x / draw.integer(2, 9)) * numpy.cos(y / draw.integer(2, 9)) / 2 + 0.5
    waves = waves.reshape(*shape[:2], *[1] * (len(shape) - 2)) + draw.random.normal(0, 0.05, shape)
    return numpy.clip(numpy.rint(low + waves * (high - low)), low, high).astype(int)


# --- DICOM


def modality(draw, dataset, twin, bits, signed):
    """Adds a rescaling or a table to both films, and gives the range of its results."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    kind = draw.noted("plain", "rescaled", "modality_table", "modality_empty", weights=[5, 4, 2, 1])
    if kind == "rescaled":
        slope = draw.of(1, 1, 2, 0.5, -1, 1.25, 0.037)
        intercept = draw.of(0, -1024, 1000, -(2 ** (bits - 1)), 0.5, -33.25)
        for each in [dataset, twin]:
            each.RescaleSlope, each.RescaleIntercept = slope, intercept
        return sorted([low * slope + intercept, high * slope + intercept])
    if kind == "modality_table":
        depth = draw.noted(8, 10, 12, 16)
        entries = table_entries(draw, depth)
        first = draw.integer(max(low, -32768), high)
        dataset.ModalityLUTSequence = claimed_table(draw, first, entries, depth, top=high)
        # pydicom takes the claimed bits for those of the entries.
        twin.ModalityLUTSequence = table(first, entries, 16)
        return [0, 65535]
    if kind == "modality_empty":
        dataset.ModalityLUTSequence = Sequence([Dataset()])
    return [low, high]


def table_entries(draw, depth):
    length = draw.of(2, draw.integer(3, 300), draw.integer(300, 5000), 65536, weights=[1, 4, 4, 0.3])
    entries = picture(draw, 0, draw.of(2**depth - 1, draw.integer(0, 2**depth - 1)), 1, length)[0]
    return numpy.sort(entries) if draw.chance(0.7) else entries


def claimed_table(draw, first, entries, depth, top, vr=None):
    """Makes a table of `depth` bits, which may claim other bits. If it reaches `top`, it may announce more entries."""
    if depth == 8 and draw.chance(0.5, "bytes"):
        padded = numpy.append(entries, [0] * (len(entries) % 2))
        return entry_table(first, padded, 8, announced=len(entries), vr=vr, packed=True)
    claimed = draw.of(depth, 8, 10, 16, weights=[4, 1, 1, 2])
    draw.name.append(f"claims_{claimed}")
    announced = len(entries)
    if claimed > 8 and top - first < len(entries) < 60000 and draw.chance(0.5, "announced_longer"):
        announced += draw.integer(1, len(entries) - 1)
    return entry_table(first, entries, claimed, announced=announced, vr=vr)


def interest(draw, dataset, twin, low, high):
    """Adds a window, a table, or neither to both films, and gives the table's white entry."""
    kind = draw.noted("no_window", "window", "voi_table", "window_blank", "voi_empty", weights=[4, 6, 5, 1, 1])
    if kind in ("window", "voi_empty"):
        count = draw.of(1, 1, 2)
        shape = draw.noted("", "LINEAR", "LINEAR_EXACT", "SIGMOID")
        least = 0.1 if shape in ("LINEAR_EXACT", "SIGMOID") else 1
        centres = [round(draw.random.uniform(low, high), 2) for _ in range(count)]
        widths = [round(max(draw.random.uniform(0, 1.5) * (high - low), least), 2) for _ in range(count)]
        for each in [dataset, twin]:
            each.WindowCenter, each.WindowWidth = centres, widths
            if shape:
                each.VOILUTFunction = shape
        if kind == "voi_empty":
            dataset.VOILUTSequence = Sequence([Dataset()])
    if kind == "window_blank":
        dataset.WindowCenter, dataset.WindowWidth = "", ""
    if kind == "voi_table":
        depth = draw.noted(8, 9, 10, 12, 14, 16)
        entries = table_entries(draw, depth)
        ends = [-32768, 32767] if low < 0 else [0, 65535]
        first = draw.integer(*[int(numpy.clip(end, *ends)) for end in (low, high)])
        vr = draw.of(None, "US") if first < 0 else None
        dataset.VOILUTSequence = claimed_table(draw, first, entries, depth, top=high, vr=vr)
        twin.VOILUTSequence = table(first, entries, 16)
        claimed, needed = dataset.VOILUTSequence[0].LUTDescriptor[2], max(int(entries.max()), 1).bit_length()
        # PS3.3, C.11.2.1.1: of the claimed bits. Those of 16 bits, which Agfa claims for 12, and of too few are taken from
        # the entries, as in Cornerstone.
        return 2 ** (claimed if needed <= claimed < 16 else needed) - 1
    return None


def padding(draw, dataset, twin, stored):
    if not draw.chance(0.3, "padding"):
        return
    value = int(draw.of(stored.min(), stored.max(), stored[0, 0]))
    for each in [dataset, twin]:
        each.PixelPaddingValue = value
    if draw.chance(0.4, "range"):
        limit = int(draw.of(stored.min(), stored.max(), stored[-1, -1]))
        for each in [dataset, twin]:
            each.PixelPaddingRangeLimit = limit


NATIVE = {
    "explicit": uid.ExplicitVRLittleEndian,
    "implicit": uid.ImplicitVRLittleEndian,
    "big_endian": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
}


# What decodes lossy pixels for pydicom, which would ask GDCM first: that may end the process.
PLUGINS = {
    **{uid.JPEGBaseline8Bit: "pillow", uid.JPEGExtended12Bit: "pillow"},
    **{uid.JPEGLSNearLossless: "pyjpegls", uid.JPEG2000: "pylibjpeg"},
}


def native(draw, dataset, stored, syntax):
    """Puts pixels into cells of memory, and random data into their other bits."""
    bits, allocated = dataset.BitsStored, dataset.BitsAllocated
    cells = stored.astype(int) & (2**bits - 1)
    if draw.chance(0.2, "high_bit"):
        dataset.HighBit = draw.integer(bits - 1, allocated - 1)
    low = dataset.HighBit - bits + 1
    cells = cells << low
    if draw.chance(0.2, "other_bits"):
        mask = (2**bits - 1) << low
        cells |= draw.random.integers(0, 2**allocated, cells.shape) & ~mask
    elif dataset.PixelRepresentation and draw.chance(0.5):
        cells = stored.astype(int) << low
    words = allocated == 16 or draw.chance(0.5, "words")
    order = ">" if syntax == "big_endian" else "<"
    content = (cells & (2**allocated - 1)).astype(f"{order}u{allocated // 8}").tobytes()
    content += bytes(len(content) % 2)
    if allocated == 8 and words and order == ">":
        # PS3.5, annex A.3: bytes stand in words, the upper one first.
        content = numpy.frombuffer(content, numpy.uint16).byteswap().tobytes()
    dataset.PixelData = content
    dataset["PixelData"].VR = "OW" if words else "OB"
    if order == ">":
        for name in ["ModalityLUTSequence", "VOILUTSequence"]:
            for item in dataset.get(name, []):
                if "LUTData" in item:
                    item.LUTData = numpy.frombuffer(item.LUTData, numpy.uint16).byteswap().tobytes()
    return encoded(dataset, NATIVE[syntax])


def dicom(draw):
    syntax = draw.noted(
        *NATIVE, "run_lengths", "jpeg", "jpeg_lossless", "jpeg_first_order", "jpeg_ls", "jpeg_ls_near",
        "jpeg_2000", "jpeg_2000_lossy", weights=[4, 3, 3, 2, 2, 2, 2, 2, 2, 1, 2, 1],
    )
    allocated = draw.noted(8, 16, weights=[1, 3])
    bits = draw.noted(*range(2, allocated + 1), weights=[1] * (allocated - 2) + [6])
    signed = draw.chance(0.35, "signed")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    # OpenJPEG writes no smaller ones.
    least = 32 if "2000" in syntax else 1
    stored = picture(draw, low, high, draw.integer(least, 40), draw.integer(least, 40))
    stored = stored.astype(f"{'i' if signed else 'u'}{allocated // 8}")
    interpretation = {"PhotometricInterpretation": draw.noted("MONOCHROME2", "MONOCHROME1", weights=[3, 1])}
    dataset, twin = film(stored, bits, **interpretation), film(stored, bits, **interpretation)
    white = interest(draw, dataset, twin, *modality(draw, dataset, twin, bits, signed))
    padding(draw, dataset, twin, stored)
    if draw.chance(0.2, "every_type"):
        of_every_type(dataset)
    if syntax in NATIVE:
        dataset = native(draw, dataset, stored, syntax)
    else:
        dataset = by_encoder(draw, dataset, stored, syntax)
        plugin = PLUGINS.get(dataset.file_meta.TransferSyntaxUID)
        if plugin:
            # What the encoder has lost is not to be found again.
            decoded = pixel_array(dataset, decoding_plugin=plugin).astype(stored.dtype)
            twin.PixelData = decoded.tobytes() + bytes(decoded.nbytes % 2)
    if draw.chance(0.2, "frames"):
        dataset.NumberOfFrames = draw.of(0, 1, "")
    bright = numpy.clip(brightness(pydicom.dcmread(io.BytesIO(written(twin, enforce_file_format=True))), white), 0, 1)
    ends = [numpy.floor(255 * bright + 0.5 + slack).astype(int) for slack in (-1e-6, 1e-6)]
    if twin.PhotometricInterpretation == "MONOCHROME1":
        ends = [255 - end for end in ends[::-1]]
    return file_of(draw, dataset, syntax), *ends


def by_encoder(draw, dataset, stored, syntax):
    eights = (dataset.BitsAllocated, dataset.BitsStored, dataset.PixelRepresentation) == (8, 8, 0)
    if syntax == "jpeg" and not eights:
        syntax = draw.noted("run_lengths", "jpeg_ls")
    if syntax == "jpeg_first_order" and dataset.BitsAllocated == 8:
        # GDCM writes none of fewer bits or of an odd number of bytes.
        if dataset.BitsStored < 8 or stored.size % 2:
            syntax = draw.noted("jpeg_lossless")
    # pydicom does not read fewer bits in 16 again.
    if syntax == "jpeg_2000_lossy" and dataset.BitsStored <= dataset.BitsAllocated - 8:
        syntax = draw.noted("jpeg_2000")
    least = max(4, dataset.BitsAllocated - 7)
    if "near" in syntax and (dataset.PixelRepresentation or dataset.BitsStored < least):
        syntax = draw.noted("jpeg_ls")
    if syntax == "jpeg":
        content = io.BytesIO()
        options = {"quality": draw.integer(30, 100)}
        profile = {"icc_profile": SRGB} if draw.chance(0.2, "profile") else {}
        Image.fromarray(stored.astype(numpy.uint8)).save(content, "JPEG", **options, **profile)
        parts = content.getvalue()
        fragments = [parts] if draw.chance(0.7) else [parts[:100], parts[100:]]
        dataset.PixelData = encapsulate(fragments) if len(fragments) == 1 else in_fragments(fragments)
        dataset["PixelData"].VR = "OB"
        return encoded(dataset, draw.of(uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit))
    if syntax == "jpeg_lossless":
        patterns = stored.astype(int) & (2**dataset.BitsStored - 1)
        options = draw.noted(*range(1, 8)), draw.noted(0, 1, 3)
        content = lossless_jpeg(patterns, dataset.BitsStored, *options)
        dataset.PixelData = encapsulate([content])
        dataset["PixelData"].VR = "OB"
        return encoded(dataset, uid.JPEGLossless)
    if syntax == "jpeg_first_order":
        source = film(stored, dataset.BitsStored)
        dataset.PixelData = by_gdcm(source, gdcm.TransferSyntax.JPEGLosslessProcess14_1).PixelData
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        return encoded(dataset, uid.JPEGLosslessSV1)
    syntaxes = {
        "jpeg_ls": (uid.JPEGLSLossless, {}),
        "jpeg_ls_near": (uid.JPEGLSNearLossless, {"jls_error": draw.integer(1, 3)}),
        "jpeg_2000": (uid.JPEG2000Lossless, {}),
        "jpeg_2000_lossy": (uid.JPEG2000, {"j2k_cr": [draw.integer(1, 20)]}),
    }
    try:
        coding, options = syntaxes.get(syntax, (None, None))
        dataset = compressed(dataset, coding, **options) if coding else run_lengths(dataset, stored)
    except RuntimeError:
        # The encoders of JPEG-LS and JPEG 2000 give up some small films.
        dataset = run_lengths(dataset, stored)
        draw.name.append("run_lengths")
    return dataset


def run_lengths(dataset, stored):
    """Encodes run lengths (PS3.5, annex G). pydicom writes one segment for 8 bits in 16."""
    planes = stored.astype(stored.dtype.newbyteorder(">")).view(numpy.uint8).reshape(-1, stored.itemsize).T
    segments = [packed_bits(plane.tolist()) for plane in planes]
    starts = [64 + sum(map(len, segments[:i])) for i in range(len(segments))]
    header = struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments)))
    dataset.PixelData = encapsulate([header + b"".join(segments)])
    dataset["PixelData"].VR = "OB"
    return encoded(dataset, uid.RLELossless)


def packed_bits(values):
    runs = [(value, len(list(run))) for value, run in itertools.groupby(values)]
    result = b""
    for value, length in runs:
        for start in range(0, length, 128):
            part = min(length - start, 128)
            result += bytes([257 - part if part > 1 else 0, value])
    return result + bytes(len(result) % 2)


def in_fragments(fragments):
    """Packs one frame in several fragments, with an empty table of offsets."""
    padded = [part + bytes(len(part) % 2) for part in [b"", *fragments]]
    items = [struct.pack("<HHI", 0xFFFE, 0xE000, len(part)) + part for part in padded]
    return b"".join(items) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def file_of(draw, dataset, syntax):
    """Writes the file with one of several starts and ends."""
    whole = written(dataset, enforce_file_format=True)
    if syntax in ("explicit", "implicit", "big_endian") and draw.chance(0.15, "no_meta"):
        order = {"implicit_vr": syntax == "implicit", "little_endian": syntax != "big_endian"}
        return without_meta(dataset, **order)
    if draw.chance(0.1, "no_preamble"):
        whole = whole[132:]
    if syntax != "deflated" and draw.chance(0.1, "zeros_behind"):
        whole += bytes(draw.integer(1, 20))
    return whole


# --- PNG


def png_file(draw):
    kind = draw.noted(0, 2, 3, 4, 6)
    bits = draw.noted(*{0: [1, 2, 4, 8, 16], 3: [1, 2, 4, 8]}.get(kind, [8, 16]))
    samples = picture(draw, 0, 2**bits - 1, draw.integer(1, 40), draw.integer(1, 40), CHANNELS[kind])
    chunks = []
    if draw.chance(0.2, "gAMA"):
        chunks.append((b"gAMA", struct.pack(">I", draw.integer(1000, 300000))))
    if draw.chance(0.1, "cHRM"):
        chunks.append((b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)))
    if draw.chance(0.2, "sBIT"):
        chunks.append((b"sBIT", bytes([draw.integer(1, 8 if kind == 3 else bits)] * (3 if kind == 3 else CHANNELS[kind]))))
    if draw.chance(0.1, "sRGB"):
        chunks.append((b"sRGB", bytes([draw.integer(0, 3)])))
    if kind == 3:
        colours = 2**bits
        if draw.chance(0.3, "short_palette"):
            colours = draw.integer(1, 2**bits)
        samples = samples % colours
        chunks.append((b"PLTE", draw.random.integers(0, 256, 3 * colours, dtype=numpy.uint8).tobytes()))
    if kind in (0, 2, 3) and draw.chance(0.4, "tRNS"):
        if kind == 3:
            alphas = draw.random.integers(0, 256, draw.integer(1, colours), dtype=numpy.uint8).tobytes()
        else:
            alphas = samples[0, 0].astype(">u2").tobytes()
        chunks.append((b"tRNS", alphas))
    if draw.chance(0.2, "bKGD"):
        size = {0: 2, 2: 6, 3: 1, 4: 2, 6: 6}[kind]
        chunks.append((b"bKGD", bytes(size)))
    if draw.chance(0.1, "pHYs"):
        chunks.append((b"pHYs", struct.pack(">IIB", draw.integer(1, 9), draw.integer(1, 9), 0)))
    if draw.chance(0.1, "eXIf"):
        exif = Image.Exif()
        exif[0x0112] = draw.integer(1, 8)
        chunks.append((b"eXIf", exif.tobytes()[6:]))
    if draw.chance(0.1, "tEXt"):
        chunks.append((b"tEXt", b"Title\0Noise"))
    content = png(
        *(samples, bits, kind, *chunks),
        interlaced=draw.chance(0.3, "interlaced"),
        filters=draw.of([0], [1], [2], [3], [4], [0, 1, 2, 3, 4], [4, 2]),
        level=draw.integer(0, 9),
        parts=draw.of(1, 1, 2, 5),
    )
    image = Image.open(io.BytesIO(content))
    image.load()
    if image.mode == "I;16":
        # Pillow's convert cuts off at 255, which whitens a film.
        image = Image.fromarray(((numpy.asarray(image).astype(int) * 2 + 257) // 514).astype(numpy.uint8))
    rgb = numpy.asarray(image.convert("RGB")).astype(int)
    return content, rgb, rgb


# --- JPEG


def jpeg_file(draw):
    mode = draw.noted("L", "RGB", "CMYK", weights=[2, 5, 1])
    shape = [draw.integer(1, 60), draw.integer(1, 60), *{"L": [], "RGB": [3], "CMYK": [4]}[mode]]
    pixels = picture(draw, 0, 255, *shape).astype(numpy.uint8)
    quality = draw.integer(10, 100)
    content = io.BytesIO()
    if mode == "RGB" and draw.chance(0.5):
        sampling = draw.noted("444", "422", "420", "440", "411")
        content = io.BytesIO(simplejpeg.encode_jpeg(pixels, quality, "RGB", sampling))
    else:
        options = {"quality": quality, "progressive": draw.chance(0.3, "progressive"), "optimize": draw.chance(0.3)}
        if mode != "L":
            options["subsampling"] = draw.noted(0, 1, 2)
        if mode == "RGB" and draw.chance(0.2, "kept_rgb"):
            options["keep_rgb"] = True
            options["subsampling"] = 0
        if draw.chance(0.2, "restarts"):
            options["restart_marker_blocks"] = draw.integer(1, 5)
        if draw.chance(0.2, "exif"):
            options["exif"] = Image.Exif()
            options["exif"][0x0112] = draw.integer(1, 8)
        if mode == "RGB" and draw.chance(0.2, "profile"):
            options["icc_profile"] = SRGB
        Image.fromarray(pixels, mode).save(content, "JPEG", **options)
    rgb = numpy.asarray(Image.open(io.BytesIO(content.getvalue())).convert("RGB")).astype(int)
    # Decoders may round another way.
    slack = 3 if mode == "CMYK" else 2
    return content.getvalue(), numpy.maximum(rgb - slack, 0), numpy.minimum(rgb + slack, 255)


# --- What must be refused


def refused(draw):
    pixels = picture(draw, 0, 255, 9, 11).astype(numpy.uint8)
    plain = film(pixels, 8)
    kind = draw.noted("colour", "frames", "bits_32", "palette", "number", "colour_jpeg", "syntax", "short", "high_bit")
    if kind == "colour":
        plain = film(pixels, 8, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
        plain.PixelData = numpy.repeat(pixels, 3).tobytes() + b"\0"
    if kind == "frames":
        plain.NumberOfFrames = 2
        plain.PixelData = pixels.tobytes() * 2
    if kind == "bits_32":
        plain = film(pixels.astype(numpy.uint32), 32)
    if kind == "palette":
        plain.PhotometricInterpretation = "PALETTE COLOR"
    if kind == "number":
        value = draw.of(b"NaN ", b"1,5 ", b"inf ", b"1e999 ", b"0x10", b"1 2 ", b"--", b"1.2.3 ")
        names = ["WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"]
        text(plain, **{**dict.fromkeys(names, b"100 "), draw.of(*names): value})
    if kind == "colour_jpeg":
        content = simplejpeg.encode_jpeg(numpy.dstack([pixels] * 3), 90, "RGB", draw.of("444", "420"))
        plain.PixelData = encapsulate([content])
        plain["PixelData"].VR = "OB"
        encoded(plain, uid.JPEGBaseline8Bit)
    if kind == "syntax":
        plain.PixelData = encapsulate([pixels.tobytes() + b"\0"])
        plain["PixelData"].VR = "OB"
        encoded(plain, draw.of(uid.MPEG2MPML, uid.HTJ2K))
    if kind == "short":
        plain.Rows = 10
    if kind == "high_bit":
        plain.HighBit = draw.of(6, 8)
    return written(plain, enforce_file_format=True), None, None


def variant(seed, index):
    draw = Draw(seed, index)
    make = {"dicom": dicom, "png": png_file, "jpeg": jpeg_file, "refused": refused}
    content, low, high = make[draw.noted(*make, weights=[12, 5, 3, 1])](draw)
    shape = (0, 0) if low is None else low.shape
    line = {
        "name": f"{index} {' '.join(filter(None, draw.name))}",
        "file": base64.b64encode(content).decode(),
        "height": shape[0],
        "width": shape[1],
        "channels": 3 if len(shape) == 3 else 1,
    }
    for name, ends in [("low", low), ("high", high)]:
        line[name] = None if ends is None else base64.b64encode(ends.astype(numpy.uint8).tobytes()).decode()
    return line


seed, first, count = map(int, sys.argv[1:])
for index in range(first, first + count):
    print(json.dumps(variant(seed, index)), flush=False)
