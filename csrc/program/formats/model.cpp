// Takes the programs from a model file's metadata and the state from its tensors, and writes such a file.
#include "program/formats/model.h"

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/parse.h"
#include "program/formats/validate.h"

namespace paragon {

namespace {

constexpr char kProgram[] = "program";
constexpr std::string_view kFurther = "program.";

}  // namespace

const Tensor& find_checked(const TensorFile& file, const std::string& name, const Tensor& wanted, const char* what) {
  const Tensor* found = file.find(name);
  if (found == nullptr) fail("the ", what, " ", json::quote(wanted.name), " has no tensor ", json::quote(name));
  if (found->dtype != wanted.dtype || found->shape != wanted.shape) {
    fail("the tensor ", json::quote(name), " is ", found->describe(), ", the ", what, " is ", wanted.describe());
  }
  return *found;
}

std::vector<std::vector<Word>> read_state(const TensorFile& file, const Program& program) {
  std::vector<std::vector<Word>> state;
  for (const Tensor& tensor : program.state)
    state.push_back(file.read(find_checked(file, tensor.name, tensor, "state")));
  return state;
}

std::map<std::string, std::shared_ptr<const Program>> read_programs(const TensorFile& file) {
  file.require_format(kModelFormat);
  std::map<std::string, std::shared_ptr<const Program>> programs;
  for (const auto& [key, value] : file.metadata()) {
    if (key == "format") continue;
    if (key != kProgram) {
      if (!key.starts_with(kFurther)) fail("a model file has no metadata ", json::quote(key));
      check_name(key.substr(kFurther.size()));
    }
    programs[key] = std::make_shared<const Program>(parse(value));
  }
  if (programs.count(kProgram) == 0) fail("the metadata has no \"program\"");
  for (const auto& [key, program] : programs) {
    for (const Tensor& tensor : program->state) find_checked(file, tensor.name, tensor, "state");
  }
  if (file.tensors().size() != programs[kProgram]->state.size()) {
    fail("a tensor of the file is no state of \"program\"");
  }
  return programs;
}

Model load_model(const TensorFile& file, const std::string& program) {
  const auto programs = read_programs(file);
  const std::string key = program.empty() ? std::string(kProgram) : std::string(kFurther) + program;
  const auto at = programs.find(key);
  if (at == programs.end()) fail("the metadata has no ", json::quote(key));
  return {at->second, read_state(file, *at->second)};
}

Model load_model(const std::string& path, const std::string& program) {
  const TensorFile file = TensorFile::open(path);
  return naming(path, [&] { return load_model(file, program); });
}

void save_model(const std::string& path, const Model& model) {
  std::vector<WrittenTensor> tensors;
  for (std::size_t s = 0; s < model.state.size(); ++s) {
    tensors.push_back({model.program->state[s], model.state[s].data()});
  }
  write_tensor_file(path, {{"format", kModelFormat}, {kProgram, model.program->text}}, std::move(tensors));
}

}  // namespace paragon
