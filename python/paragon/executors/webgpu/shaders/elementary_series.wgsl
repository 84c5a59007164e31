// Written by tools/elementary/shader_series.py; not to be edited by hand. Words of numbers with 94 binary places.
const LN2 = vec3<u32>(0xf278ece6u, 0xf473de6au, 0x2c5c85fdu);
const LN2_OVER_128 = vec3<u32>(0xd5e4f1dau, 0xfbe8e7bcu, 0x0058b90bu);

// (e^r - 1) / r, |r| <= 0.3642
fn exp_series(t: Fix) -> Fix {
  var p = vec3<u32>(0xe9368d03u, 0x00000025u, 0x00000000u);
  p = fix_add(fix_mul(p, t), vec3<u32>(0x4f0c7730u, 0x000002d0u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x8ee0615bu, 0x000032a5u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x7ce67704u, 0x00035cfeu, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xce67703eu, 0x0035cfe7u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x180f93a4u, 0x03272e95u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x50da12f9u, 0x2c248c27u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x1b12f6a9u, 0x3ddb1dffu, 0x00000002u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x44e38fe7u, 0xe64567f5u, 0x0000001au));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xf5c72ef0u, 0xe4fb7789u, 0x00000127u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x99c7d561u, 0xf1d2ab63u, 0x00000b8eu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x68068068u, 0x80680680u, 0x00006806u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x40340340u, 0x03403403u, 0x00034034u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xc16c16c1u, 0x16c16c16u, 0x0016c16cu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x88888889u, 0x88888888u, 0x00888888u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xaaaaaaabu, 0xaaaaaaaau, 0x02aaaaaau));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xaaaaaaabu, 0xaaaaaaaau, 0x0aaaaaaau));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x00000000u, 0x00000000u, 0x20000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x00000000u, 0x00000000u, 0x40000000u));
  return p;
}

// atanh(s) / s in s^2 <= 0.0295
fn atanh_series(t: Fix) -> Fix {
  var p = vec3<u32>(0x21084211u, 0x08421084u, 0x02108421u);
  p = fix_add(fix_mul(p, t), vec3<u32>(0x34f72c23u, 0x234f72c2u, 0x0234f72cu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x7b425ed1u, 0xb425ed09u, 0x025ed097u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x28f5c28fu, 0xf5c28f5cu, 0x028f5c28u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x90b21643u, 0x21642c85u, 0x02c8590bu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x30c30c31u, 0x0c30c30cu, 0x030c30c3u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x79435e51u, 0x9435e50du, 0x035e50d7u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xc3c3c3c4u, 0xc3c3c3c3u, 0x03c3c3c3u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x44444444u, 0x44444444u, 0x04444444u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x4ec4ec4fu, 0xec4ec4ecu, 0x04ec4ec4u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x5d1745d1u, 0x1745d174u, 0x05d1745du));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x71c71c72u, 0x1c71c71cu, 0x071c71c7u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x92492492u, 0x24924924u, 0x09249249u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xcccccccdu, 0xccccccccu, 0x0cccccccu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x55555555u, 0x55555555u, 0x15555555u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x00000000u, 0x00000000u, 0x40000000u));
  return p;
}

// sin(pi u) / (4 u) in u^2 <= 1/4
fn sinpi_series(t: Fix) -> Fix {
  var p = vec3<u32>(0x72a9db6cu, 0xfffff50bu, 0xffffffffu);
  p = fix_add(fix_mul(p, t), vec3<u32>(0xb29748aeu, 0x00030b38u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xc30f29bbu, 0xff46f503u, 0xffffffffu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xaa59df1bu, 0x250ee041u, 0x00000000u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x1aae3e93u, 0xd6fef7b8u, 0xfffffff9u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x9ac94fe5u, 0x761957c9u, 0x000000d5u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xbc6eae5fu, 0x2460eaa8u, 0xffffe905u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x3328d056u, 0x34d018d6u, 0x0001e8f4u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x9dc437f1u, 0x021778e0u, 0xffe1cf8bu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x907ac646u, 0x87ee781bu, 0x01507834u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0xcd08f405u, 0xcea13d20u, 0xf6696998u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x8fcd0894u, 0xeb55c3a4u, 0x28cd78ceu));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x511c6847u, 0x6906b505u, 0xad510c67u));
  p = fix_add(fix_mul(p, t), vec3<u32>(0x313198a3u, 0x885a308du, 0x3243f6a8u));
  return p;
}

