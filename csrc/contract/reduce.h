// The reduction rule (docs/contract.md, section 3) and what adds up or compares by it, on single words.
// Terms are in a vector, or given by a function of their index. `panel` is P; 0 stands for null, one panel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "contract/basic.h"

namespace paragon::contract {

template <class T>
T sum(const std::vector<T>& terms, std::size_t panel) {
  if (panel == 0 || terms.size() <= panel) {
    T acc{0};
    for (const T& term : terms) acc = add(acc, term);
    return acc;
  }
  std::vector<T> results;
  for (std::size_t i = 0; i < terms.size(); i += panel) {
    const auto first = terms.begin() + static_cast<std::ptrdiff_t>(i);
    const std::size_t length = terms.size() - i < panel ? terms.size() - i : panel;
    results.push_back(sum(std::vector<T>(first, first + static_cast<std::ptrdiff_t>(length)), panel));
  }
  return sum(results, panel);
}

// The terms start ... start + n - 1, of which some may be absent: at(i) is a std::optional<T>.
template <class T, class At>
T sum_present(std::size_t start, std::size_t n, std::size_t panel, const At& at) {
  if (panel == 0 || n <= panel) {
    T acc{0};
    for (std::size_t i = start; i < start + n; ++i) {
      const std::optional<T> term = at(i);
      if (term) acc = add(acc, *term);
    }
    return acc;
  }
  std::vector<T> results;
  for (std::size_t i = 0; i < n; i += panel) {
    results.push_back(sum_present<T>(start + i, n - i < panel ? n - i : panel, panel, at));
  }
  return sum<T>(results, panel);
}

template <class A, class B>
float dot(std::size_t start, std::size_t n, std::size_t panel, const A& a, const B& b) {
  if (panel == 0 || n <= panel) {
    float acc = 0;
    for (std::size_t i = start; i < start + n; ++i) acc = fma(a(i), b(i), acc);
    return acc;
  }
  std::vector<float> results;
  for (std::size_t i = 0; i < n; i += panel) {
    results.push_back(dot(start + i, n - i < panel ? n - i : panel, panel, a, b));
  }
  return sum<float>(results, panel);
}

template <class T, class At>
T max(std::size_t n, const At& at) {
  T best = std::is_same_v<T, float> ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  for (std::size_t i = 0; i < n; ++i) best = maximum(best, at(i));
  return best;
}

// The lowest index among equals; the first NaN wins if there is one. n >= 1.
template <class T, class At>
std::int32_t argmax(std::size_t n, const At& at) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const T x = at(i);
    if (x != x) return static_cast<std::int32_t>(i);
    if (x > at(best)) best = i;
  }
  return static_cast<std::int32_t>(best);
}

}  // namespace paragon::contract
