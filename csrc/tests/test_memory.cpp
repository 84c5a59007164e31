// What counts towards a memory limit: the state, the inputs, the outputs and the intermediate values of a session, the
// values that are observed, and the tensors that are read from a file. Too much is refused before anything is
// allocated.
#include <cstdio>
#include <string>

#include "program/error.h"
#include "program/runtime/run_files.h"
#include "tests/check.h"
#include "tests/program_builder.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

constexpr std::size_t kMiB = std::size_t{1} << 20;

#define CHECK_REFUSED(expression, part)                                                                          \
  do {                                                                                                           \
    const std::string found = message([&] { expression; });                                                      \
    CHECK(found.find(part) != std::string::npos, "says: %s, not: %s", found.c_str(), std::string(part).c_str()); \
  } while (false)

SessionOptions limit(std::size_t bytes) { return {"", 1, bytes, {}}; }

// Many outputs of one value of a MiB: the value is an output already, the others are copies of it.
void count_outputs() {
  for (const std::size_t outputs : {1, 64}) {
    ProgramBuilder p;
    const auto x = p.input("x", {1 << 18}), y = p.add(Op::neg, {x});
    for (std::size_t i = 0; i < outputs; ++i) p.output("y" + std::to_string(i), y);
    const auto program = p.build();
    CHECK_REFUSED(Session(program, limit((outputs + 1) * kMiB - 4)), "memory limit of");
    CHECK_REFUSED(Session(program, limit((outputs + 2) * kMiB)), "(no error)");
    CHECK(Session(program, limit(0)).bytes() < kMiB, "what the session itself holds: %zu bytes",
          Session(program, limit(0)).bytes());
  }
}

void count_inputs_and_state() {
  ProgramBuilder p;
  const auto x = p.input("x", {1 << 18}), w = p.state("w", {1 << 18});
  p.output("y", p.sum(p.add(Op::add, {x, w}), {0}));
  const auto program = p.build();
  CHECK_REFUSED(Session(program, limit(2 * kMiB)), "memory limit of 2097152 bytes");
  CHECK_REFUSED(Session(program, limit(4 * kMiB)), "(no error)");
}

// All values of a long chain, which a run keeps none of.
void count_observed_values() {
  ProgramBuilder p;
  auto x = p.input("x", {1 << 18});
  for (int i = 0; i < 20; ++i) x = p.add(Op::neg, {x});
  const auto program = p.output("y", x).build();
  Session session(program, limit(30 * kMiB));
  std::vector<std::uint32_t> ids;
  for (std::uint32_t v = 0; v < program->values(); ++v) ids.push_back(v);
  CHECK_REFUSED(session.prepare_to_observe(ids.data(), ids.size()), "memory limit of 31457280 bytes");
  CHECK_REFUSED(session.prepare_to_observe(ids.data(), 1), "(no error)");  // their memory, and one copy
  CHECK_REFUSED(session.prepare_to_observe(ids.data(), ids.size()), "memory limit of 31457280 bytes");
}

void count_files() {
  const std::string model = "test_memory.model", inputs = "test_memory.inputs", outputs = "test_memory.outputs";
  ProgramBuilder p;
  const auto x = p.input("x", {4}), w = p.state("w", {1000});
  const auto program = p.output("y", p.add(Op::neg, {x})).update(w, p.add(Op::neg, {w})).build();
  const std::vector<Word> words(1000);
  save_model(model, {program, {words}});
  write_tensor_file(inputs, {}, {{{"x", Dtype::f32, {4}}, words.data()}});
  const auto run = [&](std::size_t bytes) { run_model(model, inputs, outputs, false, limit(bytes)); };
  CHECK_REFUSED(run(3999), model + ": its tensors take more than the memory limit of 3999 bytes");
  CHECK_REFUSED(run(4000), "the program");  // the file fits, the session does not
  CHECK_REFUSED(run(kMiB), "(no error)");
  write_tensor_file(inputs, {}, {{{"x", Dtype::f32, {4}}, words.data()}, {{"z", Dtype::f32, {1000}}, words.data()}});
  const TensorFile file = TensorFile::open(inputs, 20);
  CHECK_REFUSED(file.read(*file.find("z")), "memory limit of 20 bytes");
  CHECK_REFUSED(file.read(*file.find("x")), "(no error)");
  CHECK_REFUSED(file.read(*file.find("x")), "memory limit of 20 bytes");  // 32 bytes with those before
  for (const std::string& path : {model, inputs, outputs}) std::remove(path.c_str());
}

}  // namespace

int main() {
  count_outputs();
  count_inputs_and_state();
  count_observed_values();
  count_files();
  return finish("test_memory");
}
