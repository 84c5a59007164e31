// The planner at work: what it knows of values and buffers. Used by plan.cpp and plan_ops.cpp (views, steps),
// strips.cpp, and memory.cpp (buffers).
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "program/runtime/composite.h"
#include "program/runtime/chain.h"
#include "program/runtime/plan.h"
#include "program/runtime/steps.h"
#include "program/runtime/strips.h"

namespace paragon {

// Windows have the axes (n, oh, ow, channels and kernel positions). In memory the last one is put second. The innermost
// axes are then those of the image, whose rows are long enough for vectors; a kernel of 3 x 3 positions has rows of 9.
inline const Order& kChannelsFirst =
    *new Order{0, 3, 1, 2};  // never destroyed, as threads may plan while a process ends

// Whole lines of cache.
inline std::size_t rounded(std::size_t words) { return (words + 15) / 16 * 16; }

// The steps that write a buffer and last read it, by their indices, and what is known of the place that it needs.
struct Lifetime {
  static constexpr std::int64_t kBefore = -1;          // before the first step
  static constexpr std::int64_t kForever = INT64_MAX;  // after the last one
  std::int64_t written = kBefore;
  std::int64_t last_read = kBefore;
  bool stored = true;           // false: passes within a chain or a strip, and has no place in the arena
  ChainStep* chain = nullptr;   // the chain that writes it,
  std::size_t instruction = 0;  // and by which instruction
  bool claimed = false;         // an output or a state has taken it
};

// An operand of a matmul: its rows and columns (after the transpose flag), and the parts of its leading axes, aligned
// with the result's.
struct Matrices {
  Axis lead, rows, columns;
};

[[noreturn]] void fail_for_memory(std::size_t limit);  // throws Error

class Planner {
 public:
  Planner(const Program& program, const cpu::Kernels& kernels, const cpu::ThreadPool& pool, const PlanOptions& options);
  Plan plan();

 private:
  struct Chain {
    ChainStep* step;
    std::int64_t index;  // among the steps
    std::vector<BufferId> results;
  };
  // Steps begin ... end - 1, to be run by strips of rows.
  struct Strip {
    std::size_t begin, end;
    StripStep::Rows rows;
    std::vector<StripStep::Passing> passing;
    std::vector<BufferId> others;
  };
  // An operand of an elementwise operation.
  struct ChainOperand {
    Place place;
    cpu::CopyArgs layout;
    bool whole;  // all words of the buffer, in order
  };

  // plan.cpp: values
  const Shape& shape(std::size_t value) const { return program_.shape(value); }
  std::size_t count(std::size_t value) const { return paragon::count(shape(value)); }
  BufferId new_buffer(Home home, std::uint32_t index, std::size_t words);
  BufferId constant(Word word);
  bool is_constant(const View& view) const { return plan_.buffers[view.buffer].home == Home::constant; }
  const View& view(std::size_t value);  // with the value's own shape
  // The value's words in row-major order, or with its axes in another order; a copy is planned if need be.
  Place dense(std::size_t value);
  Place arranged(std::size_t value, const Order& order);
  void find_needed();
  const std::vector<std::uint32_t>& inputs(std::size_t value) const;  // of the operation or composite that yields it
  void find_preferred_orders();

  // plan.cpp: steps
  template <class S>
  S& add_step() {
    auto step = std::make_unique<S>();
    S& reference = *step;
    plan_.steps.push_back(std::move(step));
    return reference;
  }
  std::int64_t here() const { return static_cast<std::int64_t>(plan_.steps.size()) - 1; }
  Place read(const Place& place);  // by the step added last
  Place write(std::size_t value);  // a new buffer for a value, written by the step added last
  Place write_words(std::size_t words);
  Place copied(const View& view);  // the words of a view in a new buffer
  void charge(std::uint64_t bytes);

  // plan.cpp and plan_ops.cpp: operations
  void plan_operation(std::size_t value);
  void view_operation(std::size_t value, const Operation& operation);
  void elementwise(std::size_t value, const Operation& operation);
  ChainOperand chain_operand(std::size_t operand, const Shape& out, const Order& order);
  Order chain_order(std::size_t value);
  bool may_join(const Chain& chain, const std::vector<ChainOperand>& operands) const;
  void kernel_operation(std::size_t value, const Operation& operation);
  void matmul(std::size_t value, const Operation& operation);
  std::pair<Matrices, Matrices> matmul_operands(std::size_t value, const Operation& operation);
  void fill_with_zero(std::size_t value);
  void reduce(std::size_t value, const Operation& operation);
  void scan(std::size_t value, const Operation& operation);
  void window(std::size_t value, const Operation& operation);
  void index(std::size_t value, const Operation& operation);
  void fft(std::size_t value, const Operation& operation);
  void pad(std::size_t value, const Operation& operation);
  void concat(std::size_t value, const Operation& operation);
  void one_hot(std::size_t value, const Operation& operation);
  void bits(std::size_t value, const Operation& operation);
  void bind_results();

  // strips.cpp
  void find_strips();
  bool joins_strip(std::size_t begin, std::size_t end, std::size_t rows) const;
  void add_strip(std::size_t begin, std::size_t end, std::size_t rows, std::size_t chain_words);
  void join_strips();

  // memory.cpp
  void finish_chains();
  void place_states();
  void place_arena();
  void sum_up();

  const Program& program_;
  const cpu::Kernels& kernels_;
  const cpu::ThreadPool& pool_;
  PlanOptions options_;
  Plan plan_;
  std::unordered_map<std::size_t, Composite> composites_;  // by value
  std::vector<View> views_;                                // by value
  std::vector<bool> needed_;                               // by value
  std::vector<Order> preferred_orders_;  // by value: the order of its axes in memory that suits its reader; empty: any
  std::vector<Lifetime> lifetimes_;      // by buffer
  std::vector<BufferId> states_;         // the buffer of each state
  std::unordered_map<Word, BufferId> constants_;
  std::vector<Chain> chains_;
  std::unordered_map<std::size_t, std::vector<std::size_t>> open_;  // chains that may still grow, by element count
  std::vector<Strip> strips_;
  std::vector<std::vector<BufferId>> written_;              // by step: the stored buffers that it writes
  std::vector<std::pair<std::uint32_t, BufferId>> claims_;  // states and the buffers that become their new words
  std::set<std::pair<std::size_t, bool>> fft_plans_;        // charged for: the points, and whether they are real
  std::size_t fft_scratch_ = 0;                             // charged for: the most that a step needs while it runs
  std::size_t charged_ = 0;                                 // at most the limit
};

}  // namespace paragon
