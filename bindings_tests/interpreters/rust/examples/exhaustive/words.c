// words FUNCTION FIRST STRIDE: the correctly rounded results of an elementary function at every STRIDE-th f32 from the
// word FIRST on, as words of this machine, NaNs as 0x7fc00000.     cc -O2 -o words words.c -lmpfr -lm
//
// Where the C library's double result, with an allowance of 2^-45 (256 units in its last place; the library claims
// fewer than 10), rounds to one and the same f32 at both ends, that is the result. MPFR decides all others, and every
// 1021st: there, it also checks the allowance.
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int exact_function(mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef double quick_function(double);

// sin and cos of pi x by the period 2 and the symmetries, without cancellation.
static double quick_sinpi(double x) {
  double r = remainder(x, 2.0);
  if (fabs(r) > 0.5) r = copysign(1.0, r) - r;
  if (r == 0) return copysign(0.0, x);
  return fabs(r) <= 0.25 ? sin(M_PI * r) : copysign(cos(M_PI * (0.5 - fabs(r))), r);
}
static double quick_cospi(double x) {
  double r = fabs(remainder(x, 2.0));
  return r <= 0.25 ? cos(M_PI * r) : quick_sinpi(0.5 - r);
}

static const struct {
  const char* name;
  exact_function* exact;
  quick_function* quick;
} functions[] = {
    {"exp", mpfr_exp, exp},    {"expm1", mpfr_expm1, expm1}, {"log", mpfr_log, log},       {"log1p", mpfr_log1p, log1p},
    {"tanh", mpfr_tanh, tanh}, {"erf", mpfr_erf, erf},       {"sinpi", NULL, quick_sinpi}, {"cospi", NULL, quick_cospi},
};

static mpfr_t argument, result, wide, pi;

// The right f32, and to 200 bits in `wide`.
static float decide(size_t f, float x) {
  int ternary;
  if (functions[f].exact) {
    mpfr_set_flt(argument, x, MPFR_RNDN);
    functions[f].exact(wide, argument, MPFR_RNDN);
    ternary = functions[f].exact(result, argument, MPFR_RNDN);
  } else {
    // pi times an exact multiple of 2^-149 in [-1/2, 1/2]: no cancellation near the zeros.
    double r = remainder((double)x, 2.0);
    int cosine = functions[f].quick == quick_cospi;
    mpfr_mul_d(wide, pi, r, MPFR_RNDN);
    if (!cosine && fabs(r) > 0.5) mpfr_mul_d(wide, pi, copysign(1.0, r) - r, MPFR_RNDN);
    if (cosine && fabs(r) > 0.25) {
      mpfr_mul_d(wide, pi, 0.5 - fabs(r), MPFR_RNDN);
      mpfr_sin(wide, wide, MPFR_RNDN);
    } else {
      (cosine ? mpfr_cos : mpfr_sin)(wide, wide, MPFR_RNDN);
    }
    ternary = mpfr_set(result, wide, MPFR_RNDN);
  }
  ternary = mpfr_check_range(result, ternary, MPFR_RNDN);
  mpfr_subnormalize(result, ternary, MPFR_RNDN);
  return mpfr_get_flt(result, MPFR_RNDN);
}

int main(int count, char** arguments) {
  size_t f = 0;
  while (f < 8 && (count != 4 || strcmp(functions[f].name, arguments[1]))) f++;
  uint64_t first = count == 4 ? strtoull(arguments[2], NULL, 10) : 0,
           stride = count == 4 ? strtoull(arguments[3], NULL, 10) : 0;
  if (f == 8 || stride == 0) {
    fputs("usage: words FUNCTION FIRST STRIDE\n", stderr);
    return 2;
  }
  mpfr_init2(argument, 24), mpfr_init2(result, 24), mpfr_init2(wide, 200), mpfr_init2(pi, 300);
  mpfr_const_pi(pi, MPFR_RNDN);
  mpfr_set_emin(-148), mpfr_set_emax(128);
  uint64_t decided = 0, done = 0;
  for (uint64_t word = first; word < UINT64_C(1) << 32; word += stride, done++) {
    uint32_t bits = (uint32_t)word;
    float x, y;
    memcpy(&x, &bits, 4);
    double quick = isinf(x) && !functions[f].exact ? NAN : functions[f].quick(x);
    double slack = fabs(quick) * 0x1p-45;
    y = (float)quick;
    if (isfinite(x) && quick != 0 && isfinite(quick) &&
        ((float)(quick - slack) != (float)(quick + slack) || done % 1021 == 0)) {
      y = decide(f, x);
      decided++;
      mpfr_set_emin(-2000), mpfr_set_emax(2000);
      mpfr_sub_d(wide, wide, quick, MPFR_RNDN);
      // Where `wide` was limited to the range of f32, only the rounding counts.
      if (fabs(quick) > 0x1p-126 && fabs(quick) < 0x1p127 && fabs(mpfr_get_d(wide, MPFR_RNDN)) > slack) {
        fprintf(stderr, "%s(%a): the library's error is above the allowance\n", functions[f].name, x);
        return 1;
      }
      mpfr_set_emin(-148), mpfr_set_emax(128);
    }
    memcpy(&bits, &y, 4);
    if (y != y) bits = 0x7fc00000;
    if (fwrite(&bits, 4, 1, stdout) != 1) {
      perror("words");
      return 1;
    }
  }
  fprintf(stderr, "%s: MPFR decided %llu results\n", functions[f].name, (unsigned long long)decided);
  return fflush(stdout) == 0 ? 0 : 1;
}
