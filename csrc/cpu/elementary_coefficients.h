// Written by tools/elementary/coefficients.py; not to be edited by hand.
#pragma once

#include <cstdint>

namespace paragon::cpu {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;
constexpr double kLn2 = 0x1.62e42fefa39efp-1;
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

// 2^(j/16), j in the place of the exponent's bits taken away, so that adding j + 16 e there gives 2^(j/16 + e).
constexpr std::uint64_t kExpTable[16] = {
    0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238,
    0x3fef06fe0a31b715, 0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429,
    0x3feea09e667f3bcd, 0x3feea11473eb0187, 0x3feeace5422aa0db, 0x3feec49182a3f090,
    0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487, 0x3fefa4afa2a490da,
};

// e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/32; relative to e^r - 1; error 2^-41.1
constexpr double kExpm1Short[] = {
    0x1.fffffffe5bf44p-2,
    0x1.555555545aebcp-3,
    0x1.55570aa3468ddp-5,
    0x1.11125b4c9dde5p-7,
};

// The same in floats: 2^(j/32) = high * (1 + low), log(2) = high + low.
constexpr float kExpHigh[32] = {
    0x1.0000000000000p+0f, 0x1.059b0e0000000p+0f, 0x1.0b55860000000p+0f, 0x1.11301e0000000p+0f,
    0x1.172b840000000p+0f, 0x1.1d48740000000p+0f, 0x1.2387a60000000p+0f, 0x1.29e9e00000000p+0f,
    0x1.306fe00000000p+0f, 0x1.371a740000000p+0f, 0x1.3dea640000000p+0f, 0x1.44e0860000000p+0f,
    0x1.4bfdae0000000p+0f, 0x1.5342b60000000p+0f, 0x1.5ab07e0000000p+0f, 0x1.6247ec0000000p+0f,
    0x1.6a09e60000000p+0f, 0x1.71f75e0000000p+0f, 0x1.7a11480000000p+0f, 0x1.82589a0000000p+0f,
    0x1.8ace540000000p+0f, 0x1.93737c0000000p+0f, 0x1.9c49180000000p+0f, 0x1.a5503c0000000p+0f,
    0x1.ae89fa0000000p+0f, 0x1.b7f7700000000p+0f, 0x1.c199be0000000p+0f, 0x1.cb720e0000000p+0f,
    0x1.d5818e0000000p+0f, 0x1.dfc9740000000p+0f, 0x1.ea4afa0000000p+0f, 0x1.f507660000000p+0f,
};
constexpr float kExpLow[32] = {
    0x0.0p+0f, -0x1.9474140000000p-25f, 0x1.8d96d40000000p-25f, -0x1.dda2fc0000000p-25f,
    -0x1.9c0c220000000p-27f, -0x1.a2fbb20000000p-25f, 0x1.9649040000000p-25f, -0x1.2b0dbc0000000p-25f,
    0x1.1250020000000p-25f, -0x1.cde8ce0000000p-26f, 0x1.370be40000000p-25f, 0x1.336de20000000p-30f,
    -0x1.0a35500000000p-25f, -0x1.c541b40000000p-26f, -0x1.00d8ac0000000p-27f, -0x1.6cb2840000000p-25f,
    0x1.26055c0000000p-26f, 0x1.8b2bb80000000p-26f, -0x1.05cb440000000p-25f, -0x1.1c21420000000p-26f,
    0x1.67a1ca0000000p-28f, -0x1.348e560000000p-25f, 0x1.a3b5e40000000p-28f, -0x1.0b7ec80000000p-25f,
    -0x1.f9c3040000000p-27f, -0x1.e4c8860000000p-26f, -0x1.6961b40000000p-28f, -0x1.b5151e0000000p-28f,
    -0x1.a5217c0000000p-28f, -0x1.ab71320000000p-26f, 0x1.61428e0000000p-28f, -0x1.2ad5f80000000p-27f,
};
constexpr float kLog2EFloat = 0x1.7154760000000p+0f;
constexpr float kLn2FloatHigh = 0x1.62e4300000000p-1f;
constexpr float kLn2FloatLow = -0x1.05c6100000000p-29f;
// e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/64; error 2^-42.5, and that of rounding p to floats
constexpr float kExpFloat[] = {
    0x1.0000000000000p-1f, 0x1.5555c80000000p-3f, 0x1.5555de0000000p-5f,
};

// Of each of 16 intervals of [kLogStart, 2 kLogStart), equally long within [1/2, 1) and [1, 2): a number c, and log(1/c),
// where c is near 1/m for all m in it. They are 1 and 0 about 1.
constexpr double kLogStart = 0x1.6800000000000p-1;
constexpr double kLogInverse[16] = {
    0x1.642c8590b2164p+0, 0x1.5555555555555p+0, 0x1.47ae147ae147bp+0, 0x1.3b13b13b13b14p+0,
    0x1.2f684bda12f68p+0, 0x1.2492492492492p+0, 0x1.1a7b9611a7b96p+0, 0x1.1111111111111p+0,
    0x1.0842108421084p+0, 0x1.0000000000000p+0, 0x1.e1e1e1e1e1e1ep-1, 0x1.c71c71c71c71cp-1,
    0x1.af286bca1af28p-1, 0x1.999999999999ap-1, 0x1.8618618618618p-1, 0x1.745d1745d1746p-1,
};
constexpr double kLogValue[16] = {
    -0x1.522ae0738a3d7p-2, -0x1.269621134db91p-2, -0x1.f991c6cb3b37ap-3, -0x1.a93ed3c8ad9e5p-3,
    -0x1.5bf406b543db0p-3, -0x1.1178e8227e47ap-3, -0x1.9335e5d594988p-4, -0x1.08598b59e3a06p-4,
    -0x1.0415d89e74440p-5, 0x0.0p+0, 0x1.f0a30c01162a8p-5, 0x1.e27076e2af2eap-4,
    0x1.5ff3070a793d6p-3, 0x1.c8ff7c79a9a20p-3, 0x1.1675cababa60fp-2, 0x1.4618bc21c5ec2p-2,
};

// log(1 + r) = r + r^2 * p(r), |r| <= 0.0312; relative to r; error 2^-37.5
constexpr double kLogShort[] = {
    -0x1.0000000026d23p-1,
    0x1.55555164ab61dp-2,
    -0x1.ffffee582afe4p-3,
    0x1.99ff81f0024bcp-3,
    -0x1.55d24cec0e240p-3,
};

// erf(x) = x * p(u) where kErfScale * x = j + u, |u| <= 1/2: row i has coefficient i of every j; relative error
// 2^-38.8. Beyond kErfShortEnd the float is 1.
constexpr double kErfScale = 0x1.f800000000000p+1;
constexpr double kErfShortEnd = 0x1.f700000000000p+1;
constexpr double kErfTable[][16] = {
    {0x1.20dd750429b3ep+0, 0x1.1ac5d850b5c3dp+0, 0x1.09d544f1ef8c8p+0, 0x1.e2fe8029dbf5cp-1,
    0x1.abfd584d7ba40p-1, 0x1.75f58784ab378p-1, 0x1.458787cc250bbp-1, 0x1.1c904c69e5889p-1,
    0x1.f5f3ee8879d05p-2, 0x1.bf73421089404p-2, 0x1.931148974b35bp-2, 0x1.6e8453fab5891p-2,
    0x1.4ffe987c79259p-2, 0x1.362724fc281b6p-2, 0x1.1ffff6a929e69p-2, 0x1.0ccccb8a91fe6p-2},
    {0x1.7967905a7f2dap-39, -0x1.7e7196403007bp-5, -0x1.5541f0c270312p-4, -0x1.a9d3d725aead1p-4,
    -0x1.bc4b962409544p-4, -0x1.9e068bad3f0d2p-4, -0x1.667d43a1326edp-4, -0x1.2937a1019b987p-4,
    -0x1.e35516b02748dp-5, -0x1.883465bc11432p-5, -0x1.40fe35ca15369p-5, -0x1.0a3708afca5e6p-5,
    -0x1.bfd9a255d67e0p-6, -0x1.7db34eab20816p-6, -0x1.49236fc984162p-6, -0x1.1eb828584820ep-6},
    {-0x1.8d7a4133cc922p-6, -0x1.610fb9c87616dp-6, -0x1.dd819628a1fa7p-7, -0x1.8e2709e96cf6fp-8,
    0x1.3702df1bb3549p-10, 0x1.75d96b097f500p-8, 0x1.e82ada23a56b7p-8, 0x1.dd182976118c2p-8,
    0x1.967799605c3c7p-8, 0x1.42f34e68fcbbbp-8, 0x1.f282e3ff108bfp-9, 0x1.7f54a39c40b09p-9,
    0x1.29af1f5c46580p-9, 0x1.d56ee2037a4cap-10, 0x1.7818b4d928480p-10, 0x1.31d311929367cp-10},
    {0x1.f0baad6d8d78cp-30, 0x1.c7bc8671746dbp-10, 0x1.687c6c051a6b0p-9, 0x1.68eece943e908p-9,
    0x1.067cdb5f641f2p-9, 0x1.0932c29b47a70p-10, 0x1.aaf8df5eb3924p-13, -0x1.0e86350022874p-12,
    -0x1.b91cd4fe371f4p-12, -0x1.ae5d3c720a61ep-12, -0x1.5ef6907442a31p-12, -0x1.09014de985d3dp-12,
    -0x1.86045929d8580p-13, -0x1.1f6148bd5272dp-13, -0x1.ad40febd0969ap-14, -0x1.461e3b4d349f4p-14},
    {0x1.ec386763f24fcp-12, 0x1.8145a744f5db2p-12, 0x1.08fdafd962f13p-13, -0x1.d8bbb22b94933p-14,
    -0x1.f6c0d70978c0cp-13, -0x1.f1ec9ff3518e5p-13, -0x1.4fb940c823fa0p-13, -0x1.338d0f9eeaa4ep-14,
    -0x1.cb32399bae0eap-17, 0x1.dd7e621059211p-17, 0x1.6427826797752p-16, 0x1.3df43d3702568p-16,
    0x1.e2308d7d7fc6dp-17, 0x1.5897e3789212fp-17, 0x1.e6cafbbdd9863p-18, 0x1.5b2dae5d52860p-18},
    {0x1.0551fc5a6351cp-24, -0x1.4253b55fba4edp-15, -0x1.bba19ce20ff87p-15, -0x1.45e11750d59a0p-15,
    -0x1.8151439ddd542p-17, 0x1.5baaead46d0b3p-17, 0x1.321fc8a273876p-16, 0x1.ff6ef2948b625p-17,
    0x1.1e1fd1c7d0d45p-17, 0x1.99713dd17bb36p-19, 0x1.4814fe9b0c00ap-23, -0x1.c05f18aef61f2p-21,
    -0x1.e9a6fae654471p-21, -0x1.7eb0a2f0b9f9cp-21, -0x1.0ca67592fcf89p-21, -0x1.6e9441924c678p-22},
    {-0x1.ed7b6fcf0e767p-18, -0x1.451a0813dee25p-18, 0x1.5d31cfd4ec4cep-23, 0x1.0c39383e18790p-18,
    0x1.2e177fd6cb6b4p-18, 0x1.5242358e7e355p-19, 0x1.e8784ebc96beap-23, -0x1.09925b8325672p-20,
    -0x1.25b59c890b8a3p-20, -0x1.7592d39d77d63p-21, -0x1.3d6faa2ca1a7fp-22, -0x1.1be36f46c2d5bp-24,
    0x1.6b24b4f8e5f25p-26, 0x1.44444c7cd9c52p-25, 0x1.0d5e6f92bac97p-25, 0x1.7713b10b167bfp-26},
    {0x1.7fc5c22b87dbdp-23, 0x1.47f798ebc97d5p-21, 0x1.815b37909acc0p-21, 0x1.59e0b93fee6f7p-22,
    -0x1.4b972a8cd0f76p-23, -0x1.7d3d3e48848e0p-22, -0x1.1d4363cf2193bp-22, -0x1.62ea0acaa3aa9p-24,
    0x1.3b6e15559912ep-25, 0x1.16b92398e9777p-24, 0x1.88e3148a87ff2p-25, 0x1.664be858ebfb7p-26,
    0x1.937b3dfe2f13ap-28, -0x1.6034caadeb43ap-36, -0x1.7a1f5170ca36fp-30, -0x1.55a6d39b536a5p-30},
};

}  // namespace
}  // namespace paragon::cpu
