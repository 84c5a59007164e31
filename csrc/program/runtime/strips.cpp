// Finds the steps of a plan that can run by strips, decides where that pays, and runs them.
#include "program/runtime/strips.h"

#include <algorithm>
#include <set>

#include "cpu/divide_up.h"
#include "cpu/scratch.h"
#include "program/runtime/describe.h"
#include "program/runtime/planner.h"
#include "program/runtime/tasks.h"

namespace paragon {

namespace {

using cpu::divide_up;

const RowStep* row_step(const std::unique_ptr<Step>& step) { return dynamic_cast<const RowStep*>(step.get()); }

// The rows of which a step makes one number each; 0 for other steps.
std::size_t reduced_rows(const std::unique_ptr<Step>& step) {
  const auto* reduce = dynamic_cast<const ReduceStep*>(step.get());
  return reduce != nullptr && reduce->args.inner == 1 ? reduce->args.outer : 0;
}

}  // namespace

StripStep::StripStep(std::vector<std::unique_ptr<Step>> steps, const Rows& rows, std::vector<Passing> passing,
                     std::vector<BufferId> others, std::size_t buffers)
    : steps_(std::move(steps)),
      rows_(rows),
      passing_(std::move(passing)),
      others_(std::move(others)),
      buffers_(buffers) {}

void StripStep::run_strip(const Context& context, Word** addresses, std::size_t lane, std::size_t first,
                          std::size_t last) const {
  Word* scratch = context.scratch + lane * context.lane_words;
  // The steps count rows from 0, the scratch begins with row `first`: the address is where row 0 would be. It is
  // computed as an integer, since no array lies there.
  for (const Passing& p : passing_) {
    const auto row_first = reinterpret_cast<std::uintptr_t>(scratch + p.position);
    addresses[p.buffer] = reinterpret_cast<Word*>(row_first - first * p.row * sizeof(Word));
  }
  const Context here{.buffers = addresses,
                     .scratch = context.scratch,
                     .lanes = context.lanes,
                     .lane_words = context.lane_words,
                     .pool = context.pool};
  for (const auto& step : steps_) static_cast<const RowStep&>(*step).run_rows(here, scratch, rows_.count, first, last);
}

void StripStep::run(const Context& context) const {
  const std::size_t n = rows_.count, strips = divide_up(n, rows_.at_once);
  const std::size_t worth = n * rows_.words / kStripTaskWords;
  const std::size_t tasks = std::clamp<std::size_t>(worth, 1, std::min(context.lanes, strips));
  context.pool.parallel_for(tasks, [&](std::size_t t) {
    const cpu::Scratch table(buffers_ * sizeof(Word*));
    Word** addresses = table.as<Word*>();
    for (const BufferId buffer : others_) addresses[buffer] = context.buffers[buffer];
    for (std::size_t s = strips * t / tasks; s < strips * (t + 1) / tasks; ++s) {
      run_strip(context, addresses, t, s * rows_.at_once, std::min((s + 1) * rows_.at_once, n));
    }
  });
}

void StripStep::describe(PlanText& text) const {
  std::string kept;
  for (const Passing& p : passing_) kept += (kept.empty() ? "; in scratch: " : ", ") + text.place({p.buffer, 0});
  text.open(join("strip of ", rows_.count, " rows, ", rows_.at_once, " at a time", kept));
  for (const auto& step : steps_) step->describe(text);
  text.close();
}

// Whether step `end` may be added to the strip of steps begin ... end - 1. It must work on the same rows, and read
// something that the strip writes, for else nothing is gained. It must not write the new words of a state: these may
// take the place of the old ones only if the old ones have been read before, and a strip is not done with them before
// its last rows.
bool Planner::joins_strip(std::size_t begin, std::size_t end, std::size_t rows) const {
  const RowStep* step = row_step(plan_.steps[end]);
  if (step == nullptr) return false;
  const auto written = [&](BufferId buffer) {
    const std::int64_t when = lifetimes_[buffer].written;
    const bool here = when >= static_cast<std::int64_t>(begin) && when < static_cast<std::int64_t>(end);
    return here ? plan_.buffers[buffer].words : 0;
  };
  const auto is_state = [&](BufferId buffer) {
    return lifetimes_[buffer].claimed && plan_.buffers[buffer].home == Home::arena;
  };
  const std::vector<BufferId> operands = step->operands();
  const bool reads = end == begin || std::any_of(operands.begin(), operands.end(), written);
  return reads && std::none_of(written_[end].begin(), written_[end].end(), is_state) && step->rows_apart(rows, written);
}

// A strip is as long as steps fit together. It has at least one reduction of rows, and the first one says how many rows
// there are.
void Planner::find_strips() {
  const std::size_t steps = plan_.steps.size(), chain_words = rounded(plan_.lane_words);
  written_.resize(steps);
  for (BufferId buffer = 0; buffer < plan_.buffers.size(); ++buffer) {
    const Lifetime& lifetime = lifetimes_[buffer];
    if (!lifetime.stored || lifetime.written == Lifetime::kBefore) continue;
    written_[static_cast<std::size_t>(lifetime.written)].push_back(buffer);
  }
  // For each step the first reduction of rows from there on that only RowSteps lead to; `steps` if there is none.
  std::vector<std::size_t> reduction(steps + 1, steps);
  for (std::size_t i = steps; i-- > 0;) {
    if (row_step(plan_.steps[i]) != nullptr) reduction[i] = reduced_rows(plan_.steps[i]) > 0 ? i : reduction[i + 1];
  }
  for (std::size_t begin = 0, end; begin < steps; begin = end) {
    end = begin;
    const std::size_t first = reduction[begin];
    const std::size_t rows = first < steps ? reduced_rows(plan_.steps[first]) : 0;
    while (rows > 1 && end < steps && joins_strip(begin, end, rows)) ++end;
    if (end > first && end > begin + 1) add_strip(begin, end, rows, chain_words);
    end = std::max(end, begin + 1);
  }
}

// What passes between these steps alone goes to the scratch; whatever else they write or read lives from the first to
// the last.
void Planner::add_strip(std::size_t begin, std::size_t end, std::size_t rows, std::size_t chain_words) {
  const auto first = static_cast<std::int64_t>(begin), last = static_cast<std::int64_t>(end) - 1;
  std::set<BufferId> buffers;
  std::size_t words = 0;
  for (std::size_t s = begin; s < end; ++s) {
    for (const BufferId buffer : row_step(plan_.steps[s])->operands()) buffers.insert(buffer);
    for (const BufferId buffer : written_[s]) {
      buffers.insert(buffer);
      words += plan_.buffers[buffer].words;
    }
  }
  const StripSizes& sizes = options_.strips;
  const std::size_t row_words = divide_up(words, rows), at_once = sizes.rows_at_once(row_words);
  if (!sizes.fit(rows, row_words, pool_.threads())) return;
  Strip strip{begin, end, {rows, at_once, row_words}, {}, {}};
  std::size_t position = chain_words;
  for (const BufferId buffer : buffers) {
    Lifetime& lifetime = lifetimes_[buffer];
    if (lifetime.written >= first && lifetime.last_read <= last && plan_.buffers[buffer].home == Home::arena) {
      const std::size_t row = plan_.buffers[buffer].words / rows;
      strip.passing.push_back({buffer, row, position});
      position += rounded(row * at_once);
      lifetime.stored = false;
    } else {
      strip.others.push_back(buffer);
      if (lifetime.written > first) lifetime.written = first;
      if (lifetime.last_read < last) lifetime.last_read = last;
    }
  }
  plan_.lane_words = std::max(plan_.lane_words, position);
  strips_.push_back(std::move(strip));
}

void Planner::join_strips() {
  std::vector<std::unique_ptr<Step>> steps;
  std::size_t next = 0;
  const auto take = [&](std::size_t end, std::vector<std::unique_ptr<Step>>& to) {
    for (; next < end; ++next) to.push_back(std::move(plan_.steps[next]));
  };
  for (Strip& strip : strips_) {
    take(strip.begin, steps);
    std::vector<std::unique_ptr<Step>> inside;
    take(strip.end, inside);
    steps.push_back(std::make_unique<StripStep>(std::move(inside), strip.rows, std::move(strip.passing),
                                                std::move(strip.others), plan_.buffers.size()));
  }
  take(plan_.steps.size(), steps);
  plan_.steps = std::move(steps);
}

}  // namespace paragon
