"""Writes tests/reference/dicom/: drawn DICOM films in all usual encodings, and the 8-bit grey that a viewer shows, by
pydicom (expected.json: base64 of the pixels).

  pip install -r tests/python/requirements.txt
  python tests/python/make_dicom_reference.py
"""

import base64
import io
import json
import pathlib
import warnings

import gdcm
import numpy
import pydicom
from dicom_films import by_gdcm, compressed, encoded, entry_table, film, jpeg, of_every_type, shown, table
from dicom_films import text, without_meta, written
from lossless_jpeg import lossless_jpeg
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).parent.parent / "reference" / "dicom"
folder.mkdir(parents=True, exist_ok=True)
random = numpy.random.default_rng(0)
ROWS, COLUMNS = 36, 44

y, x = numpy.mgrid[0:ROWS, 0:COLUMNS]
wave = numpy.sin(x / 5) * numpy.cos(y / 4) / 2 + 0.5
noise = random.integers(-40, 41, (ROWS, COLUMNS))
twelve = numpy.clip(wave * 4095 + noise, 0, 4095).astype(numpy.uint16)
sixteen = random.integers(0, 65536, (ROWS, COLUMNS), dtype=numpy.uint16)
eight = numpy.clip(wave * 255 + noise / 8, 0, 255).astype(numpy.uint8)
signed = (twelve.astype(numpy.int16) - 2048).astype(numpy.int16)


def lossless(dataset, pixels, *options):
    dataset.PixelData = encapsulate([lossless_jpeg(pixels, dataset.BitsStored, *options)])
    dataset["PixelData"].VR = "OB"
    return encoded(dataset, uid.JPEGLossless)


def big_endian(dataset):
    dataset.PixelData = sixteen.astype(">u2").tobytes()
    return encoded(dataset, uid.ExplicitVRBigEndian)


window = {"WindowCenter": 1800, "WindowWidth": 2500}
curve = (numpy.sqrt(numpy.arange(3000) / 2999) * 4095).astype(int)
films = {
    "window": film(twelve, 12, **window),
    "no_window": film(twelve, 12),
    "16_bits": film(sixteen, 16, WindowCenter=32768, WindowWidth=65536),
    "8_bits": film(eight, 8, WindowCenter=128, WindowWidth=256),
    "monochrome1": film(twelve, 12, PhotometricInterpretation="MONOCHROME1", **window),
    "monochrome1_no_window": film(sixteen, 16, PhotometricInterpretation="MONOCHROME1"),
    "two_windows": film(twelve, 12, WindowCenter=[1800, 40], WindowWidth=[2500, 400]),
    "narrow_window": film(twelve, 12, WindowCenter=2000.5, WindowWidth=1),
    "linear_exact": film(twelve, 12, VOILUTFunction="LINEAR_EXACT", **window),
    "sigmoid": film(twelve, 12, VOILUTFunction="SIGMOID", **window),
    "rescaled": film(twelve, 12, RescaleSlope=1.5, RescaleIntercept=-1024, **window),
    "signed": film(signed, 16, WindowCenter=100, WindowWidth=3000),
    "signed_12_bits": film((signed & 0x0FFF).astype(numpy.int16), 12, WindowCenter=0, WindowWidth=3000),
    "voi_table": film(twelve, 12, VOILUTSequence=table(500, curve, 12)),
    "voi_table_of_negatives": film(signed, 16, VOILUTSequence=table(-1500, curve, 12)),
    "modality_table": film(
        *(twelve, 12),
        ModalityLUTSequence=table(0, curve * 16, 16),
        **{"WindowCenter": 30000, "WindowWidth": 50000},
    ),
    "implicit": encoded(film(twelve, 12, **window), uid.ImplicitVRLittleEndian),
    "big_endian": big_endian(film(sixteen, 16, WindowCenter=30000, WindowWidth=50000)),
    "deflated": encoded(film(twelve, 12, **window), uid.DeflatedExplicitVRLittleEndian),
    "run_lengths": compressed(film(twelve, 12, **window), uid.RLELossless),
    "run_lengths_8_bits": compressed(film(eight, 8), uid.RLELossless),
    "jpeg": jpeg(film(eight, 8, WindowCenter=128, WindowWidth=256), eight),
    "jpeg_lossless": by_gdcm(film(twelve, 12, **window), gdcm.TransferSyntax.JPEGLosslessProcess14),
    "jpeg_lossless_first_order": by_gdcm(film(sixteen, 16), gdcm.TransferSyntax.JPEGLosslessProcess14_1),
    "jpeg_lossless_8_bits": by_gdcm(film(eight, 8), gdcm.TransferSyntax.JPEGLosslessProcess14_1),
    "jpeg_ls": compressed(film(twelve, 12, **window), uid.JPEGLSLossless),
    "jpeg_ls_near": compressed(film(sixteen, 16), uid.JPEGLSNearLossless, jls_error=3),
    "jpeg_2000": compressed(film(twelve, 12, **window), uid.JPEG2000Lossless),
    "jpeg_2000_signed": compressed(film(signed, 16), uid.JPEG2000Lossless),
    "jpeg_2000_lossy": compressed(film(twelve, 12, **window), uid.JPEG2000, j2k_cr=[3]),
}


