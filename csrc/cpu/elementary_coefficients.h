// Written by tools/elementary/coefficients.py; not to be edited by hand.
#pragma once

namespace paragon::cpu {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;
constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // 42 bits: exact when multiplied by an exponent
constexpr double kLn2Low = 0x1.ef35793c76730p-45;
constexpr double kPiHigh = 0x1.921fb54442d18p+1;  // pi
constexpr double kPiLow = 0x1.1a62633145c07p-53;

// e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/2; relative to e^r - 1; error 2^-55.6
constexpr double kExp[] = {
    0x1.0000000000005p-1,
    0x1.555555555555cp-3,
    0x1.5555555552076p-5,
    0x1.111111110e693p-7,
    0x1.6c16c17f5b416p-10,
    0x1.a01a01b5ec38fp-13,
    0x1.a019a6138554dp-16,
    0x1.71dde9d1dc85dp-19,
    0x1.28a32234cf268p-22,
    0x1.af770ea00b645p-26,
};

// log((1 + s) / (1 - s)) = s * (2 + z * p(z)), z = s^2, s <= (sqrt(2) - 1) / (sqrt(2) + 1); relative to 2s; error 2^-59.5
constexpr double kLog[] = {
    0x1.5555555555592p-1,
    0x1.999999997fe2ep-2,
    0x1.24924941eb641p-2,
    0x1.c71c520d27bbcp-3,
    0x1.74663e5346158p-3,
    0x1.39a1c4db9be74p-3,
    0x1.2f052b0f15bdbp-3,
};

// sin(pi r) = r * (pi + z * p(z)), z = r^2, |r| <= 1/2; relative to pi r; error 2^-62.0
constexpr double kSinPi[] = {
    -0x1.4abbce625be52p+2,
    0x1.466bc6775aa8ep+1,
    -0x1.32d2cce6283b4p-1,
    0x1.50783485821c1p-4,
    -0x1.e3074e122e99ep-8,
    0x1.e8f36daac3c78p-12,
    -0x1.6f7bb544ec9e4p-16,
    0x1.9d617ad70b648p-21,
};

// erf(|x|) = erf(c) + t * p(t), c = i * kErfStep the nearest of four centres, t = |x| - c. A row a power of t, a
// column a centre; relative to erf for c = 0, else absolute; error 2^-57.6
constexpr double kErfStep = 0x1.2000000000000p+0;
constexpr double kErfCentre[4] = {0x0.0p+0, 0x1.c6dad2829ec62p-1, 0x1.ff404760319b4p-1, 0x1.ffffc316d9ed0p-1};
constexpr double kErf[][4] = {
    {0x1.20dd750429b6dp+0, 0x1.45e99bcbb7913p-2, 0x1.d4143a9dfe94fp-8, 0x1.abe09e91448e0p-17},
    {0x1.4e0f21e2fbfd3p-67, -0x1.6ea6cf452e834p-2, -0x1.074b60f8df339p-6, -0x1.690585ca91e23p-15},
    {-0x1.812746b0379e7p-2, 0x1.4cb3cf0aa0fabp-3, 0x1.63ef61e82486fp-6, 0x1.84522fe88535cp-14},
    {0x1.0e2e857c2e135p-54, 0x1.ca50831678417p-6, -0x1.38a98327897c6p-6, -0x1.298f8d45f8d04p-13},
    {0x1.ce2f21a042b8fp-4, -0x1.f65d15f208e89p-5, 0x1.5d3b17bbc2764p-7, 0x1.57757787f287dp-13},
    {-0x1.1ef8b0e480472p-50, 0x1.fd1c6c12812fbp-7, -0x1.7cae0d452aedbp-9, -0x1.330aab7772cc0p-13},
    {-0x1.b82ce312660d0p-6, 0x1.3acc7858ef363p-7, -0x1.5f83138639efdp-11, 0x1.ac9997f2bfa6bp-14},
    {-0x1.8c80e6954d5ecp-37, -0x1.8b43c455a927ap-8, 0x1.0602e327077dap-10, -0x1.cc1578d779c01p-15},
    {0x1.565bcdac09a30p-8, -0x1.79b0748712cd3p-12, -0x1.8352d247fb410p-12, 0x1.64c52c12a6db4p-16},
    {-0x1.4f837ceaff440p-30, 0x1.2e527a3c376a6p-10, -0x1.80c0bfa9d89fbp-17, -0x1.34f025b0174d5p-18},
    {-0x1.c02cb462df9f9p-11, -0x1.73178a76ded76p-13, 0x1.1132c728fbbb9p-14, -0x1.5f8df8cbc9179p-21},
    {-0x1.1fe180d242da6p-25, -0x1.28df6e6054880p-13, -0x1.7ca6ccfb70923p-16, 0x1.1e1c61a4e7a96p-20},
    {0x1.fa1cccd5eb39cp-14, 0x1.9eac4bafa4c4dp-15, -0x1.66637c7644071p-20, -0x1.ef41e6f99a227p-22},
    {-0x1.35c076139965cp-22, 0x1.67e3684355b42p-17, 0x1.cb3b7ebb3bd58p-19, 0x1.5f6a6c51c7ac5p-24},
    {-0x1.e26108b86a3f2p-17, -0x1.012adbe329f0ep-17, -0x1.c992b4424b97dp-21, 0x1.6507b79e661f8p-26},
    {-0x1.9cad8875f74cbp-21, -0x1.8447718e196cap-23, -0x1.59423bb1c069bp-23, -0x1.3a03ab3a8fa73p-26},
    {0x1.42cacadf02c10p-19, 0x1.9b915d60b52e2p-21, 0x1.071ecf84d6428p-23, 0x1.1f78202058753p-28},
    {-0x1.05afecfa606f7p-21, -0x1.1dcaee99345a2p-24, -0x1.9adc942140ed5p-27, 0x1.44264f4d3589dp-32},
};

}  // namespace
}  // namespace paragon::cpu
