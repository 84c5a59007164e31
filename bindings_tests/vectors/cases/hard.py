"""The arguments whose results are hardest to round, hardest first. search_hard.py prints this table.

The distance is that of the exact result from halfway between two f32, in units of the result's last place. Where it is below
2^-30 (9e-10), rounding to f64 first can already reach the halfway point, so that a second rounding decides wrongly. The five
arguments of log named in docs/contract.md are among them.
"""

HARD: dict[str, list[int]] = {
    "exp": [
        0xC16912CD,  # 2.36e-09 of a last place
        0xBBF0EDF1,  # 4.51e-09 of a last place
        0x377EFF81,  # 5.08e-09 of a last place
        0xBAE0E25C,  # 6.71e-09 of a last place
        0xB3000000,  # 7.45e-09 of a last place
        0x39C6BE5B,  # 7.64e-09 of a last place
        0x38E69CC1,  # 8.06e-09 of a last place
        0x383A3EF1,  # 8.49e-09 of a last place
        0x3D1A274E,  # 9.53e-09 of a last place
        0x40315B33,  # 1.07e-08 of a last place
        0x4001B249,  # 1.19e-08 of a last place
        0x39E5BB1D,  # 1.35e-08 of a last place
        0xC2B2E798,  # 4.60e-09 of a last place, subnormal
        0xC2B27DD9,  # 4.49e-08 of a last place, subnormal
        0xC2B43FB7,  # 4.67e-08 of a last place, subnormal
        0xC2AE7135,  # 6.74e-08 of a last place, subnormal
        0xC2B79F85,  # 1.62e-07 of a last place, subnormal
        0xC2CFF1B4,  # 3.34e-07 of a last place, subnormal
    ],
    "expm1": [
        0x3DC252DD,  # 1.70e-09 of a last place
        0x3A254E7A,  # 1.98e-09 of a last place
        0x34CA62C1,  # 2.19e-09 of a last place
        0xB675CBFC,  # 2.83e-09 of a last place
        0x33B504F3,  # 3.07e-09 of a last place
        0xBB7B3B6C,  # 5.65e-09 of a last place
        0x36322B1B,  # 6.30e-09 of a last place
        0xB3800000,  # 9.93e-09 of a last place
        0x40315B33,  # 1.07e-08 of a last place
        0x4001B249,  # 1.19e-08 of a last place
        0x37B61385,  # 1.39e-08 of a last place
        0x4288942B,  # 1.43e-08 of a last place
    ],
    "log": [
        0x65D890D3,  # 5.65e-11 of a last place
        0x4C5D65A5,  # 8.22e-11 of a last place
        0x4D604EBE,  # 1.43e-10 of a last place
        0x41178FEB,  # 3.45e-10 of a last place
        0x1F116AB8,  # 4.24e-10 of a last place
        0x66A8C860,  # 4.33e-10 of a last place
        0x3C413D3A,  # 5.74e-10 of a last place
        0x6F31A8EC,  # 8.50e-10 of a last place
        0x38DCBE38,  # 1.03e-09 of a last place
        0x4665A9A6,  # 1.36e-09 of a last place
        0x5EE8984E,  # 1.41e-09 of a last place
        0x3BF86EF0,  # 1.53e-09 of a last place
    ],
    "log1p": [
        0x35400003,  # 1.28e-13 of a last place
        0xB53FFFFD,  # 1.28e-13 of a last place
        0x65D890D3,  # 5.65e-11 of a last place
        0x3EFD81AD,  # 1.15e-10 of a last place
        0x3710001B,  # 1.66e-10 of a last place
        0xB70FFFE5,  # 1.66e-10 of a last place
        0x55185F82,  # 2.72e-10 of a last place
        0x41078FEB,  # 3.45e-10 of a last place
        0x66A8C860,  # 4.33e-10 of a last place
        0xBB0EC8C4,  # 4.59e-10 of a last place
        0x6F31A8EC,  # 8.50e-10 of a last place
        0x3770004B,  # 1.28e-09 of a last place
    ],
    "tanh": [
        0x3AC37DE2,  # 9.38e-09 of a last place
        0x3EEE0566,  # 1.70e-08 of a last place
        0x3CD41B91,  # 2.35e-08 of a last place
        0x40ACB4D0,  # 2.57e-08 of a last place
        0x40C5E8CA,  # 3.39e-08 of a last place
        0x3D7C3055,  # 3.43e-08 of a last place
        0x3C96AE2E,  # 3.46e-08 of a last place
        0x40A6EF82,  # 3.87e-08 of a last place
        0x3F20B67F,  # 4.41e-08 of a last place
        0x3FF8BC7E,  # 4.59e-08 of a last place
        0x4013CD84,  # 4.93e-08 of a last place
        0x3BC8B605,  # 5.01e-08 of a last place
    ],
    "erf": [
        0x3940EAD6,  # 1.56e-10 of a last place
        0x39C0057D,  # 4.77e-09 of a last place
        0x358E9D2D,  # 7.86e-09 of a last place
        0x36AEA466,  # 7.96e-09 of a last place
        0x2BAA320C,  # 1.52e-08 of a last place
        0x3B25A39D,  # 1.62e-08 of a last place
        0x3F043A75,  # 2.10e-08 of a last place
        0x37EE85C4,  # 2.22e-08 of a last place
        0x3425C046,  # 2.26e-08 of a last place
        0x3AA60E18,  # 2.50e-08 of a last place
        0x3C7C9E9F,  # 3.25e-08 of a last place
        0x35023216,  # 4.03e-08 of a last place
        0x000238E3,  # 4.50e-08 of a last place, subnormal
        0x0006AAA9,  # 1.35e-07 of a last place, subnormal
        0x000B1C6F,  # 2.25e-07 of a last place, subnormal
        0x000F8E35,  # 3.15e-07 of a last place, subnormal
        0x0013FFFB,  # 4.05e-07 of a last place, subnormal
        0x001871C1,  # 4.95e-07 of a last place, subnormal
    ],
    "sinpi": [
        0x3DFD7F58,  # 4.97e-10 of a last place
        0x34E54DB5,  # 1.77e-09 of a last place
        0x386ACAF6,  # 5.10e-09 of a last place
        0x3CEEB990,  # 7.16e-09 of a last place
        0x385A58FC,  # 8.05e-09 of a last place
        0x3D80C8A4,  # 8.20e-09 of a last place
        0x361652F2,  # 9.74e-09 of a last place
        0x364D79E0,  # 1.51e-08 of a last place
        0x38251F5A,  # 2.23e-08 of a last place
        0x38F2BD6E,  # 2.25e-08 of a last place
        0x375D7857,  # 2.26e-08 of a last place
        0x36C6CC39,  # 3.07e-08 of a last place
        0x0024B2E5,  # 2.37e-07 of a last place, subnormal
        0x000A607C,  # 2.75e-07 of a last place, subnormal
        0x000FF1ED,  # 3.13e-07 of a last place, subnormal
        0x001F2174,  # 8.24e-07 of a last place, subnormal
        0x0004CF0B,  # 8.63e-07 of a last place, subnormal
        0x0015835E,  # 9.01e-07 of a last place, subnormal
    ],
    "cospi": [
        0x3EC0A02A,  # 4.97e-10 of a last place
        0x398721A7,  # 3.58e-09 of a last place
        0x3EF11467,  # 7.16e-09 of a last place
        0x3EDFCDD7,  # 8.20e-09 of a last place
        0x390D23E4,  # 1.12e-08 of a last place
        0x3B25BCA6,  # 1.30e-08 of a last place
        0x3C625B7C,  # 1.73e-08 of a last place
        0x3DB3021A,  # 2.01e-08 of a last place
        0x3D8ED5D9,  # 3.21e-08 of a last place
        0x3CF64CED,  # 3.28e-08 of a last place
        0x39363612,  # 3.35e-08 of a last place
        0x3D3BA293,  # 3.54e-08 of a last place
    ],
}
