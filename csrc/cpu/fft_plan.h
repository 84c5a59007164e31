// What the transforms of one length need besides the data: shared by everyone who transforms that length.
#pragma once

#include <cstddef>
#include <memory>

#include "cpu/kernels.h"

namespace paragon::cpu {

class FftPlan {
 public:
  explicit FftPlan(std::size_t n) : n_(n) {}
  std::size_t n() const { return n_; }

 private:
  std::size_t n_;
};

// The plan of a length, made at its first use. Throws std::bad_alloc.
std::shared_ptr<const FftPlan> fft_plan(std::size_t n);

// An upper bound of the memory that the plan of a length takes.
std::size_t fft_plan_bytes(std::size_t n);

// The transforms without vectors, as the contract writes them.
void fft_scalar(const FftArgs&, ThreadPool&);
void rfft_scalar(const FftArgs&, ThreadPool&);
void irfft_scalar(const FftArgs&, ThreadPool&);

}  // namespace paragon::cpu
