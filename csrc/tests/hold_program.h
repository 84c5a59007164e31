// Holding a program to the contract's scalar definitions, and writing one by hand. For the tests of the program layer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "program/formats/parse.h"
#include "program/runtime/session.h"
#include "tests/check.h"
#include "tests/interpreter.h"
#include "tests/random_program.h"

namespace paragon::tests {

inline Word observed(Word word, Dtype dtype) {
  return dtype == Dtype::f32 ? contract::observed(contract::from_word(word)) : word;
}

inline bool same(const Words& a, const Words& b, Dtype dtype) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (observed(a[i], dtype) != observed(b[i], dtype)) return false;
  }
  return true;
}

// The arrays of a list of values, filled with a pattern, so that what is not written shows.
struct Arrays {
  std::vector<Words> words;
  std::vector<void*> addresses;
  void add(std::size_t n) {
    words.emplace_back(n, 0xdeadbeef);
    addresses.push_back(words.back().data());
  }
};
inline std::vector<const void*> addresses(const std::vector<Words>& arrays) {
  std::vector<const void*> out;
  for (const Words& words : arrays) out.push_back(words.data());
  return out;
}

// What a run starts from, and what it must give.
struct Run {
  std::vector<Words> inputs, values, state;  // every value; the state afterwards
};

// Two runs of a session, compared with what they must give: outputs, state, and every observed value.
inline void hold_session(Session& session, const std::vector<Run>& runs, const std::string& whose) {
  const Program& program = session.program();
  const auto where = [&](const char* what, std::size_t i) { return join(whose, ": ", what, " ", i); };
  for (const Run& run : runs) {
    Arrays values, outputs;
    std::vector<std::uint32_t> ids;
    for (std::uint32_t v = 0; v < program.values(); ++v) {
      ids.push_back(v);
      values.add(count(program.shape(v)));
    }
    session.observe(addresses(run.inputs).data(), ids.data(), ids.size(), values.addresses.data());
    for (std::size_t v = 0; v < ids.size(); ++v) {
      const bool equal = same(values.words[v], run.values[v], program.dtype(v));
      const char* op =
          v < program.first_operation() ? "input" : name(program.operations[v - program.first_operation()].op);
      CHECK(equal, "%s (%s)", where("observed value", v).c_str(), op);
    }
    for (const Output& output : program.outputs) outputs.add(count(program.shape(output.value)));
    session.run(addresses(run.inputs).data(), outputs.addresses.data());
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
      const std::uint32_t value = program.outputs[i].value;
      CHECK(same(outputs.words[i], run.values[value], program.dtype(value)), "%s", where("output", i).c_str());
    }
    for (std::size_t s = 0; s < run.state.size(); ++s) {
      Words found(run.state[s].size());
      session.get_state(s, found.data());
      CHECK(same(found, run.state[s], program.state[s].dtype), "%s", where("state", s).c_str());
    }
  }
}

// Holds a program, run twice in a session with each of the options, to the interpreter.
inline void hold(const std::shared_ptr<const Program>& program, RandomProgram& random, std::uint32_t seed,
                 const std::vector<SessionOptions>& options) {
  std::vector<Words> first;
  for (const Tensor& t : program->state) first.push_back(random.words(t.dtype, t.shape));
  Interpreter interpreter(*program);
  std::vector<Run> runs(2);
  for (std::vector<Words> state = first; Run& run : runs) {
    for (const Tensor& t : program->inputs) run.inputs.push_back(random.words(t.dtype, t.shape));
    run.values = interpreter.run(run.inputs, state);
    for (const Update& update : program->updates) state[update.state] = run.values[update.value];
    run.state = state;
  }
  for (const SessionOptions& o : options) {
    Session session(program, o);
    for (std::size_t s = 0; s < first.size(); ++s) session.set_state(s, first[s].data());
    hold_session(session, runs,
                 join("seed ", seed, " ", o.isa, " x", o.threads, " strips of ", o.strips.words, " words"));
  }
}

// Every instruction set, on one thread and on three.
inline std::vector<SessionOptions> everywhere(const std::vector<StripSizes>& strips = {{}}) {
  std::vector<SessionOptions> all;
  for (const cpu::Kernels* kernels : cpu::available_kernels()) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
      for (const StripSizes& sizes : strips) all.push_back({kernels->isa, threads, 0, sizes});
    }
  }
  return all;
}

inline std::string document(const std::string& inputs, const std::string& state, const std::string& operations,
                            const std::string& outputs, const std::string& updates) {
  return join("{\"format\":\"paragon-program\",\"version\":1,\"contract\":1,\"inputs\":[", inputs, "],\"state\":[",
              state, "],\"operations\":[", operations, "],\"outputs\":[", outputs, "],\"updates\":[", updates, "]}");
}

}  // namespace paragon::tests
