"""Encodes lossless JPEG (ITU-T T.81, annex H) with each predictor and with restarts, which GDCM does not."""

import struct

import numpy

# Lengths of the 17 codes, and how many there are of 1 to 16 bits.
LENGTHS = [2, 2, 3, 3, *range(4, 17)]
COUNTS = [LENGTHS.count(length) for length in range(1, 17)]


def lossless_jpeg(values, bits, predictor=1, rows_between_restarts=0):
    height, width = values.shape
    interval = rows_between_restarts or height
    parts = [differences(values[top : top + interval], bits, predictor) for top in range(0, height, interval)]
    categories = [[int(abs(d)).bit_length() for d in part] for part in parts]
    often = numpy.bincount(numpy.concatenate(categories).astype(int), minlength=17)
    symbols = sorted(range(17), key=lambda symbol: -often[symbol])
    codes = dict(zip(symbols, canonical_codes()))
    table = bytes([0, *COUNTS, *symbols])
    result = b"\xff\xd8" + segment(0xC3, struct.pack(">BHHB", bits, height, width, 1) + bytes([1, 0x11, 0]))
    result += segment(0xC4, table)
    if rows_between_restarts:
        result += segment(0xDD, struct.pack(">H", width * rows_between_restarts))
    result += segment(0xDA, bytes([1, 1, 0, predictor, 0, 0]))
    for i, part in enumerate(parts):
        result += (bytes([0xFF, 0xD0 + (i - 1) % 8]) if i else b"") + entropy_coded(part, codes)
    return result + b"\xff\xd9"


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def canonical_codes():
    code = 0
    for before, length in zip([LENGTHS[0], *LENGTHS], LENGTHS):
        code <<= length - before
        yield f"{code:0{length}b}"
        code += 1


def differences(values, bits, predictor):
    """Subtracts from each pixel its prediction from the pixels to the left, above, and above to the left."""
    result = []
    for y, row in enumerate(values.tolist()):
        for x, value in enumerate(row):
            a = row[x - 1] if x else None
            b, c = (int(values[y - 1, x]), int(values[y - 1, x - 1])) if y else (None, None)
            if y == 0:
                guess = a if x else 1 << (bits - 1)
            elif x == 0:
                guess = b
            else:
                guess = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor - 1]
            difference = (value - guess) & 0xFFFF
            result.append(difference - 0x10000 if difference > 0x8000 else difference)
    return result


def entropy_coded(part, codes):
    text = []
    for difference in part:
        category = int(abs(difference)).bit_length()
        text.append(codes[category])
        if 0 < category < 16:
            text.append(f"{difference if difference > 0 else difference + (1 << category) - 1:0{category}b}")
    text = "".join(text)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
