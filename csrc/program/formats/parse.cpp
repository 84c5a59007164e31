// From JSON text to a Program: the keys, the kinds of values, the numbering. The rules of shapes are in validate.cpp.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/parse.h"
#include "program/formats/validate.h"

namespace paragon {

namespace {

using json::Kind;
using json::Reader;

// clang-format off
constexpr const char* kOpNames[kOps] = {
    "add",    "sub",     "mul",     "div",   "fma",         "neg",     "abs",       "maximum",   "minimum", "sqrt",
    "exp",    "expm1",   "log",     "log1p", "tanh",        "erf",     "sinpi",     "cospi",     "compare", "select",
    "cast",   "constant", "sum",    "max",   "argmax",      "matmul",  "reshape",   "transpose", "broadcast", "slice",
    "pad",    "concat",  "gather",  "scatter_add", "one_hot", "unfold", "fold",     "scan",      "bits",
    "fft",    "ifft",    "rfft",    "irfft"};
// clang-format on

constexpr const char* kDtypeNames[] = {"f32", "i32", "u32"};
constexpr const char* kComparisonNames[] = {"lt", "le", "eq", "ne", "ge", "gt"};
constexpr const char* kNormNames[] = {"backward", "ortho", "forward"};

// How an attribute is written. `number_or_list` is `size`, which scatter_add has as a number and fold as a list.
enum class Form { number, list, flag, word, dtype, how, norm, panel, number_or_list };
struct KeyRow {
  const char* name;
  Form form;
};
// clang-format off
constexpr KeyRow kKeyRows[kKeys] = {
    {"how", Form::how},           {"dtype", Form::dtype},      {"shape", Form::list},       {"word", Form::word},
    {"axes", Form::list},         {"axis", Form::number},      {"keepdims", Form::flag},    {"panel", Form::panel},
    {"transpose_a", Form::flag},  {"transpose_b", Form::flag}, {"start", Form::list},       {"stop", Form::list},
    {"step", Form::list},         {"low", Form::list},         {"high", Form::list},        {"interior", Form::list},
    {"size", Form::number_or_list}, {"depth", Form::number},   {"kernel", Form::list},      {"stride", Form::list},
    {"padding", Form::list},      {"dilation", Form::list},    {"reverse", Form::flag},     {"stream", Form::number},
    {"width", Form::number},      {"norm", Form::norm},        {"n", Form::number}};
// clang-format on

template <class Names>
int find(const Names& names, const std::string& name) {
  const auto at = std::find(std::begin(names), std::end(names), name);
  return at == std::end(names) ? -1 : static_cast<int>(at - std::begin(names));
}

Shape read_list(Reader& reader, std::size_t most) {
  Shape list;
  reader.array([&](std::size_t index) {
    if (index == most) reader.error(join("a list longer than ", most));
    list.push_back(reader.integer());
  });
  return list;
}

// 8 lower-case hex digits.
std::int64_t read_word(Reader& reader) {
  const std::string text = reader.string();
  std::int64_t word = 0;
  for (const char c : text) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) reader.error("a word is 8 lower-case hex digits");
    word = (word << 4 | (letter ? c - 'a' + 10 : c - '0')) & 0xffffffff;
  }
  if (text.size() != 8) reader.error("a word is 8 lower-case hex digits");
  return word;
}

Dtype read_dtype(Reader& reader) {
  const std::string text = reader.string();
  const int dtype = find(kDtypeNames, text);
  if (dtype < 0) reader.error("unknown dtype " + json::quote(text) + " (f32, i32, u32)");
  return static_cast<Dtype>(dtype);
}

Attribute read_attribute(Reader& reader, Key key) {
  Attribute attribute;
  attribute.key = key;
  Form form = kKeyRows[static_cast<int>(key)].form;
  if (form == Form::number_or_list) form = reader.peek() == Kind::array ? Form::list : Form::number;
  switch (form) {
    case Form::list:
      attribute.is_list = true;
      attribute.list = read_list(reader, kMaxRank);
      break;
    case Form::flag: attribute.number = reader.boolean(); break;
    case Form::word: attribute.number = read_word(reader); break;
    case Form::dtype: attribute.number = static_cast<std::int64_t>(read_dtype(reader)); break;
    case Form::how: {
      const std::string text = reader.string();
      attribute.number = find(kComparisonNames, text);
      if (attribute.number < 0) reader.error("unknown comparison " + json::quote(text) + " (lt, le, eq, ne, ge, gt)");
      break;
    }
    case Form::norm: {
      const std::string text = reader.string();
      attribute.number = find(kNormNames, text);
      if (attribute.number < 0) reader.error("unknown norm " + json::quote(text) + " (backward, ortho, forward)");
      break;
    }
    case Form::panel:
      if (reader.peek() == Kind::null) {
        reader.null();
        attribute.number = kNoPanel;
      } else {
        attribute.number = reader.integer();
        if (attribute.number < 2) reader.error("a panel is at least 2, or null");
      }
      break;
    default: attribute.number = reader.integer();
  }
  return attribute;
}

