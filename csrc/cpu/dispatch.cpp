// Makes the kernel table of every instruction set that this processor has, and finds one by its name or PARAGON_ISA.
#include "cpu/dispatch.h"

#include <cstdlib>
#include <stdexcept>

namespace paragon::cpu {

// Those of kernels.cpp.
#define PARAGON_INSTRUCTION_SET(set, flags, can_run) \
  namespace set {                                    \
  void fill_kernels(Kernels&);                       \
  }
#include "cpu/instruction_sets.def"

const std::vector<const Kernels*>& available_kernels() {
  static const auto& available = *new auto([] {  // never destroyed: threads may ask while the process ends
    std::vector<const Kernels*> list;
    const auto offer = [&](bool can_run, Kernels& table, void (*fill)(Kernels&)) {
      if (!can_run) return;
      fill(table);
      list.push_back(&table);
    };
#define PARAGON_INSTRUCTION_SET(set, flags, can_run) \
  static Kernels set##_kernels{};                    \
  offer(can_run, set##_kernels, set::fill_kernels);
#include "cpu/instruction_sets.def"
    return list;
  }());
  return available;
}

const Kernels& kernels(const std::string& isa) {
  std::string names;
  for (const Kernels* k : available_kernels()) {
    if (isa == k->isa) return *k;
    names += names.empty() ? k->isa : std::string(", ") + k->isa;
  }
  throw std::invalid_argument("instruction set \"" + isa +
                              "\" is unknown or not available on this machine; choose one of: " + names);
}

const Kernels& default_kernels() {
  const char* isa = std::getenv("PARAGON_ISA");
  if (isa == nullptr || *isa == '\0') return *available_kernels().back();
  try {
    return kernels(isa);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string("PARAGON_ISA: ") + error.what());
  }
}

}  // namespace paragon::cpu
