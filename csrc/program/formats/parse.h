// From the JSON of docs/program.md to a Program.
#pragma once

#include <string_view>

#include "program/program.h"

namespace paragon {

inline constexpr std::size_t kMaxProgramText = std::size_t{1} << 30;

// Reads and checks a program. Throws Error, which names the operation's index and name, and the value.
Program parse(std::string_view text);

}  // namespace paragon
