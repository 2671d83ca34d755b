"""Writes tests/reference/dicom/: drawn DICOM films in the encodings that films come in, and the 8-bit grey that a
viewer shows of them, as pydicom computes it (expected.json: base64 of the pixels).

  pip install pydicom==3.0.2 pillow==13.0.0 pylibjpeg pylibjpeg-openjpeg pylibjpeg-libjpeg pyjpegls python-gdcm numpy
  python tests/python/make_dicom_reference.py
"""

import base64
import io
import json
import pathlib
import tempfile
import warnings

import gdcm
import numpy
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
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


def film(pixels, bits, **elements):
    """A film, uncompressed; `elements` are named as in pydicom."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.PatientName = "Nobody^Drawn"
    dataset.PatientID = "PATIENT-4711"
    dataset.PatientBirthDate = "19010101"
    dataset.Modality = "DX"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = 8 * pixels.itemsize
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def table(first, entries, bits):
    """A look-up table."""
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US" if first >= 0 else "SS"
    item.LUTData = numpy.asarray(entries, numpy.uint16).tobytes()
    item["LUTData"].VR = "OW"
    return Sequence([item])


def compressed(dataset, syntax, **options):
    dataset.compress(syntax, generate_instance_uid=False, **options)
    return dataset


def by_gdcm(dataset, syntax):
    """Lossless JPEG, which pydicom does not write."""
    with tempfile.TemporaryDirectory() as temporary:
        source, target = f"{temporary}/a.dcm", f"{temporary}/b.dcm"
        dataset.save_as(source, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return pydicom.dcmread(io.BytesIO(pathlib.Path(target).read_bytes()))


def jpeg(dataset, pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    dataset.PixelData = encapsulate([file.getvalue()])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    return dataset


def encoded(dataset, syntax):
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


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


def shown(dataset):
    """What a viewer shows: 8-bit grey, rounded half up. Where nothing says how, from smallest to largest."""
    values = apply_modality_lut(dataset.pixel_array, dataset)
    bits, low = dataset.BitsStored, 0.0
    if "VOILUTSequence" in dataset:
        bright = apply_voi_lut(values, dataset) / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    elif "WindowWidth" in dataset:
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        if "ModalityLUTSequence" in dataset:
            bits = dataset.ModalityLUTSequence[0].LUTDescriptor[2]
        elif dataset.PixelRepresentation:
            low = -(2.0 ** (bits - 1))
        ends = (numpy.array([low, low + 2**bits - 1])) * slope + intercept
        bright = (apply_voi_lut(values, dataset) - ends[0]) / (ends[1] - ends[0])
    else:
        values = values.astype(float)
        bright = (values - values.min()) / (values.max() - values.min())
    grey = numpy.floor(255 * bright + 0.5).astype(numpy.uint8)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


expected = {}
for name, dataset in films.items():
    path = folder / f"{name}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    pixels = shown(pydicom.dcmread(path))
    expected[name] = {"width": COLUMNS, "height": ROWS, "grey": base64.b64encode(pixels.tobytes()).decode()}
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

# Films that are not read: in colour, with two frames.
colour = film(eight, 8, PhotometricInterpretation="RGB", SamplesPerPixel=3, PlanarConfiguration=0)
colour.PixelData = numpy.repeat(eight, 3).tobytes()
colour.save_as(folder / "unsupported_colour.dcm", enforce_file_format=True)
two = film(eight, 8, NumberOfFrames=2)
two.PixelData = eight.tobytes() * 2
two.save_as(folder / "unsupported_frames.dcm", enforce_file_format=True)
