// The Fourier transforms.
#include "cpu/fft_plan.h"

namespace paragon::cpu::PARAGON_ISA {

void fill_fft(Kernels& kernels) {
  kernels.fft = fft_scalar;
  kernels.rfft = rfft_scalar;
  kernels.irfft = irfft_scalar;
}

}  // namespace paragon::cpu::PARAGON_ISA
