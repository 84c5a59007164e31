// Builds a chain (its sources and instructions, and which results share a block of scratch), and runs it by blocks.
#include "program/runtime/chain.h"

#include <algorithm>
#include <cstring>

#include "cpu/divide_up.h"
#include "program/runtime/describe.h"
#include "program/runtime/tasks.h"

namespace paragon {

namespace {

constexpr std::size_t kShortRun = 4;  // words that are filled at once

bool same_layout(const cpu::CopyArgs& a, const cpu::CopyArgs& b) {
  return a.rank == b.rank && std::equal(a.shape, a.shape + a.rank, b.shape) &&
         std::equal(a.src_stride, a.src_stride + a.rank, b.src_stride);
}

// Words start ... start + count - 1 of a pattern.
void expand(const cpu::CopyArgs& layout, const Word* base, std::size_t start, std::size_t count, Word* out) {
  const std::size_t last = layout.rank - 1;
  std::size_t index[cpu::kMaxCopyRank];
  const Word* at = base;
  for (std::size_t k = layout.rank; k-- > 0;) {
    index[k] = start % layout.shape[k];
    start /= layout.shape[k];
    at += static_cast<std::ptrdiff_t>(index[k]) * layout.src_stride[k];
  }
  const std::ptrdiff_t step = layout.src_stride[last];
  for (;;) {
    const std::size_t run = std::min(layout.shape[last] - index[last], count);
    if (step == 0 && run <= kShortRun && count >= kShortRun) {
      std::fill_n(out, kShortRun, *at);  // a fixed number; what follows overwrites words too many
    } else if (step == 0) {
      std::fill_n(out, run, *at);
    } else {
      std::memcpy(out, at, run * sizeof(Word));
    }
    out += run;
    count -= run;
    if (count == 0) return;
    at -= static_cast<std::ptrdiff_t>(index[last]) * step;
    index[last] = 0;
    for (std::size_t k = last; k-- > 0;) {
      at += layout.src_stride[k];
      if (++index[k] < layout.shape[k]) break;
      at -= static_cast<std::ptrdiff_t>(layout.shape[k]) * layout.src_stride[k];
      index[k] = 0;
    }
  }
}

}  // namespace

std::size_t ChainStep::find(const Place& place, const cpu::CopyArgs& layout) const {
  const auto same = [&](const Source& s) {
    return s.place.buffer == place.buffer && s.place.offset == place.offset && same_layout(s.layout, layout);
  };
  return static_cast<std::size_t>(std::find_if(sources_.begin(), sources_.end(), same) - sources_.begin());
}

ChainStep::Register ChainStep::add_source(const Place& place, const cpu::CopyArgs& layout) {
  const std::size_t known = find(place, layout);
  if (known == sources_.size()) {
    const bool line = layout.rank == 1;
    const Kind kind = line && (layout.src_stride[0] == 1 || n_ == 1) ? Kind::dense
                      : line && layout.src_stride[0] == 0            ? Kind::scalar
                                                                     : Kind::pattern;
    sources_.push_back({place, layout, kind, false, 0});
  }
  return static_cast<Register>(known);
}

void ChainStep::add(const char* name, cpu::ElementwiseKernel kernel, const std::vector<Register>& operands,
                    std::size_t cost) {
  Instruction instruction{name, kernel, {}, static_cast<std::uint8_t>(operands.size())};
  std::copy(operands.begin(), operands.end(), instruction.operands);
  instructions_.push_back(instruction);
  cost_ += cost;
}

bool ChainStep::may_overwrite(BufferId buffer, std::size_t instruction) const {
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    if (source.place.buffer != buffer) continue;
    if (source.kind != Kind::dense || source.place.offset != 0) return false;
    for (std::size_t j = instruction + 1; j < instructions_.size(); ++j) {
      const Instruction& later = instructions_[j];
      if (std::find(later.operands, later.operands + later.count, s) != later.operands + later.count) return false;
    }
  }
  return true;
}

// Whole runs of a pattern to a block where they fit, so that a row repeats from block to block.
void ChainStep::choose_block() {
  std::size_t run = 1;
  for (const Source& source : sources_) {
    if (source.kind != Kind::pattern) continue;
    const std::size_t length = source.layout.shape[source.layout.rank - 1];
    if (length <= kBlock) run = std::max(run, length);
  }
  block_ = std::min(n_, kBlock / run * run);
  for (Source& source : sources_) {
    if (source.kind != Kind::pattern) continue;
    const cpu::CopyArgs& l = source.layout;
    source.repeats = l.rank == 2 && l.src_stride[0] == 0 && block_ % l.shape[1] == 0;
  }
}

void ChainStep::finish(const std::vector<Stored>& results) {
  choose_block();
  for (Source& source : sources_) {
    if (source.kind == Kind::pattern) source.room = scratch_blocks_++;
  }
  std::vector<std::size_t> last_read(instructions_.size());
  for (std::size_t j = 0; j < instructions_.size(); ++j) {
    last_read[j] = j;
    for (std::size_t i = 0; i < instructions_[j].count; ++i) {
      const Register r = instructions_[j].operands[i];
      if (r >= kMaxSources) last_read[r - kMaxSources] = j;
    }
  }
  std::vector<std::size_t> free_rooms;
  results_.resize(instructions_.size());
  for (std::size_t j = 0; j < instructions_.size(); ++j) {
    // A result may take the room of an operand that ends here: kernels allow it.
    for (std::size_t i = 0; i < j; ++i) {
      if (last_read[i] == j && !results_[i].stored) free_rooms.push_back(results_[i].room);
    }
    results_[j] = {results[j].stored, results[j].place, 0};
    if (results[j].stored) continue;
    if (free_rooms.empty()) free_rooms.push_back(scratch_blocks_++);
    results_[j].room = free_rooms.back();
    free_rooms.pop_back();
    if (last_read[j] == j) free_rooms.push_back(results_[j].room);
  }
}

