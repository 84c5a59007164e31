#include "model.h"

#include <algorithm>

#include "error.h"
#include "fingerprint.h"
#include "json.h"
#include "rows.h"

namespace paragon {

namespace {

std::size_t count(const Shape& shape) { return static_cast<std::size_t>(elements(shape)); }

// Runs fn; its errors get the file's name.
template <class Fn>
decltype(auto) naming(const std::string& path, const Fn& fn) {
  try {
    return fn();
  } catch (const Error& error) {
    fail(path, ": ", error.what());
  }
}

std::string describe(const Tensor& tensor) { return join(name(tensor.dtype), " ", to_text(tensor.shape)); }

std::vector<Word> read_checked(const TensorFile& file, const std::string& name, const Tensor& wanted,
                               const char* what) {
  const Tensor* found = file.find(name);
  if (found == nullptr) fail("the ", what, " ", json::quote(wanted.name), " has no tensor");
  if (found->dtype != wanted.dtype || found->shape != wanted.shape) {
    fail("the tensor ", json::quote(name), " is ", describe(*found), ", the ", what, " is ", describe(wanted));
  }
  return file.read(*found);
}

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
  return {"output." + output.name, program.dtype(output.value), program.shape(output.value)};
}

}  // namespace

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

std::unique_ptr<Session> open_session(const Model& model, const SessionOptions& options) {
  auto session = std::make_unique<Session>(model.program, options);
  for (std::size_t s = 0; s < model.state.size(); ++s) session->set_state(s, model.state[s].data());
  return session;
}

void save_model(const std::string& path, const Session& session) {
  const Program& program = session.program();
  Arrays state;
  std::vector<WrittenTensor> tensors;
  for (std::size_t s = 0; s < program.state.size(); ++s) {
    state.add(std::vector<Word>(count(program.state[s].shape)));
    session.get_state(s, state.words[s].data());
    tensors.push_back({program.state[s], state.words[s].data()});
  }
  write_tensor_file(path, {{"format", "paragon-model"}, {"program", program.text}}, std::move(tensors));
}

void run_model(const std::string& model_path, const std::string& inputs_path, const std::string& outputs_path,
               bool values, const SessionOptions& options) {
  const Model model = load_model(model_path);
  const Program& program = *model.program;
  const auto session = open_session(model, options);

  Arrays inputs;
  const TensorFile file = TensorFile::open(inputs_path);
  naming(inputs_path, [&] {
    for (const Tensor& input : program.inputs) inputs.add(read_checked(file, input.name, input, "input"));
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
      observed.add(std::vector<Word>(count(program.shape(v))));
    }
    observed.bind();
    session->observe(inputs.addresses.data(), ids.data(), ids.size(), observed.addresses.data());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      tensors.push_back(
          {{join("value.", ids[i]), program.dtype(ids[i]), program.shape(ids[i])}, observed.words[i].data()});
    }
  }
  Arrays outputs = output_arrays(program), state;
  session->run(inputs.addresses.data(), outputs.addresses.data());
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    tensors.push_back({output_tensor(program, i), outputs.words[i].data()});
  }
  for (const Update& update : program.updates) {
    const Tensor& tensor = program.state[update.state];
    state.add(std::vector<Word>(count(tensor.shape)));
    session->get_state(update.state, state.words.back().data());
    tensors.push_back({{"state." + tensor.name, tensor.dtype, tensor.shape}, state.words.back().data()});
  }
  write_tensor_file(outputs_path, {}, std::move(tensors));
}

// --- training jobs ---------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t kOrderStream = 0x80000000;  // of epoch 0

struct Schedule {
  std::size_t steps = 0, batch = 0;
  Word seed[2] = {0, 0};
};

