// A plan in words, a line a step, for people who wonder what a session does:
//
//     3 steps; 128 bytes of arena, 96 bytes of scratch a thread, 1312 bytes in all
//     0  matmul [4,3] . [3,2]: input "x", state "w" -> buffer 4, 32 bytes
//     1  chain over 8 elements
//     1.0  add: buffer 4, input "b" -> in cache
//     1.1  tanh: 1.0 -> output "y", 32 bytes
//
// The parts of a chain or of a strip have numbers that begin with its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/error.h"
#include "program/runtime/plan.h"

namespace paragon {

std::string describe(const Plan& plan, const Program& program);

// What steps write their lines with.
class PlanText {
 public:
  PlanText(const Plan& plan, const Program& program) : plan_(plan), program_(program) {}

  // A step: what it does, where it reads, and where it writes so many words.
  void step(const std::string& what, const std::vector<Place>& reads, const Place& written);
  // The same with operands and result in words.
  void line(const std::string& what, const std::vector<std::string>& reads, const std::string& result);
  // A step that consists of those that follow, until close().
  void open(const std::string& what);
  void close();

  std::string number(std::size_t part) const;  // of a part of the step that is open
  std::string place(const Place& place) const;
  std::string result(const Place& place) const;  // with its size
  const std::string& text() const { return text_; }
  void heading(const std::string& line) { text_ += line + "\n"; }

 private:
  std::string next_number();

  const Plan& plan_;
  const Program& program_;
  std::vector<std::size_t> numbers_{0};  // of the steps that are open, and of the next one within them
  std::string text_;
};

}  // namespace paragon
