// Takes the program from a model file's metadata and the state from its tensors, and writes such a file.
#include "program/formats/model.h"

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/parse.h"

namespace paragon {

std::vector<Word> read_checked(const TensorFile& file, const std::string& name, const Tensor& wanted,
                               const char* what) {
  const Tensor* found = file.find(name);
  if (found == nullptr) fail("the ", what, " ", json::quote(wanted.name), " has no tensor");
  if (found->dtype != wanted.dtype || found->shape != wanted.shape) {
    fail("the tensor ", json::quote(name), " is ", found->describe(), ", the ", what, " is ", wanted.describe());
  }
  return file.read(*found);
}

Model load_model(const TensorFile& file, const std::string& program, const std::string& format) {
  file.require_format(format);
  Model model;
  model.program = std::make_shared<Program>(parse(file.required(program.empty() ? "program" : "program." + program)));
  for (const Tensor& tensor : model.program->state) {
    model.state.push_back(read_checked(file, tensor.name, tensor, "state"));
  }
  return model;
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
  write_tensor_file(path, {{"format", "paragon-model"}, {"program", model.program->text}}, std::move(tensors));
}

}  // namespace paragon