Schedule read_schedule(const std::string& text) {
  json::Reader reader(text);
  Schedule schedule;
  unsigned seen = 0;
  const auto integer = [&](const char* what, std::int64_t low, std::int64_t high) {
    const std::int64_t value = reader.integer();
    if (value < low || value > high) fail("job: ", what, " ", value, " is outside ", low, " ... ", high);
    return value;
  };
  reader.object([&](const std::string& key) {
    if (key == "steps") {
      seen |= 1;
      schedule.steps = static_cast<std::size_t>(integer("steps", 0, kMaxDimension));
    } else if (key == "batch") {
      seen |= 2;
      schedule.batch = static_cast<std::size_t>(integer("batch", 1, kMaxDimension));
    } else if (key == "seed") {
      std::size_t words = 0;
      reader.array([&](std::size_t index) {
        if (index > 1) fail("job: the seed has two words");
        schedule.seed[index] = static_cast<Word>(integer("seed", 0, 0xffffffff));
        words = index + 1;
      });
      if (words == 2) seen |= 4;
    } else {
      fail("job: unknown key ", json::quote(key));
    }
  });
  reader.end();
  if (seen != 7) fail("job: needs steps, batch and seed ([low, high])");
  return schedule;
}

// One input of the job: the rows of its data, from which each step takes a batch. The seed has no rows and never
// changes.
struct Feed {
  std::vector<Word> rows;
  std::size_t width = 0;  // words a row; 0 rows for the seed
  bool fixed = false;
};

struct Job {
  Model model;
  Schedule schedule;
  std::size_t rows = 0;  // 0: no input has data
  std::vector<Feed> feeds;
};

Job read_job(const TensorFile& file) {
  Job job{load_model(file, "", "paragon-job"), read_schedule(file.required("job")), 0, {}};
  const Program& program = *job.model.program;
  const Tensor* first = nullptr;
  std::size_t used = program.state.size();
  for (const Tensor& input : program.inputs) {
    Feed& feed = job.feeds.emplace_back();
    const Tensor* data = file.find("data." + input.name);
    if (data == nullptr) {
      if (input.name != "seed" || input.dtype != Dtype::u32 || input.shape != Shape{2}) {
        fail("the input ", json::quote(input.name), " has no data");
      }
      feed.fixed = true;
      continue;
    }
    ++used;
    bool fits = data->dtype == input.dtype && data->shape.size() == input.shape.size() && !input.shape.empty() &&
                input.shape[0] == static_cast<std::int64_t>(job.schedule.batch);
    for (std::size_t k = 1; fits && k < input.shape.size(); ++k) fits = data->shape[k] == input.shape[k];
    if (!fits) {
      fail("the data of the input ", json::quote(input.name), ", ", describe(*data), ", does not give batches of ",
           job.schedule.batch, " rows for ", describe(input));
    }
    if (first == nullptr) first = data;
    if (data->shape[0] != first->shape[0]) {
      fail("the data of ", json::quote(input.name), " has another number of rows than the first");
    }
    if (data->shape[0] < input.shape[0]) {
      fail("the data has fewer rows (", data->shape[0], ") than a batch (", input.shape[0], ")");
    }
    job.rows = static_cast<std::size_t>(data->shape[0]);
    feed.width = count(data->shape) / job.rows;
    feed.rows = file.read(*data);
  }
  if (used != file.tensors().size()) fail("a tensor is neither a state nor the data of an input");
  return job;
}

}  // namespace

std::string train(const std::string& path, const std::string& out, const SessionOptions& options) {
  const TensorFile file = TensorFile::open(path);
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
  for (std::size_t i = 0; schedule.steps > 0 && i < program.outputs.size(); ++i) {
    tensors.push_back({output_tensor(program, i), outputs.words[i].data()});
  }
  write_tensor_file(out, {}, std::move(tensors));
  return session->fingerprint();
}

std::string fingerprint_file(const std::string& path) {
  const TensorFile file = TensorFile::open(path);
  return naming(path, [&] {
    std::vector<std::vector<Word>> words;
    std::vector<NamedWords> tensors;
    for (const Tensor& tensor : file.tensors()) {
      words.push_back(file.read(tensor));
      tensors.push_back({&tensor, words.back().data()});
    }
    return fingerprint(std::move(tensors));
  });
}

}  // namespace paragon
