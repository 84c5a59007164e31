// What the benchmarks need in compiled code: the peaks of a run, and a loop around the C ABI's run. Built by peaks.py.
#include <time.h>

#include "../csrc/include/paragon.h"
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

// Seconds of `count` runs of a session; negative when one fails.
double time_runs(decltype(&pg_session_run) run, pg_session* session, const void* const* inputs, void* const* outputs,
                 size_t count) {
  const double begin = now();
  for (size_t i = 0; i < count; ++i) {
    if (run(session, inputs, outputs) != PG_OK) return -1.0;
  }
  return now() - begin;
}
}
