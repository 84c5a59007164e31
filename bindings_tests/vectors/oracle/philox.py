"""Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011)."""

MASK = 0xFFFF_FFFF


def philox4x32(counter: tuple[int, int, int, int], key: tuple[int, int], rounds: int = 10) -> tuple[int, int, int, int]:
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(rounds):
        p, q = 0xD251_1F53 * a, 0xCD9E_8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & MASK, (p >> 32) ^ d ^ k1, p & MASK
        k0, k1 = (k0 + 0x9E37_79B9) & MASK, (k1 + 0xBB67_AE85) & MASK
    return a, b, c, d


def draws(n: int, seed: tuple[int, int], stream: int, first_block: int = 0) -> list[int]:
    """n words of a stream: word j is word j mod 4 of block first_block + j div 4, a 64-bit number that wraps."""
    words: list[int] = []
    for j in range(-(-n // 4)):
        block = (first_block + j) & 0xFFFF_FFFF_FFFF_FFFF
        words += philox4x32((block & MASK, block >> 32, stream, 0), seed)
    return words[:n]
