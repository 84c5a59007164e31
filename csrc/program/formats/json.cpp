// The reader goes over the text once, a character at a time, and calls back for every member and element that it meets;
// strings become UTF-8 on the way.
#include "program/formats/json.h"

#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>
#if defined(__APPLE__)
#include <xlocale.h>
#else
#include <locale.h>
#endif

#include "program/error.h"

namespace paragon::json {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Whether the nearest binary64 is finite. The program that we are part of may have a locale with another decimal point.
bool finite(std::string_view number) {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return std::isfinite(strtod_l(std::string(number).c_str(), nullptr, plain));
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned b) { out += static_cast<char>(b); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

}  // namespace

// The well-formed byte sequences of the Unicode standard, table 3-7.
bool valid_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= more) return false;
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at(i + 1) < low || at(i + 1) > high) return false;
    for (std::size_t k = 2; k <= more; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      out += "\\u00";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

Reader::Reader(std::string_view text) : text_(text) {
  if (!valid_utf8(text)) fail("JSON: the text is not valid UTF-8");
}

void Reader::error(const std::string& what) const {
  const std::string_view before = text_.substr(0, at_);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? at_ + 1 : at_ - start;
  fail("JSON, line ", line, " column ", column, ": ", what);
}

void Reader::space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

char Reader::next() {
  if (at_ == text_.size()) error("the text ends too early");
  return text_[at_];
}

void Reader::expect(char c, const char* what) {
  if (next() != c) error(join("expected ", what));
  ++at_;
}

void Reader::enter() {
  if (++depth_ > kMaxDepth) error(join("nested deeper than ", kMaxDepth));
}

Kind Reader::peek() {
  space();
  switch (const char c = next(); c) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default:
      if (c != '-' && !digit(c)) error("expected a value");
      return Kind::number;
  }
}

void Reader::object(const std::function<void(const std::string&)>& member) {
  if (peek() != Kind::object) error("expected an object");
  enter();
  ++at_;
  space();
  std::unordered_set<std::string> seen;
  if (next() == '}') {
    ++at_;
  } else {
    for (;;) {
      if (peek() != Kind::string) error("expected a key");
      std::string key = string();
      if (seen.count(key) != 0) error(join("the key ", quote(key), " stands twice"));
      space();
      expect(':', "':'");
      space();
      member(key);
      seen.insert(std::move(key));
      space();
      const char c = next();
      ++at_;
      if (c == '}') break;
      if (c != ',') {
        --at_;
        error("expected ',' or '}'");
      }
      space();
    }
  }
  --depth_;
}

void Reader::array(const std::function<void(std::size_t)>& element) {
  if (peek() != Kind::array) error("expected a list");
  enter();
  ++at_;
  space();
  if (next() == ']') {
    ++at_;
  } else {
    for (std::size_t index = 0;; ++index) {
      space();
      element(index);
      space();
      const char c = next();
      ++at_;
      if (c == ']') break;
      if (c != ',') {
        --at_;
        error("expected ',' or ']'");
      }
    }
  }
  --depth_;
}

unsigned Reader::hex4() {
  if (text_.size() - at_ < 4) error("the text ends inside \\u");
  unsigned code = 0;
  const char* first = text_.data() + at_;
  const auto [stop, status] = std::from_chars(first, first + 4, code, 16);
  if (status != std::errc() || stop != first + 4) error("expected 4 hex digits after \\u");
  at_ += 4;
  return code;
}

std::string Reader::string() {
  if (peek() != Kind::string) error("expected a string");
  ++at_;
  std::string out;
  for (;;) {
    const char c = next();
    if (static_cast<unsigned char>(c) < 0x20) error("a control character in a string must be escaped");
    ++at_;
    if (c == '"') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    const char escape = next();
    ++at_;
    switch (escape) {
      case '"':
      case '\\':
      case '/': out += escape; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        unsigned code = hex4();
        if (code >= 0xdc00 && code < 0xe000) error("a lone surrogate");
        if (code >= 0xd800 && code < 0xdc00) {
          expect('\\', "the second half of a surrogate pair");
          expect('u', "the second half of a surrogate pair");
          const unsigned low = hex4();
          if (low < 0xdc00 || low >= 0xe000) error("a lone surrogate");
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, code);
        break;
      }
      default: --at_; error("an unknown escape");
    }
  }
}

// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
std::string_view Reader::number() {
  const std::size_t start = at_;
  const auto digits = [&] {
    if (!digit(next())) error("expected a digit");
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
  };
  const auto take = [&](char c) { return at_ < text_.size() && text_[at_] == c && (++at_, true); };
  take('-');
  if (take('0')) {
    if (at_ < text_.size() && digit(text_[at_])) error("a number does not start with 0");
  } else {
    digits();
  }
  if (take('.')) digits();
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    digits();
  }
  return text_.substr(start, at_ - start);
}

std::int64_t Reader::integer(const std::string& what, std::int64_t low, std::int64_t high) {
  if (peek() != Kind::number) error(what + ": expected an integer");
  const std::string_view digits = number();
  if (digits.find_first_of(".eE") != std::string_view::npos) {
    error(what + ": expected an integer, without fraction and exponent");
  }
  std::int64_t value = 0;
  const auto status = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec;
  if (status == std::errc::result_out_of_range || digits[0] == '-' || value < low || value > high) {
    error(join(what, " ", digits.substr(0, 20), " is outside ", low, " ... ", high));
  }
  return value;
}

void Reader::literal(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) error(join("expected ", std::string(word)));
  at_ += word.size();
}

bool Reader::boolean() {
  if (peek() != Kind::boolean) error("expected true or false");
  const bool value = next() == 't';
  literal(value ? "true" : "false");
  return value;
}

void Reader::null() {
  if (peek() != Kind::null) error("expected null");
  literal("null");
}

void Reader::skip() {
  switch (peek()) {
    case Kind::object: return object([&](const std::string&) { skip(); });
    case Kind::array: return array([&](std::size_t) { skip(); });
    case Kind::string: string(); return;
    case Kind::number:
      if (!finite(number())) error("a number beyond binary64");
      return;
    case Kind::boolean: boolean(); return;
    case Kind::null: return null();
  }
}

std::string_view Reader::raw() {
  space();
  const std::size_t start = at_;
  skip();
  return text_.substr(start, at_ - start);
}

void Reader::end() {
  space();
  if (at_ != text_.size()) error("text after the end");
}

}  // namespace paragon::json
