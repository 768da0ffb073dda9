# Ed25519 signatures (RFC 8032, pure), verified with nothing but Python: a server's Python need not have cryptography.
# It only verifies. Nothing here is secret, so that it need not take constant time.
import hashlib

ED_P = 2 ** 255 - 19
ED_L = 2 ** 252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, ED_P - 2, ED_P) % ED_P
ED_ROOT = pow(2, (ED_P - 1) // 4, ED_P)


def ed_add(a, b):
    """The sum of two points in extended coordinates (X, Y, Z, T)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % ED_P
    f = (a[1] + a[0]) * (b[1] + b[0]) % ED_P
    g = 2 * a[3] * b[3] * ED_D % ED_P
    h = 2 * a[2] * b[2] % ED_P
    return (f - e) * (h - g) % ED_P, (h + g) * (f + e) % ED_P, (h - g) * (h + g) % ED_P, (f - e) * (f + e) % ED_P


def ed_point(data):
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= ED_P:
        return None
    square = (y * y - 1) * pow(ED_D * y * y + 1, ED_P - 2, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * ED_ROOT % ED_P
    if (x * x - square) % ED_P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = ED_P - x
    return x, y, 1, x * y % ED_P


def ed_bytes(point):
    inverse = pow(point[2], ED_P - 2, ED_P)
    x, y = point[0] * inverse % ED_P, point[1] * inverse % ED_P
    return (y | (x & 1) << 255).to_bytes(32, "little")


ED_BASE = ed_point((4 * pow(5, ED_P - 2, ED_P) % ED_P).to_bytes(32, "little"))
ED_ZERO = (0, 1, 1, 0)


def ed25519_verify(key, message, signature):
    """Whether the 64 bytes of signature were made over message with the secret of the 32 bytes of key."""
    if len(key) != 32 or len(signature) != 64:
        return False
    point = ed_point(key)
    s = int.from_bytes(signature[32:], "little")
    if point is None or s >= ED_L:
        return False
    small = point
    for _ in range(3):
        small = ed_add(small, small)
    if small[0] == 0:  # of small order: anybody could sign for such a key
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ED_L
    minus = (ED_P - point[0], point[1], 1, ED_P - point[3])
    both = ed_add(ED_BASE, minus)
    found = ED_ZERO  # s * base - k * point, both multiples at once
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        found = ed_add(found, found)
        which = (s >> bit & 1) + 2 * (k >> bit & 1)
        if which:
            found = ed_add(found, (None, ED_BASE, minus, both)[which])
    return ed_bytes(found) == signature[:32]
