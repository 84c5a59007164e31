// The one exception of the program layer: bad input, named, with the remedy. It never crosses the C ABI.
#pragma once

#include <stdexcept>
#include <string>

namespace paragon {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "part1part2..." from strings, characters and integers.
namespace detail {
inline void append(std::string& text, const std::string& part) { text += part; }
inline void append(std::string& text, const char* part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
template <class Number>
void append(std::string& text, Number part) {
  text += std::to_string(part);
}
}  // namespace detail

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

}  // namespace paragon
