// What every operation must keep to, whatever its own rule says: the number of its operands, its attributes, shapes
// and names.
#include "program/formats/validate.h"

#include <algorithm>

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/rules.h"

namespace paragon {

namespace {

void check_operands(const Operation& operation) {
  const std::size_t wanted = declaration(operation.op).operands, count = operation.inputs.size();
  if (wanted == kOneOrMore ? count > 0 : count == wanted) return;
  fail("takes ", wanted == kOneOrMore ? std::string("one or more") : std::to_string(wanted), " operands, not ", count);
}

void check_attributes(const Operation& operation) {
  const Keys& declared = declaration(operation.op).attributes;
  for (const Attribute& attribute : operation.attributes) {
    if (declared.count(attribute.key) == 0) fail("has no attribute \"", name(attribute.key), "\"");
  }
  for (const Key key : declared) operation.attribute(key);  // each is there
}

// Unicode's category Cc: U+0000 ... U+001F, U+007F, and U+0080 ... U+009F, which UTF-8 writes as c2 80 ... c2 9f.
bool has_control(const std::string& text) {
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte < 0xa0)) return true;
    before = byte;
  }
  return false;
}

}  // namespace

void check_shape(const Shape& shape) {
  if (shape.size() > kMaxRank) fail("the shape ", to_text(shape), " has more than ", kMaxRank, " axes");
  for (const std::int64_t dim : shape) {
    if (dim < 0 || dim > kMaxDimension) {
      fail("the shape ", to_text(shape), " has a dimension outside 0 ... ", kMaxDimension);
    }
  }
  if (elements(shape) > kMaxElements) fail("the shape ", to_text(shape), " has more than ", kMaxElements, " elements");
}

void check_name(const std::string& name) {
  if (name.empty() || name.size() > kMaxName) {
    fail("program: a name has 1 to ", kMaxName, " bytes: ", json::quote(name));
  }
  if (!json::valid_utf8(name)) fail("program: a name is not valid UTF-8");
  if (has_control(name)) fail("program: the name ", json::quote(name), " holds a control character");
}

Result infer(const Program& program, const Operation& operation) {
  check_operands(operation);
  check_attributes(operation);
  Result result = rule_of(operation.op)({program, operation});
  check_shape(result.shape);
  return result;
}

}  // namespace paragon
