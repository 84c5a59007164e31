// Vector files (docs/files.md, docs/vectors.md): programs, what goes in, and the words that must come out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "program/formats/tensor_file.h"
#include "program/program.h"

namespace paragon {

inline constexpr char kVectorsFormat[] = "paragon-vectors";

struct Case {
  std::string name;
  std::shared_ptr<const Program> program;
};

// The cases of a file, whose tensors are those that the cases need and no others. Throws Error.
std::vector<Case> read_cases(const TensorFile& file);

// What the tensors of case `k` are called: kind is "in", "state", "out" or "new".
std::string case_tensor(std::size_t k, const char* kind, const std::string& name);

}  // namespace paragon
