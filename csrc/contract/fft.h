// The Fourier transforms of the contract (docs/contract.md, section 7), case by case as that page writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <vector>

#include "contract/basic.h"
#include "contract/fft_split.h"
#include "contract/operations.h"
#include "contract/twiddle.h"

namespace paragon::contract {

inline constexpr std::size_t kLargestDirectPrime = 97;  // larger ones go by Bluestein's algorithm

using Complex = ComplexOf<float>;

template <class T>
ComplexOf<T> operator+(ComplexOf<T> a, ComplexOf<T> b) {
  return {a.re + b.re, a.im + b.im};
}
template <class T>
ComplexOf<T> operator-(ComplexOf<T> a, ComplexOf<T> b) {
  return {a.re - b.re, a.im - b.im};
}

// a*b + c: one rounding in f32, two in f64, which only the filter of a prime length uses.
inline float multiply_add(float a, float b, float c) { return fma(a, b, c); }
inline double multiply_add(double a, double b, double c) { return a * b + c; }

template <class T>
ComplexOf<T> product(ComplexOf<T> x, ComplexOf<T> w) {
  return {multiply_add(x.re, w.re, -(x.im * w.im)), multiply_add(x.re, w.im, x.im * w.re)};
}

template <class T>
std::vector<ComplexOf<T>> exchanged(std::vector<ComplexOf<T>> x) {
  for (auto& point : x) point = {point.im, point.re};
  return x;
}

// W(k, n), computed once in each thread: transforms ask for the same ones again and again.
template <class T>
ComplexOf<T> kept_twiddle(std::uint64_t k, std::uint64_t n) {
  thread_local std::map<std::uint64_t, std::vector<ComplexOf<T>>> circles;
  ComplexOf<T>& point = circles.try_emplace(n, n, ComplexOf<T>{0, 0}).first->second[k];
  if (point.re == 0 && point.im == 0) point = twiddle<T>(k, n);  // no twiddle is 0
  return point;
}

inline std::size_t bluestein_length(std::size_t n) { return std::bit_ceil(2 * n - 1); }

template <class T>
std::vector<ComplexOf<T>> fourier(const std::vector<ComplexOf<T>>& x);

// The filter of Bluestein's algorithm for a prime n, made in binary64, once in each thread.
inline const std::vector<Complex>& bluestein_filter(std::size_t n) {
  thread_local std::map<std::size_t, std::vector<Complex>> filters;
  const auto [at, is_new] = filters.try_emplace(n);
  std::vector<Complex>& filter = at->second;
  if (!is_new) return filter;
  const std::size_t length = bluestein_length(n);
  std::vector<ComplexOf<double>> b(length, {0, 0});
  for (std::uint64_t j = 0; j < n; ++j) {
    b[j] = kept_twiddle<double>((2 * n - j * j % (2 * n)) % (2 * n), 2 * n);
    if (j > 0) b[length - j] = b[j];
  }
  for (const auto& point : fourier(b)) {
    filter.push_back({static_cast<float>(point.re / static_cast<double>(length)),
                      static_cast<float>(point.im / static_cast<double>(length))});
  }
  return filter;
}

inline std::vector<Complex> fourier_bluestein(const std::vector<Complex>& x) {
  const std::size_t n = x.size();
  const auto chirp = [n](std::uint64_t j) { return kept_twiddle<float>(j * j % (2 * n), 2 * n); };
  std::vector<Complex> a(bluestein_length(n), Complex{0, 0});
  for (std::size_t j = 0; j < n; ++j) a[j] = product(x[j], chirp(j));
  a = fourier(a);
  const std::vector<Complex>& filter = bluestein_filter(n);
  for (std::size_t k = 0; k < a.size(); ++k) a[k] = product(a[k], filter[k]);
  a = exchanged(fourier(exchanged(a)));
  a.resize(n);
  for (std::size_t k = 0; k < n; ++k) a[k] = product(a[k], chirp(k));
  return a;
}

template <class T>
std::vector<ComplexOf<T>> fourier_prime(const std::vector<ComplexOf<T>>& x) {
  const std::size_t n = x.size(), h = (n - 1) / 2;
  std::vector<ComplexOf<T>> result(n, x[0]);
  for (std::size_t j = 1; j <= h; ++j) result[0] = result[0] + (x[j] + x[n - j]);
  for (std::size_t k = 1; k <= h; ++k) {
    ComplexOf<T> a = x[0], b{};
    for (std::size_t j = 1; j <= h; ++j) {
      const ComplexOf<T> w = kept_twiddle<T>(j * k % n, n), p = x[j] + x[n - j], m = x[j] - x[n - j];
      a = {multiply_add(p.re, w.re, a.re), multiply_add(p.im, w.re, a.im)};
      b = j == 1 ? ComplexOf<T>{m.re * w.im, m.im * w.im}
                 : ComplexOf<T>{multiply_add(m.re, w.im, b.re), multiply_add(m.im, w.im, b.im)};
    }
    result[k] = {a.re - b.im, a.im + b.re};
    result[n - k] = {a.re + b.im, a.im - b.re};
  }
  return result;
}

template <class T>
std::vector<ComplexOf<T>> fourier_composite(const std::vector<ComplexOf<T>>& x, std::size_t n1) {
  const std::size_t n = x.size(), n2 = n / n1;
  std::vector<ComplexOf<T>> y(n), result(n), line(n1);
  for (std::size_t j2 = 0; j2 < n2; ++j2) {
    for (std::size_t j1 = 0; j1 < n1; ++j1) line[j1] = x[j1 * n2 + j2];
    const auto column = fourier(line);
    for (std::size_t k1 = 0; k1 < n1; ++k1) {
      y[k1 * n2 + j2] = j2 * k1 == 0 ? column[k1] : product(column[k1], kept_twiddle<T>(j2 * k1, n));
    }
  }
  for (std::size_t k1 = 0; k1 < n1; ++k1) {
    const auto begin = y.begin() + static_cast<std::ptrdiff_t>(k1 * n2);
    const auto row = fourier(std::vector<ComplexOf<T>>(begin, begin + static_cast<std::ptrdiff_t>(n2)));
    for (std::size_t k2 = 0; k2 < n2; ++k2) result[k1 + n1 * k2] = row[k2];
  }
  return result;
}

// F(n), the transform of n = x.size() >= 1 points.
template <class T>
std::vector<ComplexOf<T>> fourier(const std::vector<ComplexOf<T>>& x) {
  const std::size_t n = x.size();
  if (const std::size_t n1 = fft_split(n); n1 > 1) return fourier_composite(x, n1);
  if (n == 1) return x;
  if (n == 2) return {x[0] + x[1], x[0] - x[1]};
  if (n == 4) {
    const ComplexOf<T> s = x[0] + x[2], d = x[0] - x[2], t = x[1] + x[3], e = x[1] - x[3];
    return {s + t, {d.re + e.im, d.im - e.re}, s - t, {d.re - e.im, d.im + e.re}};
  }
  if constexpr (std::is_same_v<T, float>) {
    if (n > kLargestDirectPrime) return fourier_bluestein(x);
  }
  return fourier_prime(x);
}

// --- the operations: `rows` rows of the arrays, one after another ----------------------------------------------------

// What every part of the result is multiplied by.
inline float fft_scale(std::size_t n, Norm norm, bool inverse) {
  const auto points = static_cast<float>(n);
  if (norm == Norm::ortho) return 1 / sqrt(points);
  return (norm == Norm::backward) == inverse ? 1 / points : 1.0f;
}

// fft, or ifft: (rows, n, 2) to the same.
inline void fft(const float* x, float* out, std::size_t rows, std::size_t n, bool inverse, float scale) {
  for (std::size_t row = 0; row < rows; ++row, x += 2 * n, out += 2 * n) {
    std::vector<Complex> z(n);
    for (std::size_t j = 0; j < n; ++j) z[j] = {x[2 * j], x[2 * j + 1]};
    z = inverse ? exchanged(fourier(exchanged(z))) : fourier(z);
    for (std::size_t k = 0; k < n; ++k) {
      out[2 * k] = z[k].re * scale;
      out[2 * k + 1] = z[k].im * scale;
    }
  }
}

// (rows, n) to (rows, n/2 + 1, 2).
inline void rfft(const float* x, float* out, std::size_t rows, std::size_t n, float scale) {
  const std::size_t m = n / 2;
  for (std::size_t row = 0; row < rows; ++row, x += n, out += 2 * (m + 1)) {
    std::vector<Complex> z;
    const auto put = [&](std::size_t k, float re, float im) {
      out[2 * k] = re;
      out[2 * k + 1] = im;
    };
    if (n % 2 == 1) {
      for (std::size_t j = 0; j < n; ++j) z.push_back({x[j], 0});
      z = fourier(z);
      for (std::size_t k = 0; k <= m; ++k) put(k, z[k].re * scale, k == 0 ? 0 : z[k].im * scale);
      continue;
    }
    for (std::size_t j = 0; j < m; ++j) z.push_back({x[2 * j], x[2 * j + 1]});
    z = fourier(z);
    put(0, (z[0].re + z[0].im) * scale, 0);
    put(m, (z[0].re - z[0].im) * scale, 0);
    const float half = scale * 0.5f;
    for (std::size_t k = 1; k < m; ++k) {
      const Complex a = z[k], b = z[m - k], w = kept_twiddle<float>(k, n);
      const Complex e{a.re + b.re, a.im - b.im}, o{a.re - b.re, a.im + b.im};
      put(k, (e.re + fma(o.im, w.re, o.re * w.im)) * half, (e.im + fma(o.im, w.im, -(o.re * w.re))) * half);
    }
  }
}

// (rows, n/2 + 1, 2) to (rows, n).
inline void irfft(const float* x, float* out, std::size_t rows, std::size_t n, float scale) {
  const std::size_t m = n / 2;
  for (std::size_t row = 0; row < rows; ++row, x += 2 * (m + 1), out += n) {
    std::vector<Complex> z(n % 2 ? n : m);
    const auto point = [x](std::size_t k) { return Complex{x[2 * k], x[2 * k + 1]}; };
    if (n % 2 == 1) {
      z[0] = {x[0], 0};
      for (std::size_t k = 1; k <= m; ++k) {
        z[k] = point(k);
        z[n - k] = {z[k].re, -z[k].im};
      }
      z = exchanged(fourier(exchanged(z)));
      for (std::size_t j = 0; j < n; ++j) out[j] = z[j].re * scale;
      continue;
    }
    z[0] = {point(0).re + point(m).re, point(0).re - point(m).re};
    for (std::size_t k = 1; k < m; ++k) {
      const Complex a = point(k), b = point(m - k), w = kept_twiddle<float>(k, n);
      const Complex e{a.re + b.re, a.im - b.im}, o{a.re - b.re, a.im + b.im};
      z[k] = {e.re - fma(o.re, -w.im, o.im * w.re), e.im + fma(o.re, w.re, o.im * w.im)};
    }
    z = exchanged(fourier(exchanged(z)));
    for (std::size_t j = 0; j < m; ++j) {
      out[2 * j] = z[j].re * scale;
      out[2 * j + 1] = z[j].im * scale;
    }
  }
}

}  // namespace paragon::contract
