"""FARM_FINGERPRINT: ``Fingerprint64`` of Google's FarmHash (MIT licence), for bytes of any length."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def fingerprint(data: bytes) -> int:
    """The fingerprint, as the signed number that BigQuery gives."""
    found = _hash(data)
    return found - (1 << 64) if found >> 63 else found


def _hash(data: bytes) -> int:
    size = len(data)
    if size <= 16:  # noqa: PLR2004  (the algorithm's own sizes)
        return _up_to_16(data, size)
    if size <= 32:  # noqa: PLR2004
        return _up_to_32(data, size)
    return _up_to_64(data, size) if size <= 64 else _longer(data, size)  # noqa: PLR2004


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _half(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _rotated(value: int, places: int) -> int:
    return ((value >> places) | (value << (64 - places))) & _MASK


def _mixed(value: int) -> int:
    return value ^ (value >> 47)


def _folded(one: int, other: int, factor: int) -> int:
    first = _mixed(((one ^ other) * factor) & _MASK)
    second = _mixed(((other ^ first) * factor) & _MASK)
    return (second * factor) & _MASK


def _up_to_16(data: bytes, size: int) -> int:
    if size >= 8:  # noqa: PLR2004
        factor = (_K2 + size * 2) & _MASK
        a = (_word(data, 0) + _K2) & _MASK
        b = _word(data, size - 8)
        c = (_rotated(b, 37) * factor + a) & _MASK
        d = ((_rotated(a, 25) + b) * factor) & _MASK
        return _folded(c, d, factor)
    if size >= 4:  # noqa: PLR2004
        factor = (_K2 + size * 2) & _MASK
        return _folded((size + (_half(data, 0) << 3)) & _MASK, _half(data, size - 4), factor)
    if size == 0:
        return _K2
    y = data[0] + (data[size >> 1] << 8)
    z = size + (data[size - 1] << 2)
    return (_mixed((y * _K2 & _MASK) ^ (z * _K0 & _MASK)) * _K2) & _MASK


def _up_to_32(data: bytes, size: int) -> int:
    factor = (_K2 + size * 2) & _MASK
    a, b = (_word(data, 0) * _K1) & _MASK, _word(data, 8)
    c, d = (_word(data, size - 8) * factor) & _MASK, (_word(data, size - 16) * _K2) & _MASK
    first = (_rotated((a + b) & _MASK, 43) + _rotated(c, 30) + d) & _MASK
    return _folded(first, (a + _rotated((b + _K2) & _MASK, 18) + c) & _MASK, factor)


def _up_to_64(data: bytes, size: int) -> int:
    factor = (_K2 + size * 2) & _MASK
    a, b = (_word(data, 0) * _K2) & _MASK, _word(data, 8)
    c, d = (_word(data, size - 8) * factor) & _MASK, (_word(data, size - 16) * _K2) & _MASK
    y = (_rotated((a + b) & _MASK, 43) + _rotated(c, 30) + d) & _MASK
    z = _folded(y, (a + _rotated((b + _K2) & _MASK, 18) + c) & _MASK, factor)
    e, f = (_word(data, 16) * factor) & _MASK, _word(data, 24)
    g = ((y + _word(data, size - 32)) * factor) & _MASK
    h = ((z + _word(data, size - 24)) * factor) & _MASK
    first = (_rotated((e + f) & _MASK, 43) + _rotated(g, 30) + h) & _MASK
    return _folded(first, (e + _rotated((f + a) & _MASK, 18) + g) & _MASK, factor)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = (_word(data, at + place) for place in (0, 8, 16, 24))
    a = (a + w) & _MASK
    b = _rotated((b + a + z) & _MASK, 21)
    c = a
    a = (a + x + y) & _MASK
    b = (b + _rotated(a, 44)) & _MASK
    return (a + z) & _MASK, (b + c) & _MASK


def _longer(data: bytes, size: int) -> int:
    seed = 81
    x, y = seed, (seed * _K1 + 113) & _MASK
    z = (_mixed((y * _K2 + 113) & _MASK) * _K2) & _MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(data, 0)) & _MASK
    end = ((size - 1) // 64) * 64
    last = end + ((size - 1) & 63) - 63
    for at in range(0, end, 64):
        x, y, z, v, w = _round(data, at, (x, y, z, v, w), _K1, 1)
    factor = (_K1 + ((z & 0xFF) << 1)) & _MASK
    w = ((w[0] + ((size - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x, y, z, v, w = _round(data, last, (x, y, z, v, w), factor, 9)
    first = (_folded(v[0], w[0], factor) + _mixed(y) * _K0 + z) & _MASK
    return _folded(first, (_folded(v[1], w[1], factor) + x) & _MASK, factor)


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _round(data: bytes, at: int, state: _State, factor: int, weight: int) -> _State:
    x, y, z, v, w = state
    x = (_rotated((x + y + v[0] + _word(data, at + 8)) & _MASK, 37) * factor) & _MASK
    y = (_rotated((y + v[1] + _word(data, at + 48)) & _MASK, 42) * factor) & _MASK
    x ^= (w[1] * weight) & _MASK
    y = (y + v[0] * weight + _word(data, at + 40)) & _MASK
    z = (_rotated((z + w[0]) & _MASK, 33) * factor) & _MASK
    v = _weak(data, at, (v[1] * factor) & _MASK, (x + w[0]) & _MASK)
    w = _weak(data, at + 32, (z + w[1]) & _MASK, (y + _word(data, at + 16)) & _MASK)
    return z, y, x, v, w