cpu::Operand ChainStep::bind_pattern(const Source& source, const Word* base, Word* room, std::size_t start,
                                     std::size_t count) const {
  const cpu::CopyArgs& layout = source.layout;
  const std::size_t run = layout.shape[layout.rank - 1];
  if (start % run + count > run) {
    expand(layout, base, start, count, room);
    return {room, false};
  }
  // The block lies within one run: no copy.
  const Word* at = base;
  for (std::size_t k = layout.rank; k-- > 0;) {
    at += static_cast<std::ptrdiff_t>(start % layout.shape[k]) * layout.src_stride[k];
    start /= layout.shape[k];
  }
  return {at, layout.src_stride[layout.rank - 1] == 0};
}

void ChainStep::run_blocks(const Context& context, Word* scratch, std::size_t first, std::size_t last) const {
  cpu::Operand registers[kMaxSources + kMaxInstructions];
  Word* outs[kMaxInstructions];
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    if (source.kind != Kind::pattern) {
      const Word* base = context.at(source.place);
      registers[s] = {source.kind == Kind::dense ? base + first : base, source.kind == Kind::scalar};
    }
  }
  for (std::size_t j = 0; j < results_.size(); ++j) {
    outs[j] = results_[j].stored ? context.at(results_[j].place) + first : scratch + results_[j].room * block_;
    registers[kMaxSources + j] = {outs[j], false};
  }
  for (std::size_t start = first; start < last; start += block_) {
    const std::size_t count = std::min(block_, last - start);
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      const Source& source = sources_[s];
      if (source.kind == Kind::pattern && !(source.repeats && start > first)) {
        registers[s] = bind_pattern(source, context.at(source.place), scratch + source.room * block_, start, count);
      }
    }
    for (std::size_t j = 0; j < instructions_.size(); ++j) {
      const Instruction& instruction = instructions_[j];
      cpu::Operand operands[3];
      for (std::size_t i = 0; i < instruction.count; ++i) operands[i] = registers[instruction.operands[i]];
      instruction.kernel(operands, outs[j], count);
    }
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      if (sources_[s].kind == Kind::dense) registers[s].data = static_cast<const Word*>(registers[s].data) + count;
    }
    for (std::size_t j = 0; j < results_.size(); ++j) {
      if (results_[j].stored) {
        outs[j] += count;
        registers[kMaxSources + j].data = outs[j];
      }
    }
  }
}

std::vector<BufferId> ChainStep::operands() const {
  std::vector<BufferId> buffers;
  for (const Source& source : sources_) buffers.push_back(source.place.buffer);
  return buffers;
}

bool ChainStep::rows_apart(std::size_t rows, const WordsInStrip& written) const {
  if (n_ % rows != 0) return false;
  return std::all_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    const std::size_t words = written(source.place.buffer);
    if (words == 0) return true;
    if (source.place.offset != 0 || words % rows != 0) return false;
    if (source.kind == Kind::dense) return words == n_;
    // The outermost axis of a pattern goes over the rows, the others stay within one.
    const cpu::CopyArgs& layout = source.layout;
    const auto row = static_cast<std::ptrdiff_t>(words / rows);
    std::ptrdiff_t within = 0;
    for (std::size_t k = 1; k < layout.rank; ++k) {
      if (layout.src_stride[k] < 0) return false;
      within += static_cast<std::ptrdiff_t>(layout.shape[k] - 1) * layout.src_stride[k];
    }
    return source.kind == Kind::pattern && layout.shape[0] == rows && layout.src_stride[0] == row && within < row;
  });
}

void ChainStep::run_rows(const Context& context, Word* scratch, std::size_t rows, std::size_t first,
                         std::size_t last) const {
  const std::size_t row = n_ / rows;
  run_blocks(context, scratch, first * row, last * row);
}

void ChainStep::run(const Context& context) const {
  const std::size_t blocks = cpu::divide_up(n_, block_);
  const std::size_t tasks = std::clamp<std::size_t>(n_ * cost_ / kChainTaskCost, 1, std::min(context.lanes, blocks));
  context.pool.parallel_for(tasks, [&](std::size_t t) {
    const std::size_t first = blocks * t / tasks * block_, last = std::min(n_, blocks * (t + 1) / tasks * block_);
    run_blocks(context, context.scratch + t * context.lane_words, first, last);
  });
}

void ChainStep::describe(PlanText& text) const {
  text.open(join("chain over ", n_, n_ == 1 ? " element" : " elements"));
  for (std::size_t j = 0; j < instructions_.size(); ++j) {
    const Instruction& instruction = instructions_[j];
    std::vector<std::string> reads;
    for (std::size_t i = 0; i < instruction.count; ++i) {
      const Register r = instruction.operands[i];
      reads.push_back(r < kMaxSources ? text.place(sources_[r].place) : text.number(r - kMaxSources));
    }
    text.line(instruction.name, reads, results_[j].stored ? text.result(results_[j].place) : "in cache");
  }
  text.close();
}

}  // namespace paragon
