// A program ready to run: its plan, its memory, its state. One session is used by one thread at a time (calls wait for
// each other); different sessions run at the same time. The rounding and flushing modes of the calling thread do not
// matter, and are what they were after a call.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cpu/dispatch.h"
#include "program/runtime/describe.h"
#include "program/runtime/plan.h"

namespace paragon {

struct SessionOptions {
  std::string isa;               // empty: PARAGON_ISA, else the best
  std::size_t threads = 0;       // 0: the common pool (set_default_threads, PARAGON_NUM_THREADS, else all processors)
  std::size_t memory_limit = 0;  // bytes, inputs and outputs included; 0: three quarters of what there is
  StripSizes strips{};
};

// The number of threads of sessions that do not ask for one.
std::size_t default_threads();
void set_default_threads(std::size_t threads);  // throws Error outside 1 ... 1024

class Session {
 public:
  // Throws Error for an unknown instruction set, a bad number of threads, or a program that needs too much memory.
  Session(std::shared_ptr<const Program> program, const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& shared_program() const { return program_; }
  const char* isa() const { return kernels_.isa; }
  std::size_t threads() const { return pool_->threads(); }
  std::size_t bytes() const { return plan_.bytes + state_bytes_; }
  std::string plan() const { return describe(plan_, *program_); }  // in words (describe.h)

  // A program with state runs only once every state is set. Words are row-major.
  void set_state(std::size_t index, const void* words);
  void get_state(std::size_t index, void* words) const;  // throws Error if it was never set
  std::string fingerprint() const;                       // of the state

  // Arrays in the order of the program, each as large as its shape says and aligned to 4 bytes (null allowed where it
  // has no elements). Outputs must overlap neither inputs nor each other. Throws Error, or std::bad_alloc; if a run
  // that updates state in place is cut short by an exception, the state must be set again.
  void run(const void* const* inputs, void* const* outputs);

  // Makes sure, before anybody allocates them, that the words of some values can be observed. This takes memory for
  // every value of the program. Throws Error.
  void prepare_to_observe(const std::uint32_t* values, std::size_t count);

  // The words of some values of a run, without updating the state.
  void observe(const void* const* inputs, const std::uint32_t* values, std::size_t count, void* const* outputs);

 private:
  struct Free {
    void operator()(Word* words) const;
  };
  using Words = std::unique_ptr<Word[], Free>;
  struct State {
    Words current, next;
    std::size_t words = 0;
    bool set = false;
  };
  // A plan with its memory and the addresses of its buffers.
  struct Machine {
    const Plan& plan;
    Words arena, constants, scratch;
    std::size_t lanes = 0;
    std::vector<Word*> addresses;
    std::vector<BufferId> moving;  // buffers whose addresses change from run to run
  };

  static Words allocate(std::size_t words);
  void open(Machine& machine) const;
  void execute(Machine& machine, const void* const* inputs, void* const* outputs);
  void require_state() const;
  std::size_t within_limit(std::size_t taken, const Shape& shape) const;  // taken and the shape's bytes; throws Error
  void prepare(const std::uint32_t* values, std::size_t count);

  std::shared_ptr<const Program> program_;
  std::shared_ptr<cpu::ThreadPool> pool_;
  const cpu::Kernels& kernels_;
  std::size_t memory_limit_;
  std::size_t state_bytes_ = 0, input_bytes_ = 0;
  std::vector<State> state_;
  bool broken_ = false;
  Plan plan_, observed_plan_;
  std::unique_ptr<Machine> machine_, observed_;
  mutable std::mutex mutex_;
};

}  // namespace paragon
