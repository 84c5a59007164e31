// The one exception of the program layer: bad input, named, with the remedy. It never crosses the C ABI.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace paragon {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
template <class Part>
void append(std::string& text, const Part& part) {
  if constexpr (std::is_convertible_v<Part, std::string_view>) {
    text += std::string_view(part);
  } else if constexpr (std::is_same_v<Part, char>) {
    text += part;
  } else {
    text += std::to_string(part);
  }
}
}  // namespace detail

// One text from strings, characters and integers.
template <class... Parts>
std::string join(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(join(parts...));
}

// Runs fn; the text of an Error gets the name of the file before it.
template <class Fn>
decltype(auto) naming(const std::string& path, const Fn& fn) {
  try {
    return fn();
  } catch (const Error& error) {
    fail(path, ": ", error.what());
  }
}

}  // namespace paragon
