// What this process may use of the machine: its processors and its memory, or less where a container (a control group
// of Linux, version 1 or 2) allows less.
#pragma once

#include <cstddef>
#include <string>

namespace paragon::machine {

// `root`: the folder that /proc and /sys are looked for in; tests have their own.

// The processors that this process may run on, and no more than its group has time for, rounded up. At least 1.
std::size_t available_processors(const std::string& root = "");

// Bytes; SIZE_MAX where the system does not say.
std::size_t available_memory(const std::string& root = "");

// What is used where nobody says how much: three quarters of the memory that is available.
std::size_t default_memory_limit();

}  // namespace paragon::machine
