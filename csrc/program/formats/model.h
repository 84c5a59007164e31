// Model files (docs/program.md): a program and its state in one safetensors file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "program/formats/tensor_file.h"
#include "program/program.h"

namespace paragon {

struct Model {
  std::shared_ptr<const Program> program;
  std::vector<std::vector<Word>> state;  // empty for a program without its state
};

// The program under "program", or "program.NAME", and its state. Throws Error.
Model load_model(const TensorFile& file, const std::string& program = "", const std::string& format = "paragon-model");
Model load_model(const std::string& path, const std::string& program = "");  // the error names the file

// Throws Error, which names the file.
void save_model(const std::string& path, const Model& model);

// The tensor of this name, which holds the words of `wanted`: a state or an input, as `what` says in the error.
std::vector<Word> read_checked(const TensorFile& file, const std::string& name, const Tensor& wanted, const char* what);

}  // namespace paragon
