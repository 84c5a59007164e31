// What the benchmarks need in compiled code: the peaks of a run, and a loop around calls. Built by native.py.
#include <time.h>

#include "../csrc/tests/peaks.h"

namespace {

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

extern "C" {

// Operations of `count` calls of the fma loop; 0 for an instruction set that has none.
double fma_peak(const char* isa, size_t count) {
  float sink[paragon::peaks::kSink] = {1.0f, 1e-9f};
  const paragon::peaks::Peak peak = paragon::peaks::fma_of(isa);
  double operations = 0;
  for (size_t i = 0; peak != nullptr && i < count; ++i) operations += peak(sink);
  return operations;
}

// Reads every word, one after another.
uint64_t read_all(const unsigned char* bytes, size_t count) { return paragon::peaks::read_all(bytes, count); }

// Seconds of `count` calls of a function of three pointers, or of fewer. (pg_session_run, fftwf_execute,
// DftiComputeForward)
double time_calls(void* function, void* a, void* b, void* c, size_t count) {
  auto* call = reinterpret_cast<void (*)(void*, void*, void*)>(function);
  const double begin = now();
  for (size_t i = 0; i < count; ++i) call(a, b, c);
  return now() - begin;
}
}
