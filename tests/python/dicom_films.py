"""Writes DICOM films for the tests, and computes with pydicom the pixels that a viewer shows."""

import io
import pathlib
import tempfile

import gdcm
import numpy
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.dataelem import RawDataElement
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence


def film(pixels, bits, **elements):
    """Makes an uncompressed film. `elements` have pydicom's names."""
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
    dataset.PixelData = pixels.tobytes() + bytes(pixels.nbytes % 2)
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def table(first, entries, bits):
    """Makes a look-up table."""
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item["LUTDescriptor"].VR = "US" if first >= 0 else "SS"
    item.LUTData = numpy.asarray(entries, numpy.uint16).tobytes()
    item["LUTData"].VR = "OW"
    return Sequence([item])


def compressed(dataset, syntax, **options):
    dataset.compress(syntax, generate_instance_uid=False, **options)
    return dataset


def by_gdcm(dataset, syntax):
    """Encodes lossless JPEG, which pydicom does not write."""
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


def entry_table(first, entries, bits, announced=None, vr=None, packed=False):
    """Makes a look-up table whose descriptor may be wrong."""
    sequence = table(first, entries, bits)
    item = sequence[0]
    item["LUTDescriptor"].VR = vr or item["LUTDescriptor"].VR
    item.LUTDescriptor = [(announced or len(entries)) % 65536, first & 0xFFFF if vr == "US" else first, bits]
    if packed:
        item.LUTData = numpy.asarray(entries, numpy.uint8).tobytes()
    return sequence


def text(dataset, **elements):
    """Adds numbers as texts that pydicom would not write."""
    for name, value in elements.items():
        dataset.add(RawDataElement(tag_for_keyword(name), "DS", len(value), value, 0, False, True))
    return dataset


def of_every_type(dataset):
    """Adds elements of every type, some with lengths of 4 bytes, and nested sequences."""
    inner = Dataset()
    inner.add_new(0x00091010, "OV", bytes(range(16)))
    inner.add_new(0x00280010, "US", 1)
    outer = Dataset()
    outer.add_new(0x00091011, "SQ", Sequence([inner, Dataset()]))
    outer["00091011"].is_undefined_length = True
    values = {
        **{"AE": "A", "AS": "001Y", "AT": 0x00280010, "CS": "A", "DA": "19010101", "DS": "1", "DT": "1901"},
        **{"FD": 1.0, "FL": 1.0, "IS": "1", "LO": "A", "LT": "A", "PN": "A", "SH": "A", "SL": 1, "SS": 1},
        **{"ST": "A", "SV": 1, "TM": "01", "UC": "A", "UI": "1.2", "UL": 1, "UR": "A", "US": 1, "UT": "A"},
        **{"OB": b"12", "OD": bytes(8), "OF": bytes(4), "OL": bytes(4), "OV": bytes(8), "OW": b"12"},
        **{"UN": b"12", "UV": 1, "SQ": Sequence([outer, outer])},
    }
    for i, (vr, value) in enumerate(values.items()):
        dataset.add_new(0x00091020 + i, vr, value)
    return dataset


def brightness(dataset, white=None):
    """Computes the brightness in a viewer, 0 to 1, before it inverts MONOCHROME1.

    Without a table or window, it goes from the smallest value to the largest one, padding excluded.

    white    the entry of its table that is shown white (default: the largest number of the table's claimed bits)
    """
    stored = dataset.pixel_array.astype(int)
    values = apply_modality_lut(stored, dataset)
    bits, low = dataset.BitsStored, 0.0
    if "VOILUTSequence" in dataset:
        length, first, table_bits = dataset.VOILUTSequence[0].LUTDescriptor
        # pydicom looks up with numbers of 16 bits, which overflow far from the table.
        near = numpy.clip(values, first - 1, first + (length or 65536) - 1)
        return apply_voi_lut(near, dataset) / (white or 2**table_bits - 1)
    if "WindowWidth" in dataset:
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        if "ModalityLUTSequence" in dataset:
            bits = dataset.ModalityLUTSequence[0].LUTDescriptor[2]
        elif dataset.PixelRepresentation:
            low = -(2.0 ** (bits - 1))
        ends = (numpy.array([low, low + 2**bits - 1])) * slope + intercept
        return (apply_voi_lut(values, dataset) - ends[0]) / (ends[1] - ends[0])
    ends = sorted([dataset.get("PixelPaddingValue", 99999), dataset.get("PixelPaddingRangeLimit", 99999)])
    if "PixelPaddingRangeLimit" not in dataset:
        ends = [ends[0], ends[0]]
    counted = values[(stored < ends[0]) | (stored > ends[1])].astype(float)
    if counted.size == 0 or counted.max() == counted.min():
        return numpy.zeros(values.shape)
    return numpy.clip((values - counted.min()) / (counted.max() - counted.min()), 0, 1)


def shown(dataset):
    """Computes 8-bit grey, rounded half up, and inverts it where 0 is white."""
    grey = numpy.floor(255 * brightness(dataset) + 0.5).astype(numpy.uint8)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


def written(dataset, **options):
    file = io.BytesIO()
    dataset.save_as(file, **options)
    return file.getvalue()


def without_meta(dataset, **options):
    """Writes the elements alone, as old systems do."""
    dataset = pydicom.dcmread(io.BytesIO(written(dataset, enforce_file_format=True)))
    del dataset.file_meta
    return written(dataset, enforce_file_format=False, **options)
