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

// Two runs of a program, compared with the interpreter: outputs, state, and every observed value.
inline void hold(const std::shared_ptr<const Program>& program, RandomProgram& random, std::uint32_t seed,
                 const SessionOptions& options) {
  std::vector<Words> state;
  for (const Tensor& t : program->state) state.push_back(random.words(t.dtype, t.shape));
  Session session(program, options);
  for (std::size_t s = 0; s < state.size(); ++s) session.set_state(s, state[s].data());
  Interpreter interpreter(*program);
  const auto where = [&](const char* what, std::size_t i) {
    return join("seed ", seed, " ", options.isa, " x", options.threads, ": ", what, " ", i);
  };
  for (int run = 0; run < 2; ++run) {
    std::vector<Words> inputs;
    for (const Tensor& t : program->inputs) inputs.push_back(random.words(t.dtype, t.shape));
    const std::vector<Words> right = interpreter.run(inputs, state);
    Arrays values, outputs;
    std::vector<std::uint32_t> ids;
    for (std::uint32_t v = 0; v < program->values(); ++v) {
      ids.push_back(v);
      values.add(count(program->shape(v)));
    }
    session.observe(addresses(inputs).data(), ids.data(), ids.size(), values.addresses.data());
    for (std::size_t v = 0; v < ids.size(); ++v) {
      const bool equal = same(values.words[v], right[v], program->dtype(v));
      const char* op =
          v < program->first_operation() ? "input" : name(program->operations[v - program->first_operation()].op);
      CHECK(equal, "%s (%s)", where("observed value", v).c_str(), op);
    }
    for (const Output& output : program->outputs) outputs.add(count(program->shape(output.value)));
    session.run(addresses(inputs).data(), outputs.addresses.data());
    for (std::size_t i = 0; i < program->outputs.size(); ++i) {
      const std::uint32_t value = program->outputs[i].value;
      CHECK(same(outputs.words[i], right[value], program->dtype(value)), "%s", where("output", i).c_str());
    }
    for (const Update& update : program->updates) state[update.state] = right[update.value];
    for (std::size_t s = 0; s < state.size(); ++s) {
      Words found(state[s].size());
      session.get_state(s, found.data());
      CHECK(same(found, state[s], program->state[s].dtype), "%s", where("state", s).c_str());
    }
  }
}

inline std::string document(const std::string& inputs, const std::string& state, const std::string& operations,
                            const std::string& outputs, const std::string& updates) {
  return join("{\"format\":\"paragon-program\",\"version\":1,\"contract\":1,\"inputs\":[", inputs, "],\"state\":[",
              state, "],\"operations\":[", operations, "],\"outputs\":[", outputs, "],\"updates\":[", updates, "]}");
}

}  // namespace paragon::tests
