// What paragon_run does with files: runs a model once, or trains a job, its rows drawn anew in each epoch.
#include "program/runtime/run_files.h"

#include <algorithm>

#include "program/error.h"
#include "program/formats/fingerprint.h"
#include "program/formats/job.h"
#include "program/formats/json.h"
#include "program/runtime/batches.h"

namespace paragon {

namespace {

constexpr std::uint32_t kOrderStream = 0x80000000;  // of epoch 0

// Arrays that a run needs, and their addresses.
struct Arrays {
  std::vector<std::vector<Word>> words;
  std::vector<void*> addresses;

  void add(std::vector<Word> array) { words.push_back(std::move(array)); }
  void bind() {
    for (auto& array : words) addresses.push_back(array.data());
  }
};

Arrays output_arrays(const Program& program) {
  Arrays outputs;
  for (const Output& output : program.outputs) outputs.add(std::vector<Word>(count(program.shape(output.value))));
  outputs.bind();
  return outputs;
}

Tensor output_tensor(const Program& program, std::size_t i) {
  const Output& output = program.outputs[i];
  return {std::string(kOutputPrefix) + output.name, program.dtype(output.value), program.shape(output.value)};
}

}  // namespace

std::unique_ptr<Session> open_session(const Model& model, const SessionOptions& options) {
  auto session = std::make_unique<Session>(model.program, options);
  for (std::size_t s = 0; s < model.state.size(); ++s) session->set_state(s, model.state[s].data());
  return session;
}

void save_model(const std::string& path, const Session& session) {
  Model model{session.shared_program(), {}};
  for (std::size_t s = 0; s < model.program->state.size(); ++s) {
    model.state.emplace_back(count(model.program->state[s].shape));
    session.get_state(s, model.state[s].data());
  }
  save_model(path, model);
}

std::string run_model(const std::string& model_path, const std::string& inputs_path, const std::string& outputs_path,
                      bool values, const SessionOptions& options) {
  const TensorFile model_file = TensorFile::open(model_path, options.memory_limit);
  const Model model = naming(model_path, [&] { return load_model(model_file); });
  const Program& program = *model.program;
  const auto session = open_session(model, options);

  Arrays inputs;
  const TensorFile file = TensorFile::open(inputs_path, options.memory_limit);
  naming(inputs_path, [&] {
    for (const Tensor& input : program.inputs) {
      inputs.add(file.read(find_checked(file, input.name, input, "input")));
    }
    for (const Tensor& tensor : file.tensors()) {
      const bool known = std::any_of(program.inputs.begin(), program.inputs.end(),
                                     [&](const Tensor& i) { return i.name == tensor.name; });
      if (!known) fail("the program has no input ", json::quote(tensor.name));
    }
  });
  inputs.bind();

  std::vector<WrittenTensor> tensors;
  Arrays observed;
  if (values) {
    std::vector<std::uint32_t> ids;
    for (std::size_t v = program.first_operation(); v < program.values(); ++v) {
      ids.push_back(static_cast<std::uint32_t>(v));
    }
    session->prepare_to_observe(ids.data(), ids.size());
    for (const std::uint32_t v : ids) observed.add(std::vector<Word>(count(program.shape(v))));
    observed.bind();
    session->observe(inputs.addresses.data(), ids.data(), ids.size(), observed.addresses.data());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      tensors.push_back(
          {{join("value.", ids[i]), program.dtype(ids[i]), program.shape(ids[i])}, observed.words[i].data()});
    }
  }
  Arrays outputs = output_arrays(program), state;
  session->run(inputs.addresses.data(), outputs.addresses.data());
  std::vector<Tensor> own;  // the outputs under their own names
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    tensors.push_back({output_tensor(program, i), outputs.words[i].data()});
    own.push_back(tensors.back().tensor);
    own.back().name = program.outputs[i].name;
  }
  for (const Update& update : program.updates) {
    const Tensor& tensor = program.state[update.state];
    state.add(std::vector<Word>(count(tensor.shape)));
    session->get_state(update.state, state.words.back().data());
    tensors.push_back({{"state." + tensor.name, tensor.dtype, tensor.shape}, state.words.back().data()});
  }
  write_tensor_file(outputs_path, {{"format", kRunFormat}, {"program", program.text}}, std::move(tensors));
  std::vector<NamedWords> named;
  for (std::size_t i = 0; i < own.size(); ++i) named.push_back({&own[i], outputs.words[i].data()});
  return fingerprint(std::move(named));
}

std::string train(const std::string& path, const std::string& out, const SessionOptions& options) {
  const TensorFile file = TensorFile::open(path, options.memory_limit);
  const Job job = naming(path, [&] { return read_job(file); });
  const Program& program = *job.model.program;
  const Schedule& schedule = job.schedule;
  const auto session = open_session(job.model, options);

  Arrays inputs;
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    inputs.add(job.feeds[i].fixed ? std::vector<Word>(schedule.seed, schedule.seed + 2)
                                  : std::vector<Word>(count(program.inputs[i].shape)));
  }
  inputs.bind();
  Arrays outputs = output_arrays(program);
  const std::size_t batches = std::max<std::size_t>(1, job.rows / schedule.batch);
  std::vector<std::uint32_t> order;
  for (std::size_t t = 0; t < schedule.steps; ++t) {
    if (t % batches == 0) {
      order = permutation(job.rows, schedule.seed, kOrderStream + static_cast<std::uint32_t>(t / batches));
    }
    for (std::size_t i = 0; i < program.inputs.size(); ++i) {
      const Feed& feed = job.feeds[i];
      for (std::size_t b = 0; !feed.fixed && b < schedule.batch; ++b) {
        const std::size_t row = order[t % batches * schedule.batch + b];
        std::copy_n(feed.rows.data() + row * feed.width, feed.width, inputs.words[i].data() + b * feed.width);
      }
    }
    session->run(inputs.addresses.data(), outputs.addresses.data());
  }

  Arrays state;
  std::vector<WrittenTensor> tensors;
  for (std::size_t s = 0; s < program.state.size(); ++s) {
    state.add(std::vector<Word>(count(program.state[s].shape)));
    session->get_state(s, state.words[s].data());
    tensors.push_back({program.state[s], state.words[s].data()});
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    tensors.push_back({output_tensor(program, i), outputs.words[i].data()});
  }
  write_tensor_file(out, {}, std::move(tensors));
  return session->fingerprint();
}

}  // namespace paragon