# Films that pydicom does not read, or shows otherwise than the standard or the common viewers say: beside each stands
# one that is to be shown alike, which it reads.
ramp = numpy.arange(4096)
rescaled = {"RescaleSlope": 1, "RescaleIntercept": -1024}
padded = signed.copy()
padded[:, :9] = -32768
ranged = twelve.copy()
ranged[:5] = random.integers(4000, 4096, (5, COLUMNS))
ranged[5:] = ranged[5:] * 0.9
plain = film(twelve, 12, **window)
entries = curve // 16
by_table = film(twelve, 12, VOILUTSequence=table(500, curve, 12))
below_zero = film(twelve, 12, **rescaled, VOILUTSequence=table(-1000, curve, 12))
by_modality = film(twelve, 12, ModalityLUTSequence=table(100, curve, 16), WindowCenter=1800, WindowWidth=2500)
# pydicom looks up the entries of 8 bits with numbers of 8 bits; value * 257 of 16 bits is as bright.
bytes_8 = film(twelve, 12, VOILUTSequence=table(500, entries * 257, 16))
alike = {
    # Agfa's: the table's largest entry says its bits, as in Cornerstone ("We don't trust the bits, thanks to Agfa").
    "voi_table_claims_16_bits": (film(twelve, 12, VOILUTSequence=table(500, curve, 16)), by_table),
    "voi_table_claims_10_bits": (film(twelve, 12, VOILUTSequence=table(500, curve, 10)), by_table),
    # PS3.3, C.11.2.1.1: signed where the rescaled values are, whatever the pixels are.
    "voi_table_below_zero": (below_zero, below_zero),
    "voi_table_below_zero_as_unsigned": (
        film(twelve, 12, **rescaled, VOILUTSequence=entry_table(-1000, curve, 12, vr="US")),
        below_zero,
    ),
    "voi_table_announced_longer": (
        film(twelve, 12, VOILUTSequence=entry_table(0, ramp, 12, announced=4097)),
        film(twelve, 12, VOILUTSequence=table(0, ramp, 12)),
    ),
    # PS3.3, C.11.1.1.1, note: entries of 8 bits as bytes or as words.
    "voi_table_of_bytes": (
        film(twelve, 12, VOILUTSequence=entry_table(500, entries, 8, packed=True)),
        bytes_8,
    ),
    "voi_table_of_bytes_big_endian": (
        encoded(
            film(
                twelve.byteswap(), 12, VOILUTSequence=entry_table(500, entries.reshape(-1, 2)[:, ::-1].ravel(), 8, packed=True)
            ),
            uid.ExplicitVRBigEndian,
        ),
        bytes_8,
    ),
    "voi_table_empty": (film(twelve, 12, VOILUTSequence=Sequence([Dataset()]), **window), plain),
    "voi_table_behind_empty": (
        film(twelve, 12, VOILUTSequence=Sequence([Dataset(), *table(500, curve, 12)])),
        by_table,
    ),
    "modality_table_announced_longer": (
        film(twelve, 12, ModalityLUTSequence=entry_table(0, ramp, 12, announced=4097), **window),
        plain,
    ),
    "modality_table_claims_8_bits": (
        film(twelve, 12, ModalityLUTSequence=entry_table(100, curve, 8), **window),
        by_modality,
    ),
    "modality_table_empty": (film(twelve, 12, ModalityLUTSequence=Sequence([Dataset()]), **window), plain),
    # Type 3 elements, and type 2, of blanks or of nothing are absent.
    "blank_slope": (text(film(twelve, 12, **window), RescaleSlope=b"  ", RescaleIntercept=b""), plain),
    "blank_window": (text(film(twelve, 12), WindowCenter=b" ", WindowWidth=b"  "), film(twelve, 12)),
    "first_window_blank": (
        text(film(twelve, 12), WindowCenter=b"\\1800", WindowWidth=b"99\\2500"),
        plain,
    ),
    "no_frames": (film(twelve, 12, NumberOfFrames=0, **window), plain),
    "blank_frames": (film(twelve, 12, NumberOfFrames="", **window), plain),
    # PS3.3, C.7.5.1.1.2: padding does not count for contrast. Its values are clipped.
    "padding": (film(padded, 16, PixelPaddingValue=-32768), film(numpy.where(padded == -32768, signed[:, 9:].min(), signed), 16)),
    "padding_range": (
        film(ranged, 12, PixelPaddingValue=4000, PixelPaddingRangeLimit=4095),
        film(numpy.minimum(ranged, ranged[5:].max()), 12),
    ),
    # PS3.5, 8.1.1: the value's highest bit is bit 15, and the four below it are of something else.
    "high_bit_15": (film(twelve << 4 | (sixteen & 15), 12, HighBit=15, **window), plain),
    "of_every_type": (of_every_type(film(twelve, 12, **window)), plain),
    "of_every_type_implicit": (
        encoded(of_every_type(film(twelve, 12, **window)), uid.ImplicitVRLittleEndian),
        plain,
    ),
}
# PS3.5, annex A.3: bytes stand in words, the upper one first.
words = film(eight, 8)
words.PixelData = eight.reshape(-1, 2)[:, ::-1].tobytes()
words["PixelData"].VR = "OW"
# Each predictor of lossless JPEG, and restarts after every fifth row. Of signed pixels the two's complement is encoded.
for predictor in range(1, 8):
    alike[f"jpeg_lossless_predictor_{predictor}"] = (lossless(film(sixteen, 16), sixteen, predictor), film(sixteen, 16))
    alike[f"jpeg_lossless_restarts_{predictor}"] = (
        lossless(film(twelve, 12, **window), twelve, predictor, 5),
        plain,
    )
