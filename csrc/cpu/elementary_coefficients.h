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

// erf(x) = x * p(x^2) for 0 <= x < kErfSplit, relative error 2^-57.8: the first column;
// erf(x) = p(x - kErfCentre) from there to kErfEnd, error 2^-53.5: the second column.
constexpr double kErfSplit = 0x1.2000000000000p+1;
constexpr double kErfCentre = 0x1.8c00000000000p+1;
constexpr double kErfEnd = 0x1.f800000000000p+1;
constexpr double kErf[][2] = {
    {0x1.20dd750429b6dp+0, 0x1.fffe68f4fa777p-1},
    {-0x1.812746b0379dcp-2, 0x1.49e17724d67f9p-14},
    {0x1.ce2f21a0427e6p-4, -0x1.fe48c44d65083p-13},
    {-0x1.b82ce3127f365p-6, 0x1.f2bd95d9b6556p-12},
    {0x1.565bcd0daae82p-8, -0x1.573891863416fp-11},
    {-0x1.c02db3edd99a1p-11, 0x1.5decc3e5803dbp-11},
    {0x1.f9a325cc97133p-14, -0x1.0d559d1958216p-11},
    {-0x1.f4d24eb749605p-17, 0x1.358391d7bfec7p-12},
    {0x1.b9e6585ce3004p-20, -0x1.efd7a125a286cp-14},
    {-0x1.5f716584ffe59p-23, 0x1.90a158b6ec738p-16},
    {0x1.fcaabfaff6478p-27, 0x1.a2cffc08f8c16p-18},
    {-0x1.51747520999f1p-30, -0x1.f1c20d945259dp-18},
    {0x1.9c353e6157fe1p-34, 0x1.828ab36e7ae4bp-19},
    {-0x1.ce6ccf48b0417p-38, -0x1.5e96395251935p-22},
    {0x1.d484ce284a02ap-42, -0x1.fde764bd62cfdp-23},
    {-0x1.9b2307db2a87fp-46, 0x1.2e0d57d962b5cp-23},
    {0x1.208ad2e4526f4p-50, -0x1.a429dc304a323p-26},
    {-0x1.190da3f8fafdap-55, -0x1.1a8534742a205p-27},
    {0x1.15d9291697198p-61, 0x1.115e12fa489e5p-28},
};

}  // namespace
}  // namespace paragon::cpu
