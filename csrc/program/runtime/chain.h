// A chain: elementwise operations over the same number of elements, run block by block, so that what passes between
// them stays in the first-level cache and only the operands and the results that others read touch memory.
//
// An operand is dense (element i is word i), one word for all, or a pattern: a broadcast or sliced array whose words
// are laid out for each block. Every instruction is one call of a kernel for each block.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/movement.h"
#include "program/runtime/plan.h"

namespace paragon {

class ChainStep final : public RowStep {
 public:
  static constexpr std::size_t kBlock = 1024;  // words; a dozen of such blocks fit a first-level cache
  static constexpr std::size_t kMaxSources = 32;
  static constexpr std::size_t kMaxInstructions = 64;

  // Registers: the sources are 0 ... kMaxSources-1, the result of instruction j is kMaxSources + j.
  using Register = std::uint8_t;
  static Register result(std::size_t instruction) { return static_cast<Register>(kMaxSources + instruction); }

  explicit ChainStep(std::size_t n) : n_(n) {}

  std::size_t n() const { return n_; }
  std::size_t instructions() const { return instructions_.size(); }
  std::size_t sources() const { return sources_.size(); }

  // The source that reads this, or sources() if there is none yet. `layout` is a simplified copy from `place`
  // to n dense words.
  std::size_t find(const Place& place, const cpu::CopyArgs& layout) const;
  Register add_source(const Place& place, const cpu::CopyArgs& layout);
  // `cost` is relative to an addition.
  void add(const char* name, cpu::ElementwiseKernel kernel, const std::vector<Register>& operands, std::size_t cost);

  // True if the result of an instruction may be written over a buffer of n words: the chain reads that buffer
  // in no way but word i for element i, and not after the instruction.
  bool may_overwrite(BufferId buffer, std::size_t instruction) const;

  // Ends the construction: where each result is stored; unstored ones get room in the scratch.
  struct Stored {
    bool stored = false;
    Place place;
  };
  void finish(const std::vector<Stored>& results);
  std::size_t scratch_words() const { return scratch_blocks_ * block_; }  // for each thread

  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
  std::vector<BufferId> operands() const override;
  bool rows_apart(std::size_t rows, const WordsInStrip& written) const override;
  void run_rows(const Context& context, Word* scratch, std::size_t rows, std::size_t first,
                std::size_t last) const override;

 private:
  enum class Kind : std::uint8_t { dense, scalar, pattern };
  struct Source {
    Place place;
    cpu::CopyArgs layout{};
    Kind kind{};
    bool repeats = false;  // every whole block has the same words
    std::size_t room = 0;  // a pattern's block of the scratch
  };
  struct Instruction {
    const char* name;
    cpu::ElementwiseKernel kernel;
    Register operands[3];
    std::uint8_t count;
  };
  struct Result {
    bool stored = false;
    Place place;
    std::size_t room = 0;
  };

  void choose_block();
  void run_blocks(const Context& context, Word* scratch, std::size_t first, std::size_t last) const;
  cpu::Operand bind_pattern(const Source& source, const Word* base, Word* room, std::size_t start,
                            std::size_t count) const;

  std::size_t n_;
  std::size_t block_ = kBlock;
  std::size_t cost_ = 0;
  std::size_t scratch_blocks_ = 0;
  std::vector<Source> sources_;
  std::vector<Instruction> instructions_;
  std::vector<Result> results_;
};

}  // namespace paragon
