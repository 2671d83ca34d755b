"""Writes every kind of PNG in the standard, which Pillow cannot: all depths, filters, interlacing and chunks."""

import struct
import zlib

import numpy

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# The passes of Adam7: the first column and row, and the steps.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(samples, bits, kind, *chunks, interlaced=False, filters=(0,), level=-1, parts=1):
    """Writes a PNG of `samples` [height, width, channels].

    kind     0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha
    chunks   (name, content), between the header and the pixels
    filters  of the rows, in turn: 0 none, 1 left, 2 up, 3 average, 4 Paeth
    parts    into which the packed pixels are cut
    """
    samples = numpy.asarray(samples)
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, CHANNELS[kind])
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced))
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        filtered(samples[top::down, left::across], bits, filters) for left, top, across, down in passes
    )
    packed = zlib.compress(rows, level)
    cuts = [len(packed) * i // parts for i in range(parts + 1)]
    body = [(b"IHDR", header), *chunks, *[(b"IDAT", packed[a:b]) for a, b in zip(cuts, cuts[1:])], (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in body)


def filtered(samples, bits, filters):
    """Filters the rows of a pass, and puts the filter's number before each."""
    if samples.size == 0:
        return b""
    step = max(samples.shape[2] * bits // 8, 1)
    packed = pack(samples, bits)
    above = numpy.zeros_like(packed[0])
    result = []
    for i, row in enumerate(packed):
        number = filters[i % len(filters)]
        result.append(bytes([number]) + (row - predicted(row, above, step, number)).astype(numpy.uint8).tobytes())
        above = row
    return b"".join(result)


def pack(samples, bits):
    """Packs samples into rows of bytes, as signed numbers. The first sample has the highest bits."""
    rows = samples.reshape(len(samples), -1)
    if bits == 16:
        return rows.astype(">u2").view(numpy.uint8).astype(int)
    each = (rows[..., None] >> numpy.arange(bits - 1, -1, -1)) & 1
    return numpy.packbits(each.reshape(len(rows), -1).astype(numpy.uint8), axis=1).astype(int)


def predicted(row, above, step, number):
    def shifted(line):
        return numpy.concatenate([numpy.zeros(step, int), line])[: len(line)]

    left, corner = shifted(row), shifted(above)
    if number == 4:
        guess = left + above - corner
        far = numpy.abs(numpy.stack([guess - left, guess - above, guess - corner]))
        return numpy.choose(far.argmin(0), [left, above, corner])
    return [0, left, above, (left + above) // 2][number]
