// A strict JSON reader (docs/files.md, section 1) without a document tree: the caller asks for what it expects, in the
// order of the text, so memory stays in proportion to what is kept. Integers are exact; duplicate keys, bad UTF-8, lone
// surrogates, deep nesting, numbers beyond binary64 and trailing text are errors that name line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace paragon::json {

enum class Kind { object, array, string, number, boolean, null };

class Reader {
 public:
  static constexpr std::size_t kMaxDepth = 64;

  // The text must outlive the reader. Throws Error if it is not UTF-8.
  explicit Reader(std::string_view text);

  Kind peek();  // the kind of the next value

  void object(const std::function<void(const std::string& key)>& member);  // `member` must read the value
  void array(const std::function<void(std::size_t index)>& element);       // `element` must read the value
  std::string string();
  // Without sign, fraction and exponent, and within this range, which has no negative ones; `what` is for the error.
  std::int64_t integer(const std::string& what, std::int64_t low, std::int64_t high);
  bool boolean();
  void null();
  void skip();             // any value
  std::string_view raw();  // any value, as it is written
  void end();              // nothing but white space may follow

  [[noreturn]] void error(const std::string& what) const;  // adds line and column

 private:
  void space();
  char next();
  void expect(char c, const char* what);
  void literal(std::string_view word);
  std::string_view number();  // as it is written
  unsigned hex4();
  void enter();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

bool valid_utf8(std::string_view text);
std::string quote(std::string_view text);  // as a JSON string, quotes included

}  // namespace paragon::json
