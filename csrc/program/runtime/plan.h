// The plan of a program: the steps that compute it, and where every array lies. All choices are made here, once, so
// that a run is a walk over the steps without allocation. The words do not depend on any of these choices.
//
//  - A value is a *view* of a buffer (view.h): reshape, transpose, broadcast and slice only change the view; a step
//    that needs the words in another order makes a copy, once. unfold, fold and what lies between them keep the
//    channels before the positions, so that all their rows are long.
//  - Elementwise operations are gathered into chains (chain.h) that run block by block in cache, and chains with the
//    reductions of rows between them into strips (strips.h).
//  - A buffer lives from the step that writes it to the last step that reads it, and its place in the arena is then
//    used again; an elementwise result takes the place of an operand that ends there.
//  - Outputs and updated states are written where they belong where possible. An updated state is written in place
//    when nobody reads the old words any more, else into a second array that then becomes the state.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/threads.h"
#include "program/program.h"
#include "program/runtime/view.h"

namespace paragon {

// A word within a buffer.
struct Place {
  BufferId buffer = 0;
  std::size_t offset = 0;
};

// What a step sees of a run.
struct Context {
  Word* const* buffers;
  Word* scratch;  // for each lane, that is for each task that runs at the same time
  std::size_t lanes;
  std::size_t lane_words;
  cpu::ThreadPool& pool;

  Word* at(const Place& place) const { return buffers[place.buffer] + place.offset; }
  template <class T>
  T* at(const Place& place) const {
    return reinterpret_cast<T*>(at(place));
  }
};

class PlanText;  // describe.h

class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;
  virtual void run(const Context& context) const = 0;
  virtual void describe(PlanText& text) const = 0;
};

// A step whose result consists of rows that can be computed apart (strips.h).
class RowStep : public Step {
 public:
  virtual std::vector<BufferId> operands() const = 0;  // the buffers that it reads
  // Of a buffer that earlier steps of the same strip write, the number of its words; of any other buffer 0.
  using WordsInStrip = std::function<std::size_t(BufferId)>;
  // Whether the result, cut into so many rows, can be computed row by row along with the earlier steps of its strip:
  // then row r reads of the buffers that they write only row r. Other buffers are complete before the strip begins, and
  // may be read anywhere.
  virtual bool rows_apart(std::size_t rows, const WordsInStrip& written) const = 0;
  // Computes rows first ... last - 1 of `rows`, with the scratch of one lane.
  virtual void run_rows(const Context& context, Word* scratch, std::size_t rows, std::size_t first,
                        std::size_t last) const = 0;
};

enum class Home : std::uint8_t {
  input,     // the caller's array number `index`
  state,     // the current words of state number `index`
  next,      // the second array of state number `index`
  output,    // the caller's array number `index`
  constant,  // `words` times the word `index`, filled in when the session opens
  arena,     // at `position` of the arena
};

struct Buffer {
  Home home = Home::arena;
  std::uint32_t index = 0;
  std::size_t words = 0;
  std::size_t position = 0;
};

struct Plan {
  std::vector<Buffer> buffers;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<std::uint32_t> swapped;  // the states whose second array becomes the current one after a run
  bool in_place = false;               // a run writes into a state before it ends
  std::size_t arena_words = 0;
  std::size_t lane_words = 0;  // scratch for each thread
  std::size_t bytes = 0;       // all memory that a session needs besides the states' current words
  std::vector<Place> values;   // with keep_all: where every value lies, row-major
};

// When steps are joined to a strip, and how large it is (strips.h). Tests have smaller ones.
struct StripSizes {
  std::size_t worth = std::size_t{1} << 17;  // words written, beyond which they are no longer in cache when read
  std::size_t words = std::size_t{1} << 15;  // written at once: an eighth of a second-level cache
  std::size_t rows = 16;                     // whole groups of so many rows, which a reduction takes together

  std::size_t rows_at_once(std::size_t row_words) const {
    return std::max(words / row_words / rows, std::size_t{1}) * rows;
  }
  // Rows that are too long do not stay in cache, and where they are few, not every thread would have some.
  bool fit(std::size_t n, std::size_t row_words, std::size_t threads) const {
    return row_words * n >= worth && row_words * rows <= 8 * words && rows_at_once(row_words) * threads <= n;
  }
};

struct PlanOptions {
  std::size_t memory_limit = 0;  // bytes
  std::size_t taken = 0;         // of them, by what is not the plan's: at most the limit
  bool keep_all = false;         // for observation: no chains, no strips, no reuse, no updates; every value stays
  StripSizes strips{};
};

// Throws Error when the plan needs more memory than the limit.
Plan make_plan(const Program& program, const cpu::Kernels& kernels, const cpu::ThreadPool& pool,
               const PlanOptions& options);

}  // namespace paragon
