// The kernel table of one instruction set: the entries of every family. Compiled, like the families, once per
// instruction set with PARAGON_ISA defined to its name.
#include "cpu/kernels.h"

namespace paragon::cpu::PARAGON_ISA {

#define PARAGON_FAMILY(family) void fill_##family(Kernels&);
#include "cpu/families.def"

#define PARAGON_TEXT(name) #name
#define PARAGON_TEXT_OF(name) PARAGON_TEXT(name)
void fill_kernels(Kernels& kernels) {
  kernels.isa = PARAGON_TEXT_OF(PARAGON_ISA);
#define PARAGON_FAMILY(family) fill_##family(kernels);
#include "cpu/families.def"
}

}  // namespace paragon::cpu::PARAGON_ISA
