"""Identifiers with valid check digits: tax number, EU VAT number, registration number, LEI.

Formats: tax number `stem-vat-area` where the last digit of the eight-digit stem is a check digit with weights
9, 7, 3, 1, 9, 7, 3 (Act on the rules of taxation; python-stdnum `hu.anum`); registration number `court-form-serial`;
LEI per ISO 17442 with ISO 7064 mod 97-10 check digits.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WEIGHTS = np.array([9, 7, 3, 1, 9, 7, 3])
_DIGITS = 10 ** np.arange(6, -1, -1)


def tax_stems(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return `count` distinct eight-digit tax number stems with a valid check digit, as integers in random order."""
    room = 2_299_999 if count < 2_000_000 else 8_999_999
    # A linear walk modulo a number coprime to its step visits every value once: distinct without any lookup.
    step = 1_299_709
    while np.gcd(step, room) != 1:
        step += 2
    serial = 1_000_000 + (int(rng.integers(room)) + np.arange(count, dtype=np.int64) * step) % room
    return with_check_digit(serial)


def with_check_digit(serial: np.ndarray) -> np.ndarray:
    """Append the check digit to seven-digit serials."""
    digits = serial[:, None] // _DIGITS % 10
    checked: np.ndarray = serial * 10 + (-(digits @ _WEIGHTS)) % 10
    return checked


def digits(values: np.ndarray, width: int) -> pa.Array:
    """Format integers as text with leading zeros."""
    return pc.utf8_lpad(pa.array(values).cast(pa.string()), width=width, padding="0")


def joined(*parts: pa.Array | str, separator: str = "") -> pa.Array:
    """Join text columns element by element."""
    return pc.binary_join_element_wise(*parts, separator)


def serials(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Number the rows of every (court, form) pair from 1 in order of appearance."""
    key = first.astype(np.int64) * 100 + second
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    start = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    position = np.arange(key.size)
    rank = position - np.maximum.accumulate(np.where(start, position, 0)) + 1
    result = np.empty(key.size, dtype=np.int64)
    result[order] = rank
    return result


def lei(rng: np.random.Generator, count: int) -> list[str]:
    """Return distinct LEIs with valid check digits."""
    alphabet = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    body = alphabet[rng.integers(0, 36, size=(count, 8))]
    codes = []
    for number, letters in enumerate(body):
        stem = f"5299{number:06d}" + "".join(letters)
        remainder = int("".join(str(int(c, 36)) for c in stem) + "00") % 97
        codes.append(f"{stem}{98 - remainder:02d}")
    return codes
