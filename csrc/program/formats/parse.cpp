// Reads the JSON of a program part by part, in the order of the text, and checks each operation as it comes.
#include "program/formats/parse.h"

#include <algorithm>
#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/validate.h"

namespace paragon {

namespace {

using json::Reader;

constexpr std::int64_t kVersion = 1, kContract = 1;  // what is supported

// --- objects with known keys -----------------------------------------------------------------------------------------

struct Member {
  const char* key;
  std::function<void()> read;
  bool optional = false;
};

// Reads an object whose keys are all known and, but for those marked optional, all present.
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

// --- single values ---------------------------------------------------------------------------------------------------

// Which row of a table has this name, as the enumerator that stands for it.
template <class Enumeration, class Rows>
Enumeration find_row(Reader& reader, const Rows& rows, const std::string& wanted, const char* what) {
  const auto at = std::find_if(std::begin(rows), std::end(rows), [&](const auto& row) { return wanted == row.name; });
  if (at == std::end(rows)) reader.error(join("unknown ", what, " ", json::quote(wanted)));
  return static_cast<Enumeration>(at - std::begin(rows));
}

// Which of these words is written.
std::int64_t read_choice(Reader& reader, std::span<const char* const> words, const char* what) {
  const std::string text = reader.string();
  const auto at = std::find(words.begin(), words.end(), text);
  if (at != words.end()) return at - words.begin();
  std::string known;
  for (const char* word : words) known += (known.empty() ? "" : ", ") + std::string(word);
  reader.error(join("unknown ", what, " ", json::quote(text), " (", known, ")"));
}

Dtype read_dtype(Reader& reader) { return static_cast<Dtype>(read_choice(reader, kDtypeNames, "dtype")); }

Shape read_list(Reader& reader) {
  Shape list;
  reader.array([&](std::size_t index) {
    if (index == kMaxRank) reader.error(join("a list longer than ", kMaxRank));
    list.push_back(reader.integer("an entry of a list", 0, kMaxDimension));
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

std::int64_t read_panel(Reader& reader) {
  if (reader.peek() == json::Kind::null) {
    reader.null();
    return kNoPanel;
  }
  return reader.integer("panel", 2, kMaxDimension);
}

std::string read_name(Reader& reader) {
  std::string text = reader.string();
  check_name(text);
  return text;
}

std::uint32_t read_id(Reader& reader) {
  return static_cast<std::uint32_t>(reader.integer("the number of a value", 0, 0xffffffff));
}

void read_version(Reader& reader, const char* what, std::int64_t supported) {
  const std::int64_t version = reader.integer(what, 0, kHuge);
  if (version != supported) {
    reader.error(join(what, " ", version, " is not supported; this library reads ", what, " ", supported));
  }
}

// The value of an attribute that is not a list.
std::int64_t read_number(Reader& reader, Key key) {
  const Form form = form_of(key);
  switch (form) {
    case Form::flag: return reader.boolean();
    case Form::word: return read_word(reader);
    case Form::panel: return read_panel(reader);
    default: break;
  }
  if (!choices(form).empty()) return read_choice(reader, choices(form), name(key));
  return reader.integer(name(key), 0, key == Key::stream ? 0xffffffff : kMaxDimension);
}

Attribute read_attribute(Reader& reader, const std::string& text) {
  Attribute attribute;
  attribute.key = find_row<Key>(reader, kAttributes, text, "attribute");
  const Form form = form_of(attribute.key);
  attribute.is_list = form == Form::list || (form == Form::number_or_list && reader.peek() == json::Kind::array);
  if (attribute.is_list) {
    attribute.list = read_list(reader);
  } else {
    attribute.number = read_number(reader, attribute.key);
  }
  return attribute;
}

// --- the program -----------------------------------------------------------------------------------------------------

class ProgramReader {
 public:
  explicit ProgramReader(std::string_view text) : reader_(text) { program_.text = text; }

  Program read() {
    read_members(reader_, "the program",
                 {{"format", [&] { read_format(); }},
                  {"version", [&] { read_version(reader_, "version", kVersion); }},
                  {"contract", [&] { read_version(reader_, "contract", kContract); }},
                  {"inputs", [&] { program_.inputs = read_tensors("input"); }},
                  {"state", [&] { program_.state = read_tensors("state"); }},
                  {"operations", [&] { reader_.array([&](std::size_t index) { read_operation(index); }); }},
                  {"outputs", [&] { reader_.array([&](std::size_t) { read_output(); }); }},
                  {"updates", [&] { reader_.array([&](std::size_t) { read_update(); }); }},
                  {"meta", [&] { skip_meta(); }, true}});
    reader_.end();
    check_names();
    for (std::size_t i = 0; i < program_.operations.size(); ++i) check_operation(i);
    check_outputs();
    bind_updates();
    return std::move(program_);
  }

 private:
  void read_format() {
    if (reader_.string() != "paragon-program") reader_.error("the format is not \"paragon-program\"");
  }

  void skip_meta() {
    if (reader_.peek() != json::Kind::object) reader_.error("\"meta\" is not an object");
    reader_.skip();
  }

  std::vector<Tensor> read_tensors(const char* what) {
    std::vector<Tensor> tensors;
    reader_.array([&](std::size_t) {
      Tensor& tensor = tensors.emplace_back();
      read_members(reader_, what,
                   {{"name", [&] { tensor.name = read_name(reader_); }},
                    {"dtype", [&] { tensor.dtype = read_dtype(reader_); }},
                    {"shape", [&] { tensor.shape = read_list(reader_); }}});
      try {
        check_shape(tensor.shape);
      } catch (const Error& error) {
        fail("program: ", what, " ", json::quote(tensor.name), ": ", error.what());
      }
    });
    return tensors;
  }

  void read_operation(std::size_t index) {
    if (index == kMaxOperations) reader_.error(join("more than ", kMaxOperations, " operations"));
    Operation& operation = program_.operations.emplace_back();
    std::int64_t& output = stated_outputs_.emplace_back();
    read_members(
        reader_, "an operation",
        {{"op", [&] { operation.op = find_row<Op>(reader_, kDeclarations, reader_.string(), "operation"); }},
         {"inputs", [&] { reader_.array([&](std::size_t) { operation.inputs.push_back(read_id(reader_)); }); }},
         {"output", [&] { output = read_id(reader_); }},
         {"dtype", [&] { operation.dtype = read_dtype(reader_); }},
         {"shape", [&] { operation.shape = read_list(reader_); }},
         {"attributes", [&] { read_attributes(operation); }}});
  }

  void read_attributes(Operation& operation) {
    reader_.object([&](const std::string& key) { operation.attributes.push_back(read_attribute(reader_, key)); });
  }

  void read_output() {
    Output& output = program_.outputs.emplace_back();
    read_members(
        reader_, "an output",
        {{"name", [&] { output.name = read_name(reader_); }}, {"value", [&] { output.value = read_id(reader_); }}});
  }

  void read_update() {
    NamedUpdate& update = updates_.emplace_back();
    read_members(
        reader_, "an update",
        {{"state", [&] { update.state = read_name(reader_); }}, {"value", [&] { update.value = read_id(reader_); }}});
  }

  // What follows needs the whole program, since the keys of an object may stand in any order.

  void check_names() const {
    if (program_.values() > 0xffffffff) fail("program: too many values");
    std::unordered_set<std::string> names;
    for (const auto* list : {&program_.inputs, &program_.state}) {
      for (const Tensor& tensor : *list) {
        if (!names.insert(tensor.name).second) fail("program: the name ", json::quote(tensor.name), " stands twice");
      }
    }
  }

  void check_operation(std::size_t index) const {
    const Operation& operation = program_.operations[index];
    const std::size_t id = program_.first_operation() + index;
    try {
      for (const std::uint32_t input : operation.inputs) {
        if (input >= id) fail("uses value ", input, ", which is not computed before it");
      }
      if (stated_outputs_[index] != static_cast<std::int64_t>(id)) {
        fail("states output ", stated_outputs_[index], ", but its value is number ", id);
      }
      const Result result = infer(program_, operation);
      if (result.dtype != operation.dtype || result.shape != operation.shape) {
        fail("states ", name(operation.dtype), " ", to_text(operation.shape), ", but yields ", name(result.dtype), " ",
             to_text(result.shape));
      }
    } catch (const Error& error) {
      fail("program: operation ", index, " (", name(operation.op), ", value ", id, "): ", error.what());
    }
  }

  void check_outputs() const {
    std::unordered_set<std::string> names;
    for (const Output& output : program_.outputs) {
      if (!names.insert(output.name).second) fail("program: two outputs have the name ", json::quote(output.name));
      if (output.value >= program_.values()) {
        fail("program: output ", json::quote(output.name), " is value ", output.value, ", which does not exist");
      }
    }
  }

  // From names of states to their numbers.
  void bind_updates() {
    std::unordered_map<std::string, std::uint32_t> states;
    for (std::uint32_t s = 0; s < program_.state.size(); ++s) states[program_.state[s].name] = s;
    std::vector<bool> updated(program_.state.size());
    for (const auto& [state, value] : updates_) {
      const auto at = states.find(state);
      if (at == states.end()) fail("program: the update of ", json::quote(state), ", which is not a state");
      const Tensor& tensor = program_.state[at->second];
      if (updated[at->second]) fail("program: the state ", json::quote(state), " is updated twice");
      updated[at->second] = true;
      if (value >= program_.values()) {
        fail("program: the update of ", json::quote(state), " is value ", value, ", which does not exist");
      }
      if (program_.dtype(value) != tensor.dtype || program_.shape(value) != tensor.shape) {
        fail("program: the update of ", json::quote(state), " (", tensor.describe(), ") is ", program_.describe(value));
      }
      program_.updates.push_back({at->second, value});
    }
  }

  struct NamedUpdate {
    std::string state;
    std::uint32_t value = 0;
  };

  Reader reader_;
  Program program_;
  std::vector<std::int64_t> stated_outputs_;  // "output" of each operation
  std::vector<NamedUpdate> updates_;
};

}  // namespace

Program parse(std::string_view text) {
  if (text.size() > kMaxProgramText) fail("program: the text is longer than ", kMaxProgramText, " bytes");
  return ProgramReader(text).read();
}

}  // namespace paragon
