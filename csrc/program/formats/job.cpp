// Reads how long a job trains and on what batches, and checks that its data fit the inputs of its program.
#include "program/formats/job.h"

#include <set>
#include <string>

#include "program/error.h"
#include "program/formats/json.h"

namespace paragon {

namespace {

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

}  // namespace

Job read_job(const TensorFile& file) {
  Job job{load_model(file, "", "paragon-job"), read_schedule(file.required("job")), 0, {}};
  const Program& program = *job.model.program;
  std::set<std::string> results;
  for (const Output& output : program.outputs) results.insert(std::string(kOutputPrefix) + output.name);
  for (const Tensor& state : program.state) {
    if (results.contains(state.name)) {
      fail("the state ", json::quote(state.name), " has the name that an output gets in the results");
    }
  }
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
      fail("the data of the input ", json::quote(input.name), ", ", data->describe(), ", does not give batches of ",
           job.schedule.batch, " rows for ", input.describe());
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

}  // namespace paragon