# A decoder may cut off what is below 0 of 8 bits.
below = (eight.astype(int) - 128).astype(numpy.int8)
alike["jpeg_2000_signed_8_bits"] = (compressed(film(below, 8), uid.JPEG2000Lossless), film(below, 8))
alike["8_bits_in_big_endian_words"] = (encoded(words, uid.ExplicitVRBigEndian), film(eight, 8))
octets = film(eight, 8)
octets["PixelData"].VR = "OB"
alike["8_bits_big_endian"] = (encoded(octets, uid.ExplicitVRBigEndian), film(eight, 8))


whole = written(plain, enforce_file_format=True)
group = {"implicit_vr": False, "little_endian": True}
swapped = film(twelve.byteswap(), 12, **window)
# Ends and beginnings: files as bytes.
files = {
    "zeros_behind": (whole + bytes(11), plain),
    "no_preamble": (whole[132:], plain),
    "no_meta": (without_meta(film(twelve, 12, **window), **group), plain),
    "no_meta_implicit": (
        without_meta(film(twelve, 12, **window), implicit_vr=True, little_endian=True),
        plain,
    ),
    "no_meta_big_endian": (
        without_meta(encoded(swapped, uid.ExplicitVRBigEndian), implicit_vr=False, little_endian=False),
        plain,
    ),
    # The transfer syntax says implicit, and the elements say their types.
    "explicit_called_implicit": (
        whole.replace(b"\x14\x001.2.840.10008.1.2.1\0", b"\x14\x001.2.840.10008.1.2\0\0\0"),
        plain,
    ),
}
encapsulated = written(jpeg(film(eight, 8), eight), enforce_file_format=True)
assert encapsulated.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
lossy = pydicom.dcmread(io.BytesIO(encapsulated))
files["end_of_undefined_length"] = (encapsulated[:-4] + b"\xff\xff\xff\xff", lossy)
files["no_end"] = (encapsulated[:-8], lossy)
files["zeros_behind_end"] = (encapsulated + bytes(7), lossy)

expected = {}


def expect(name, dataset):
    pixels = shown(pydicom.dcmread(io.BytesIO(written(dataset, enforce_file_format=True))))
    expected[name] = {"width": COLUMNS, "height": ROWS, "grey": base64.b64encode(pixels.tobytes()).decode()}


for name, dataset in films.items():
    dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    expect(name, dataset)
for name, (dataset, twin) in alike.items():
    dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    expect(name, twin)
for name, (content, twin) in files.items():
    (folder / f"{name}.dcm").write_bytes(content)
    expect(name, twin)
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

# Films that are not read: in colour, with two frames, whose table ends early.
colour = film(eight, 8, PhotometricInterpretation="RGB", SamplesPerPixel=3, PlanarConfiguration=0)
colour.PixelData = numpy.repeat(eight, 3).tobytes()
colour.save_as(folder / "unsupported_colour.dcm", enforce_file_format=True)
two = film(eight, 8, NumberOfFrames=2)
two.PixelData = eight.tobytes() * 2
two.save_as(folder / "unsupported_frames.dcm", enforce_file_format=True)
jpeg(film(eight, 8), numpy.dstack([eight, eight[::-1], eight])).save_as(
    folder / "unsupported_colour_jpeg.dcm", enforce_file_format=True
)
film(twelve, 12, VOILUTSequence=entry_table(0, ramp[:2000], 12, announced=4096)).save_as(
    folder / "unsupported_short_table.dcm", enforce_file_format=True
)
