// The vocabulary of programs: dtypes, operations and attributes, and what operations.def declares of each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace paragon {

enum class Dtype : std::uint8_t {
#define PARAGON_DTYPE(name) name,
#include "contract/operations.def"
};

enum class Comparison : std::uint8_t {
#define PARAGON_COMPARISON(name) name,
#include "contract/operations.def"
};

enum class Norm : std::uint8_t {
#define PARAGON_NORM(name) name,
#include "contract/operations.def"
};

enum class Format : std::uint8_t {  // of floating-point numbers smaller than f32
#define PARAGON_FORMAT(name) name,
#include "contract/operations.def"
};

enum class Key : std::uint8_t {  // of an attribute
#define PARAGON_ATTRIBUTE(name, form) name,
#include "contract/operations.def"
};

enum class Op : std::uint8_t {
#define PARAGON_OPERATION(name, operands, runs_as, rule, attributes) name,
#include "contract/operations.def"
};

// Where an enumerator stands in arrays such as the kernel table.
template <class Enumeration>
constexpr std::size_t index_of(Enumeration value) {
  return static_cast<std::size_t>(value);
}

// --- what attributes may be ------------------------------------------------------------------------------------------

enum class Form : std::uint8_t {
  number,
  list,
  number_or_list,  // `size`: a number of scatter_add, a list of fold
  flag,
  word,   // 8 hex digits
  panel,  // a number or null
  dtype,
  comparison,
  norm,
  format,  // one of some words: see choices()
};

inline constexpr const char* kDtypeNames[] = {
#define PARAGON_DTYPE(name) #name,
#include "contract/operations.def"
};
inline constexpr const char* kComparisonNames[] = {
#define PARAGON_COMPARISON(name) #name,
#include "contract/operations.def"
};
inline constexpr const char* kNormNames[] = {
#define PARAGON_NORM(name) #name,
#include "contract/operations.def"
};
inline constexpr const char* kFormatNames[] = {
#define PARAGON_FORMAT(name) #name,
#include "contract/operations.def"
};
inline constexpr std::size_t kDtypes = std::size(kDtypeNames);
inline constexpr std::size_t kComparisons = std::size(kComparisonNames);
inline constexpr std::size_t kNorms = std::size(kNormNames);
inline constexpr std::size_t kFormats = std::size(kFormatNames);
inline constexpr std::size_t kMostChoices = std::max({kDtypes, kComparisons, kNorms, kFormats});

// The words that an attribute of this form may be, each where its enumerator stands; none for a form without words.
constexpr std::span<const char* const> choices(Form form) {
  switch (form) {
    case Form::dtype: return kDtypeNames;
    case Form::comparison: return kComparisonNames;
    case Form::norm: return kNormNames;
    case Form::format: return kFormatNames;
    default: return {};
  }
}

struct AttributeDeclaration {
  const char* name;
  Form form;
};

inline constexpr AttributeDeclaration kAttributes[] = {
#define PARAGON_ATTRIBUTE(name, form) {#name, Form::form},
#include "contract/operations.def"
};
inline constexpr std::size_t kKeys = std::size(kAttributes);

constexpr Form form_of(Key key) { return kAttributes[index_of(key)].form; }

// --- operations ------------------------------------------------------------------------------------------------------

// What the run-time makes of an operation.
enum class RunsAs : std::uint8_t {
  elementwise,  // an instruction of a chain
  view,         // another way to look at words that are there
  kernel,       // a step of its own
};

inline constexpr std::size_t kOneOrMore = SIZE_MAX;
inline constexpr std::size_t kMaxElementwiseOperands = 3;

// The attributes of an operation.
class Keys {
 public:
  static constexpr std::size_t kMost = 6;

  template <class... K>
  constexpr explicit Keys(K... keys) : keys_{keys...}, size_(sizeof...(keys)) {
    static_assert(sizeof...(keys) <= kMost);
  }
  constexpr const Key* begin() const { return keys_.data(); }
  constexpr const Key* end() const { return keys_.data() + size_; }
  constexpr std::size_t size() const { return size_; }
  constexpr std::size_t count(Key wanted) const {
    std::size_t found = 0;
    for (const Key key : *this) found += key == wanted ? 1 : 0;
    return found;
  }

 private:
  std::array<Key, kMost> keys_;
  std::size_t size_;
};

struct Declaration {
  const char* name;
  std::size_t operands;
  RunsAs runs_as;
  Keys attributes;
};

namespace detail {
constexpr auto declarations() {
  using enum Key;
  return std::array{
#define PARAGON_OPERATION(name, operands, runs_as, rule, attributes) \
  Declaration{#name, operands, RunsAs::runs_as, Keys attributes},
#include "contract/operations.def"
  };
}
}  // namespace detail

inline constexpr auto kDeclarations = detail::declarations();
inline constexpr std::size_t kOps = kDeclarations.size();

constexpr const Declaration& declaration(Op op) { return kDeclarations[index_of(op)]; }

constexpr const char* name(Op op) { return declaration(op).name; }
constexpr const char* name(Key key) { return kAttributes[index_of(key)].name; }
constexpr const char* name(Dtype dtype) { return kDtypeNames[index_of(dtype)]; }

// --- what must hold of the table -------------------------------------------------------------------------------------

namespace detail {
constexpr bool names_differ(const auto& rows) {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (std::string_view(rows[i].name) == rows[k].name) return false;
    }
  }
  return true;
}

constexpr bool attributes_are_in_use() {
  for (std::size_t k = 0; k < kKeys; ++k) {
    std::size_t uses = 0;
    for (const Declaration& operation : kDeclarations) uses += operation.attributes.count(static_cast<Key>(k));
    if (uses == 0) return false;
  }
  return true;
}

constexpr bool attributes_differ() {
  for (const Declaration& operation : kDeclarations) {
    for (const Key key : operation.attributes) {
      if (operation.attributes.count(key) != 1) return false;
    }
  }
  return true;
}

constexpr bool elementwise_fit_kernels() {
  for (const Declaration& operation : kDeclarations) {
    const Keys& keys = operation.attributes;
    const bool chosen = keys.size() == 0 || (keys.size() == 1 && !choices(form_of(*keys.begin())).empty());
    const bool fits = chosen && operation.operands >= 1 && operation.operands <= kMaxElementwiseOperands;
    if (operation.runs_as == RunsAs::elementwise && !fits) return false;
  }
  return true;
}
}  // namespace detail

static_assert(kOps <= 256 && kKeys <= 256, "Op and Key are single bytes");
static_assert(detail::names_differ(kDeclarations), "two operations have one name");
static_assert(detail::names_differ(kAttributes), "two attributes have one name");
static_assert(detail::attributes_are_in_use(), "an attribute belongs to no operation");
static_assert(detail::attributes_differ(), "an operation has an attribute twice");
static_assert(detail::elementwise_fit_kernels(),
              "an elementwise kernel takes one to three operands, and is chosen by one word at most");

}  // namespace paragon
