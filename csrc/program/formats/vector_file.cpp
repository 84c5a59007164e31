// Takes the programs from the list of cases in the metadata, and looks for the tensors of each.
#include "program/formats/vector_file.h"

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/model.h"
#include "program/formats/parse.h"
#include "program/formats/validate.h"

namespace paragon {

namespace {

Case read_case(json::Reader& reader) {
  Case found;
  bool named = false;
  reader.object([&](const std::string& key) {
    if (key == "name") {
      found.name = reader.string();
      check_name(found.name);
      named = true;
    } else if (key == "program") {
      found.program = std::make_shared<const Program>(parse(reader.raw()));
    } else {
      reader.error("unknown key " + json::quote(key) + " in a case");
    }
  });
  if (!named || found.program == nullptr) reader.error("a case has a name and a program");
  return found;
}

// Checks the tensors of a case; how many there are.
std::size_t check_tensors(const TensorFile& file, std::size_t k, const Program& program) {
  const auto look = [&](const char* kind, const Tensor& wanted) {
    find_checked(file, case_tensor(k, kind, wanted.name), wanted, "value");
  };
  for (const Tensor& input : program.inputs) look("in", input);
  for (const Tensor& state : program.state) look("state", state);
  for (const Output& output : program.outputs) {
    look("out", {output.name, program.dtype(output.value), program.shape(output.value)});
  }
  for (const Update& update : program.updates) look("new", program.state[update.state]);
  return program.inputs.size() + program.state.size() + program.outputs.size() + program.updates.size();
}

}  // namespace

std::string case_tensor(std::size_t k, const char* kind, const std::string& name) {
  return join(k, "/", kind, "/", name);
}

std::vector<Case> read_cases(const TensorFile& file) {
  file.require_format(kVectorsFormat);
  for (const auto& [key, value] : file.metadata()) {
    if (key != "format" && key != "cases") fail("a file of vectors has no metadata ", json::quote(key));
  }
  std::vector<Case> cases;
  json::Reader reader(file.required("cases"));
  reader.array([&](std::size_t) { cases.push_back(read_case(reader)); });
  reader.end();
  std::size_t used = 0;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    used += naming(join("case ", k), [&] { return check_tensors(file, k, *cases[k].program); });
  }
  if (used != file.tensors().size()) fail(file.tensors().size() - used, " tensors belong to no case");
  return cases;
}

}  // namespace paragon
