// The command `check` (docs/files.md, section 5): is a file what its format says?
#pragma once

#include <functional>
#include <string>

#include "program/formats/tensor_file.h"

namespace paragon {

// Reads a file as a model, a job, vectors or tensors, as its metadata say, but for the words. Throws Error.
void check_file(const TensorFile& file);

// Checks a file, or all files of a folder; hands over the line of each, and returns how many were refused.
std::size_t check_path(const std::string& path, const std::function<void(const std::string& line)>& print);

}  // namespace paragon