// Reads an object whose keys are all known and, but for those marked optional, all present.
struct Member {
  const char* key;
  std::function<void()> read;
  bool optional = false;
};
void read_members(Reader& reader, const char* what, const std::vector<Member>& members) {
  std::vector<bool> seen(members.size());
  reader.object([&](const std::string& key) {
    const auto at = std::find_if(members.begin(), members.end(), [&](const Member& m) { return key == m.key; });
    if (at == members.end()) reader.error(join("unknown key ", json::quote(key), " in ", what));
    seen[static_cast<std::size_t>(at - members.begin())] = true;
    at->read();
  });
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!seen[i] && !members[i].optional) reader.error(join("the key \"", members[i].key, "\" is missing in ", what));
  }
}

std::string read_name(Reader& reader) {
  std::string text = reader.string();
  check_name(text);
  return text;
}

std::uint32_t read_id(Reader& reader) {
  const std::int64_t id = reader.integer();
  if (id < 0 || id > 0xffffffff) reader.error("a value's number is out of range");
  return static_cast<std::uint32_t>(id);
}

std::vector<Tensor> read_tensors(Reader& reader, const char* what) {
  std::vector<Tensor> tensors;
  reader.array([&](std::size_t) {
    Tensor tensor;
    read_members(reader, what,
                 {{"name", [&] { tensor.name = read_name(reader); }},
                  {"dtype", [&] { tensor.dtype = read_dtype(reader); }},
                  {"shape", [&] { tensor.shape = read_list(reader, kMaxRank); }}});
    try {
      check_shape(tensor.shape);
    } catch (const Error& error) {
      fail("program: ", what, " ", json::quote(tensor.name), ": ", error.what());
    }
    tensors.push_back(std::move(tensor));
  });
  return tensors;
}

struct Stated {  // what the text says of an operation, besides what Operation keeps
  std::int64_t output = -1;
};

Operation read_operation(Reader& reader, Stated& stated) {
  Operation operation;
  read_members(reader, "an operation",
               {{"op",
                 [&] {
                   const std::string text = reader.string();
                   const int op = find(kOpNames, text);
                   if (op < 0) reader.error("unknown operation " + json::quote(text));
                   operation.op = static_cast<Op>(op);
                 }},
                {"inputs", [&] { reader.array([&](std::size_t) { operation.inputs.push_back(read_id(reader)); }); }},
                {"output", [&] { stated.output = reader.integer(); }},
                {"dtype", [&] { operation.dtype = read_dtype(reader); }},
                {"shape", [&] { operation.shape = read_list(reader, kMaxRank); }},
                {"attributes", [&] {
                   reader.object([&](const std::string& key) {
                     const auto row = std::find_if(std::begin(kKeyRows), std::end(kKeyRows),
                                                   [&](const KeyRow& r) { return key == r.name; });
                     if (row == std::end(kKeyRows)) reader.error("unknown attribute " + json::quote(key));
                     const auto index = static_cast<Key>(row - std::begin(kKeyRows));
                     operation.attributes.push_back(read_attribute(reader, index));
                   });
                 }}});
  return operation;
}

void check_format(Reader& reader, const char* what, std::int64_t supported) {
  const std::int64_t version = reader.integer();
  if (version != supported) {
    reader.error(join(what, " ", version, " is not supported; this library reads ", what, " ", supported));
  }
}

