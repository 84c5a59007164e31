// Sessions from files and back: a model that is run once, a training job from its first step to its last.
#pragma once

#include <memory>
#include <string>

#include "program/formats/model.h"
#include "program/runtime/session.h"

namespace paragon {

// A session that holds the model's state, if the model has it.
std::unique_ptr<Session> open_session(const Model& model, const SessionOptions& options);

// Writes the session's program and state as a model file. Throws Error.
void save_model(const std::string& path, const Session& session);

// `run MODEL INPUTS OUTPUTS [--values]`: returns the fingerprint of the outputs. Throws Error.
std::string run_model(const std::string& model, const std::string& inputs, const std::string& outputs, bool values,
                      const SessionOptions& options);

// `train JOB OUT`: returns the fingerprint of the final state. Throws Error.
std::string train(const std::string& job, const std::string& out, const SessionOptions& options);

}  // namespace paragon
