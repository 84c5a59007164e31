// Reads how long a job trains and on what batches, and checks that its data fit the inputs of its program.
#include "program/formats/job.h"

#include <algorithm>
#include <set>
#include <string>

#include "program/error.h"
#include "program/formats/json.h"
#include "program/formats/parse.h"

namespace paragon {

namespace {

constexpr std::string_view kData = "data.";

Schedule read_schedule(const std::string& text) {
  json::Reader reader(text);
  Schedule schedule;
  unsigned seen = 0;
  const auto positive = [&](const char* what) {
    return static_cast<std::size_t>(reader.integer(what, 1, kMaxDimension));
  };
  reader.object([&](const std::string& key) {
    if (key == "steps") {
      seen |= 1;
      schedule.steps = positive("steps");
    } else if (key == "batch") {
      seen |= 2;
      schedule.batch = positive("batch");
    } else if (key == "seed") {
      std::size_t words = 0;
      reader.array([&](std::size_t index) {
        if (index > 1) fail("job: the seed has two words");
        schedule.seed[index] = static_cast<Word>(reader.integer("seed", 0, 0xffffffff));
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

// No state has a name that data, or an output among the results, has.
void check_names(const Program& program) {
  std::set<std::string> results;
  for (const Output& output : program.outputs) results.insert(std::string(kOutputPrefix) + output.name);
  for (const Tensor& state : program.state) {
    if (results.contains(state.name)) {
      fail("the state ", json::quote(state.name), " has the name that an output gets in the results");
    }
    if (state.name.starts_with(kData)) fail("the state ", json::quote(state.name), " has a name of data");
  }
}

// Whether the data of an input are rows of it.
bool fits(const Tensor& data, const Tensor& input, std::size_t batch) {
  return data.dtype == input.dtype && !input.shape.empty() && data.shape.size() == input.shape.size() &&
         input.shape[0] == static_cast<std::int64_t>(batch) &&
         std::equal(input.shape.begin() + 1, input.shape.end(), data.shape.begin() + 1);
}

// The data of an input, null for the seed.
const Tensor* find_data(const TensorFile& file, const Tensor& input, JobOutline& job) {
  const Tensor* data = file.find(std::string(kData) + input.name);
  if (data == nullptr) {
    if (input.name != "seed" || input.dtype != Dtype::u32 || input.shape != Shape{2}) {
      fail("the input ", json::quote(input.name), " has no data");
    }
    return nullptr;
  }
  const std::size_t batch = job.schedule.batch;
  if (!fits(*data, input, batch)) {
    fail("the data of the input ", json::quote(input.name), ", ", data->describe(), ", does not give batches of ",
         batch, " rows for ", input.describe());
  }
  const auto rows = static_cast<std::size_t>(data->shape[0]);
  if (job.rows != 0 && rows != job.rows) {
    fail("the data of ", json::quote(input.name), " has another number of rows than the first");
  }
  if (rows < batch) fail("the data has fewer rows (", rows, ") than a batch (", batch, ")");
  job.rows = rows;
  return data;
}

}  // namespace

JobOutline outline_job(const TensorFile& file) {
  file.require_format(kJobFormat);
  for (const auto& [key, value] : file.metadata()) {
    if (key != "format" && key != "program" && key != "job") fail("a job file has no metadata ", json::quote(key));
  }
  JobOutline job;
  job.program = std::make_shared<const Program>(parse(file.required("program")));
  job.schedule = read_schedule(file.required("job"));
  check_names(*job.program);
  std::size_t used = job.program->state.size();
  for (const Tensor& state : job.program->state) find_checked(file, state.name, state, "state");
  for (const Tensor& input : job.program->inputs) {
    job.data.push_back(find_data(file, input, job));
    if (job.data.back() != nullptr) ++used;
  }
  if (used != file.tensors().size()) fail("a tensor is neither a state nor the data of an input");
  return job;
}

Job read_job(const TensorFile& file) {
  const JobOutline outline = outline_job(file);
  Job job{{outline.program, read_state(file, *outline.program)}, outline.schedule, outline.rows, {}};
  for (const Tensor* data : outline.data) {
    Feed& feed = job.feeds.emplace_back();
    feed.fixed = data == nullptr;
    if (feed.fixed) continue;
    feed.width = count(data->shape) / job.rows;
    feed.rows = file.read(*data);
  }
  return job;
}

}  // namespace paragon