// row 0: erf(x) / x in x^2 <= 1; row n: erf(n + 1/2 + h) in |h| <= 1/2
fn erf_series(t: Fix, row: u32) -> Fix {
  var p = select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x3035787eu, 0x00000842u, 0x00000000u), row == 1u), vec3<u32>(0u, 0u, 0u), row == 2u), vec3<u32>(0u, 0u, 0u), row == 3u);
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x3808ab6cu, 0xffffe53bu, 0xffffffffu), row == 1u), vec3<u32>(0u, 0u, 0u), row == 2u), vec3<u32>(0u, 0u, 0u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x5b5b9782u, 0xffff9cc9u, 0xffffffffu), row == 1u), vec3<u32>(0x04742d51u, 0xffffeaa7u, 0xffffffffu), row == 2u), vec3<u32>(0u, 0u, 0u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x361a2963u, 0x0002545bu, 0x00000000u), row == 1u), vec3<u32>(0x8974015cu, 0xffffff0fu, 0xffffffffu), row == 2u), vec3<u32>(0xf9b88961u, 0xfffffca8u, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0xb56165c0u, 0x00029974u, 0x00000000u), row == 1u), vec3<u32>(0x0e7b7e1eu, 0x000158bau, 0x00000000u), row == 2u), vec3<u32>(0xcf26a9b1u, 0x000011c3u, 0x00000000u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x8244881du, 0xffd7c558u, 0xffffffffu), row == 1u), vec3<u32>(0x27a3bb34u, 0xfffc91ffu, 0xffffffffu), row == 2u), vec3<u32>(0x9bc5829cu, 0xfffff37du, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0xd9c9dcedu, 0x00177da4u, 0x00000000u), row == 1u), vec3<u32>(0xac7ed825u, 0xfff4a4a2u, 0xffffffffu), row == 2u), vec3<u32>(0xeb85709fu, 0xffff2245u, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x95a136dcu, 0x0224472eu, 0x00000000u), row == 1u), vec3<u32>(0x6c2f370au, 0x004f58c8u, 0x00000000u), row == 2u), vec3<u32>(0x2cd4bbc9u, 0x0003dbc2u, 0x00000000u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x76bf263fu, 0xfb5ee01du, 0xffffffffu), row == 1u), vec3<u32>(0xae52e825u, 0xffd12629u, 0xffffffffu), row == 2u), vec3<u32>(0xb9c6df98u, 0xfffe1d9au, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0u, 0u, 0u), vec3<u32>(0x76e38d5fu, 0xea3b2890u, 0xffffffffu), row == 1u), vec3<u32>(0x1108ba1fu, 0xfc478504u, 0xffffffffu), row == 2u), vec3<u32>(0x70ef81dcu, 0xffd29ed6u, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xffffb826u, 0xffffffffu, 0xffffffffu), vec3<u32>(0x390b1999u, 0x5e74dad5u, 0x00000000u), row == 1u), vec3<u32>(0x132a4679u, 0x0c17d49eu, 0x00000000u), row == 2u), vec3<u32>(0x88307e7du, 0x00be5003u, 0x00000000u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x0006be0fu, 0x00000000u, 0x00000000u), vec3<u32>(0x58d94d36u, 0x7cf9da7au, 0x00000000u), row == 1u), vec3<u32>(0x326405eau, 0x0f11eca4u, 0x00000000u), row == 2u), vec3<u32>(0x5c1d76eau, 0xff80ef9fu, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xff64c482u, 0xffffffffu, 0xffffffffu), vec3<u32>(0xd1558f38u, 0xc9a237b0u, 0xfffffffau), row == 1u), vec3<u32>(0x02d82596u, 0x46d68680u, 0xffffffffu), row == 2u), vec3<u32>(0x20ea3386u, 0xf8dd168du, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x0d5ae619u, 0x00000000u, 0x00000000u), vec3<u32>(0x341835d7u, 0x92278011u, 0x00000002u), row == 1u), vec3<u32>(0x18ebbf6du, 0x37fdd821u, 0x00000001u), row == 2u), vec3<u32>(0xf24efecfu, 0x1ff57d7bu, 0x00000000u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xe73375fau, 0xfffffffeu, 0xffffffffu), vec3<u32>(0x38431044u, 0x8d118ae4u, 0x00000035u), row == 1u), vec3<u32>(0x183e9eb8u, 0xc97f3c07u, 0x00000004u), row == 2u), vec3<u32>(0x8347293fu, 0xd921da1fu, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xf7919bc6u, 0x00000015u, 0x00000000u), vec3<u32>(0x0f40edeeu, 0x12ca6361u, 0xffffff90u), row == 1u), vec3<u32>(0xce4cf890u, 0x80ce1bc8u, 0xffffffe6u), row == 2u), vec3<u32>(0x963025feu, 0x3e401844u, 0xffffffffu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xff850cbcu, 0xfffffe5du, 0xffffffffu), vec3<u32>(0xee146a06u, 0x1aeffc22u, 0xfffffe97u), row == 1u), vec3<u32>(0x44640459u, 0x56cf87d2u, 0x00000013u), row == 2u), vec3<u32>(0x3272b636u, 0x54fa321fu, 0x00000004u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xb3537f47u, 0x00001d70u, 0x00000000u), vec3<u32>(0x32b293cdu, 0x79622fd8u, 0x0000066du), row == 1u), vec3<u32>(0x45964b95u, 0x71b5d589u, 0x000000c0u), row == 2u), vec3<u32>(0x2038ff1au, 0x20b8ad8cu, 0xfffffff7u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xf8e577a3u, 0xfffe0a90u, 0xffffffffu), vec3<u32>(0x626d745bu, 0x5a9ec569u, 0x0000027fu), row == 1u), vec3<u32>(0xb839b9b3u, 0x796c2a52u, 0xfffffd4fu), row == 2u), vec3<u32>(0x7a0a17d9u, 0xd8b65c51u, 0xfffffff9u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xe4a97007u, 0x001f683au, 0x00000000u), vec3<u32>(0xa61e9221u, 0x6712a8a2u, 0xffffc4e4u), row == 1u), vec3<u32>(0x62a646bfu, 0xbe631f2eu, 0x000000c2u), row == 2u), vec3<u32>(0xf4719bfeu, 0x1f6e5641u, 0x00000063u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x4f3b9162u, 0xfe27bac3u, 0xffffffffu), vec3<u32>(0xd8a95473u, 0x562e3ef4u, 0x00004b4fu), row == 1u), vec3<u32>(0x9c957956u, 0xdbedf3bfu, 0x000013acu), row == 2u), vec3<u32>(0x658c1acbu, 0x159f33b0u, 0xfffffebcu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x55a72fc8u, 0x19e6ad5eu, 0x00000000u), vec3<u32>(0x5eda57f8u, 0x0652058bu, 0x000145dbu), row == 1u), vec3<u32>(0x4bd3943au, 0xb34134b9u, 0xffffc4f1u), row == 2u), vec3<u32>(0x5699e621u, 0x7faa4de4u, 0x000001dcu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xa2c937b8u, 0xae28e7e3u, 0xfffffffeu), vec3<u32>(0x075e5f0fu, 0x1e31db6bu, 0xfffbd4c4u), row == 1u), vec3<u32>(0xac553de6u, 0xd113f5a0u, 0x0000158bu), row == 2u), vec3<u32>(0x70ea306eu, 0x7f3b6812u, 0x000001ddu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x260de6d1u, 0xe62b9031u, 0x0000000fu), vec3<u32>(0xf5033829u, 0x0add315du, 0xfffe7a4au), row == 1u), vec3<u32>(0xfe6df6b1u, 0x485ac08bu, 0x00014a84u), row == 2u), vec3<u32>(0xc4e909e3u, 0xbec413a2u, 0xffffec88u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xc73074a4u, 0x45e89de0u, 0xffffff50u), vec3<u32>(0x1e2bb2d3u, 0xc3978d47u, 0x001c0380u), row == 1u), vec3<u32>(0x91e21161u, 0x1cdf44fau, 0xfffbe63au), row == 2u), vec3<u32>(0xfade9527u, 0x497dfec0u, 0x0000404du), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x68a01f73u, 0x9b277194u, 0x000006e7u), vec3<u32>(0x7ae42656u, 0x38d40be7u, 0xffd94a36u), row == 1u), vec3<u32>(0xce89a37cu, 0x77cd92ebu, 0x00044554u), row == 2u), vec3<u32>(0x9094bd18u, 0x7d90f674u, 0xffff704eu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x29432723u, 0xb4783e7au, 0xffffc165u), vec3<u32>(0x6d98269cu, 0x67891505u, 0xffb24a31u), row == 1u), vec3<u32>(0x3159d385u, 0x5e5cf97au, 0x0008e308u), row == 2u), vec3<u32>(0xb37d7a45u, 0xfd7d5128u, 0x0000f413u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x77a688d0u, 0x26f9b89bu, 0x0001f9a3u), vec3<u32>(0xed625edbu, 0x2c47e3a8u, 0x013ca3d7u), row == 1u), vec3<u32>(0x2c37b17au, 0x1306d00fu, 0xffd22648u), row == 2u), vec3<u32>(0xd5b42fa2u, 0xc0467679u, 0xfffeb9eau), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x3b3492f4u, 0x5ffdfa3du, 0xfff1fe92u), vec3<u32>(0x2203197fu, 0xca3edab9u, 0xff0c6e46u), row == 1u), vec3<u32>(0xac12d996u, 0xa0feab37u, 0x00643a04u), row == 2u), vec3<u32>(0x8c95d003u, 0xafc9b988u, 0x0001586bu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x96307df3u, 0x439a94fbu, 0x005596f3u), vec3<u32>(0x66094c7du, 0x5ebc902bu, 0xfd254ad4u), row == 1u), vec3<u32>(0x20743e80u, 0x418a9cb9u, 0xff72bb23u), row == 2u), vec3<u32>(0xb78cdf55u, 0x8de53801u, 0xfffee3f8u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x202b2f1du, 0xed774af2u, 0xfe47d31cu), vec3<u32>(0xc28dbcb5u, 0xf5b55beau, 0x08e15015u), row == 1u), vec3<u32>(0x00e85a61u, 0x62366588u, 0x0088ced0u), row == 2u), vec3<u32>(0x2825e313u, 0x7531e586u, 0x0000b166u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0x78e43a20u, 0x810af86du, 0x0738bc86u), vec3<u32>(0x982531f3u, 0x7af240adu, 0xf4952b51u), row == 1u), vec3<u32>(0x9b3bf194u, 0xcb142d16u, 0xffa6c708u), row == 2u), vec3<u32>(0x869279dcu, 0x6f0a62fau, 0xffffb0bcu), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xc25c9395u, 0xfc86193du, 0xe7ed8b94u), vec3<u32>(0xefe73409u, 0xae092a36u, 0x079c8dc9u), row == 1u), vec3<u32>(0xf51b38f8u, 0xe1f7edf6u, 0x0023b062u), row == 2u), vec3<u32>(0xd98d01c1u, 0x97219a93u, 0x000016a5u), row == 3u));
  p = fix_add(fix_mul(p, t), select(select(select(vec3<u32>(0xb8ea4540u, 0x0a6db446u, 0x48375d41u), vec3<u32>(0xd0ddd06au, 0x26f5bf63u, 0x3dd4aaaeu), row == 1u), vec3<u32>(0x6770b009u, 0x9937d4d8u, 0x3ff9551eu), row == 2u), vec3<u32>(0xf5296bb7u, 0x1aacbce4u, 0x3ffffce2u), row == 3u));
  return p;
}