// The checks that need the whole program: numbering, shapes, names.
void check(Program& program, const std::vector<Stated>& stated) {
  if (program.values() > 0xffffffff) fail("program: too many values");
  std::unordered_set<std::string> names;
  for (const auto* list : {&program.inputs, &program.state}) {
    for (const Tensor& tensor : *list) {
      if (!names.insert(tensor.name).second) fail("program: the name ", json::quote(tensor.name), " stands twice");
    }
  }
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& operation = program.operations[i];
    const std::size_t id = program.first_operation() + i;
    try {
      for (const std::uint32_t input : operation.inputs) {
        if (input >= id) fail("uses value ", input, ", which is not computed before it");
      }
      if (stated[i].output != static_cast<std::int64_t>(id)) {
        fail("states output ", stated[i].output, ", but its value is number ", id);
      }
      const Result result = infer(program, operation);
      if (result.dtype != operation.dtype || result.shape != operation.shape) {
        fail("states ", name(operation.dtype), " ", to_text(operation.shape), ", but yields ", name(result.dtype), " ",
             to_text(result.shape));
      }
    } catch (const Error& error) {
      fail("program: operation ", i, " (", name(operation.op), ", value ", id, "): ", error.what());
    }
  }
  names.clear();
  for (const Output& output : program.outputs) {
    if (!names.insert(output.name).second) fail("program: two outputs have the name ", json::quote(output.name));
    if (output.value >= program.values()) {
      fail("program: output ", json::quote(output.name), " is value ", output.value, ", which does not exist");
    }
  }
}

}  // namespace

const char* name(Op op) { return kOpNames[static_cast<int>(op)]; }
const char* name(Key key) { return kKeyRows[static_cast<int>(key)].name; }
const char* name(Dtype dtype) { return kDtypeNames[static_cast<int>(dtype)]; }

Program parse(std::string_view text) {
  if (text.size() > kMaxProgramText) fail("program: the text is longer than ", kMaxProgramText, " bytes");
  Program program;
  Reader reader(text);
  std::vector<Stated> stated;
  std::vector<std::pair<std::string, std::uint32_t>> updates;  // state and value
  const auto read_updates = [&](std::size_t) {
    auto& update = updates.emplace_back();
    read_members(
        reader, "an update",
        {{"state", [&] { update.first = read_name(reader); }}, {"value", [&] { update.second = read_id(reader); }}});
  };
  const auto read_outputs = [&](std::size_t) {
    Output& output = program.outputs.emplace_back();
    read_members(
        reader, "an output",
        {{"name", [&] { output.name = read_name(reader); }}, {"value", [&] { output.value = read_id(reader); }}});
  };
  read_members(reader, "the program",
               {{"format",
                 [&] {
                   if (reader.string() != "paragon-program") reader.error("the format is not \"paragon-program\"");
                 }},
                {"version", [&] { check_format(reader, "version", 1); }},
                {"contract", [&] { check_format(reader, "contract", 1); }},
                {"inputs", [&] { program.inputs = read_tensors(reader, "input"); }},
                {"state", [&] { program.state = read_tensors(reader, "state"); }},
                {"operations",
                 [&] {
                   reader.array([&](std::size_t index) {
                     if (index == kMaxOperations) reader.error(join("more than ", kMaxOperations, " operations"));
                     program.operations.push_back(read_operation(reader, stated.emplace_back()));
                   });
                 }},
                {"outputs", [&] { reader.array(read_outputs); }},
                {"updates", [&] { reader.array(read_updates); }},
                {"meta",
                 [&] {
                   if (reader.peek() != Kind::object) reader.error("\"meta\" is not an object");
                   reader.skip();
                 },
                 true}});
  reader.end();
  check(program, stated);

  std::unordered_map<std::string, std::uint32_t> states;
  for (std::size_t i = 0; i < program.state.size(); ++i) states[program.state[i].name] = static_cast<std::uint32_t>(i);
  std::vector<bool> updated(program.state.size());
  for (const auto& [state, value] : updates) {
    const auto at = states.find(state);
    if (at == states.end()) fail("program: the update of ", json::quote(state), ", which is not a state");
    const Tensor& tensor = program.state[at->second];
    if (updated[at->second]) fail("program: the state ", json::quote(state), " is updated twice");
    updated[at->second] = true;
    if (value >= program.values()) {
      fail("program: the update of ", json::quote(state), " is value ", value, ", which does not exist");
    }
    if (program.dtype(value) != tensor.dtype || program.shape(value) != tensor.shape) {
      fail("program: the update of ", json::quote(state), " (", name(tensor.dtype), " ", to_text(tensor.shape), ") is ",
           program.describe(value));
    }
    program.updates.push_back({at->second, value});
  }
  program.text = text;
  return program;
}

}  // namespace paragon
