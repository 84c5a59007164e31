// The instruction sets that this build holds and this machine can run, and the choice between them.
#pragma once

#include <string>
#include <vector>

#include "cpu/kernels.h"

namespace paragon::cpu {

// What this machine can run, worst to best. Never empty.
const std::vector<const Kernels*>& available_kernels();

// The kernels of the named instruction set. Throws std::invalid_argument, which names those there are, when the build
// does not hold it or the machine cannot run it.
const Kernels& kernels(const std::string& isa);

// The kernels that PARAGON_ISA names, else the best. Throws as above.
const Kernels& default_kernels();

}  // namespace paragon::cpu
