// Model files (docs/files.md): a program, further programs over the same state, and that state, in one safetensors
// file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "program/formats/tensor_file.h"
#include "program/program.h"

namespace paragon {

inline constexpr char kModelFormat[] = "paragon-model";

struct Model {
  std::shared_ptr<const Program> program;
  std::vector<std::vector<Word>> state;  // empty for a program without its state
};

// All programs of a model file by their keys in the metadata, "program" and "program.NAME"; the file is checked
// whole, but for the words of its tensors. Throws Error.
std::map<std::string, std::shared_ptr<const Program>> read_programs(const TensorFile& file);

// The program under "program", or "program.NAME", and its state, of a file that is checked whole. Throws Error.
Model load_model(const TensorFile& file, const std::string& program = "");
Model load_model(const std::string& path, const std::string& program = "");  // the error names the file

// Throws Error, which names the file.
void save_model(const std::string& path, const Model& model);

// The tensor of this name, which has the dtype and shape of `wanted`: a state or an input, as `what` says in the error.
const Tensor& find_checked(const TensorFile& file, const std::string& name, const Tensor& wanted, const char* what);

// The words of each state of a program.
std::vector<std::vector<Word>> read_state(const TensorFile& file, const Program& program);

}  // namespace paragon
