// Writes a plan in words: numbers the steps and their parts, and names the places that they read and write.
#include "program/runtime/describe.h"

#include <cstdio>

#include "program/formats/json.h"

namespace paragon {

std::string describe(const Plan& plan, const Program& program) {
  PlanText text(plan, program);
  text.heading(join(plan.steps.size(), plan.steps.size() == 1 ? " step; " : " steps; ", plan.arena_words * sizeof(Word),
                    " bytes of arena, ", plan.lane_words * sizeof(Word), " bytes of scratch a thread, ", plan.bytes,
                    " bytes in all"));
  for (const auto& step : plan.steps) step->describe(text);
  return text.text();
}

std::string PlanText::number(std::size_t part) const {
  std::string number;
  for (std::size_t i = 0; i + 1 < numbers_.size(); ++i) number += join(numbers_[i] - 1, ".");
  return number + std::to_string(part);
}

std::string PlanText::next_number() { return number(numbers_.back()++); }

void PlanText::line(const std::string& what, const std::vector<std::string>& reads, const std::string& result) {
  std::string operands;
  for (const std::string& read : reads) operands += (operands.empty() ? ": " : ", ") + read;
  text_ += join(next_number(), "  ", what, operands, " -> ", result, "\n");
}

void PlanText::step(const std::string& what, const std::vector<Place>& reads, const Place& written) {
  std::vector<std::string> operands;
  for (const Place& read : reads) operands.push_back(place(read));
  line(what, operands, result(written));
}

void PlanText::open(const std::string& what) {
  text_ += join(next_number(), "  ", what, "\n");
  numbers_.push_back(0);
}

void PlanText::close() { numbers_.pop_back(); }

std::string PlanText::place(const Place& place) const {
  const Buffer& buffer = plan_.buffers[place.buffer];
  const auto named = [&](const char* what, const std::string& name) { return join(what, " ", json::quote(name)); };
  char word[16];
  std::string text;
  switch (buffer.home) {
    case Home::input: text = named("input", program_.inputs[buffer.index].name); break;
    case Home::state: text = named("state", program_.state[buffer.index].name); break;
    case Home::next: text = named("next state", program_.state[buffer.index].name); break;
    case Home::output: text = named("output", program_.outputs[buffer.index].name); break;
    case Home::constant:
      std::snprintf(word, sizeof word, "%08x", static_cast<unsigned>(buffer.index));
      text = join("constant ", word);
      break;
    case Home::arena: text = join("buffer ", place.buffer);
  }
  return place.offset == 0 ? text : join(text, " from word ", place.offset, " on");
}

std::string PlanText::result(const Place& written) const {
  return join(place(written), ", ", plan_.buffers[written.buffer].words * sizeof(Word), " bytes");
}

}  // namespace paragon
