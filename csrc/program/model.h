// Models and training jobs (docs/program.md): what a program needs to run, from one file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "session.h"
#include "tensor_file.h"

namespace paragon {

struct Model {
  std::shared_ptr<const Program> program;
  std::vector<std::vector<Word>> state;  // empty for a program without its state
};

// The program under "program", or "program.NAME", and its state. Throws Error.
Model load_model(const TensorFile& file, const std::string& program = "", const std::string& format = "paragon-model");
Model load_model(const std::string& path, const std::string& program = "");  // the error names the file

// A session that holds the model's state, if the model has it.
std::unique_ptr<Session> open_session(const Model& model, const SessionOptions& options);

// Writes the session's program and state. Throws Error.
void save_model(const std::string& path, const Session& session);

// `run MODEL INPUTS OUTPUTS [--values]`. Throws Error.
void run_model(const std::string& model, const std::string& inputs, const std::string& outputs, bool values,
               const SessionOptions& options);

// `train JOB OUT`: returns the fingerprint of the final state. Throws Error.
std::string train(const std::string& job, const std::string& out, const SessionOptions& options);

// `fingerprint FILE`: of all its tensors. Throws Error.
std::string fingerprint_file(const std::string& path);

}  // namespace paragon
