// Where buffers lie: states in place or doubled, everything else in one arena, reused as soon as nobody reads it.
#include <algorithm>
#include <map>
#include <set>

#include "program/error.h"
#include "program/runtime/planner.h"

namespace paragon {

namespace {

// Free stretches of the arena, which grows up to the memory limit, in bytes; takes the smallest that fits.
class Arena {
 public:
  explicit Arena(std::size_t memory_limit) : memory_limit_(memory_limit) {}

  std::size_t take(std::size_t words) {
    const auto fit = by_size_.lower_bound({words, 0});
    if (fit == by_size_.end()) {
      if (words > memory_limit_ / sizeof(Word) - end_) fail_for_memory(memory_limit_);
      const std::size_t position = end_;
      end_ += words;
      return position;
    }
    const auto [size, position] = *fit;
    erase(position, size);
    if (size > words) insert(position + words, size - words);
    return position;
  }

  void give(std::size_t position, std::size_t words) {
    auto next = by_position_.lower_bound(position);
    if (next != by_position_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == position) {
        const auto [start, size] = *before;
        erase(start, size);
        position = start;
        words += size;
      }
    }
    next = by_position_.lower_bound(position);
    if (next != by_position_.end() && position + words == next->first) {
      const auto [start, size] = *next;
      erase(start, size);
      words += size;
    }
    insert(position, words);
  }

  std::size_t end() const { return end_; }

 private:
  void insert(std::size_t position, std::size_t words) {
    by_position_.emplace(position, words);
    by_size_.emplace(words, position);
  }
  void erase(std::size_t position, std::size_t words) {
    by_position_.erase(position);
    by_size_.erase({words, position});
  }

  std::size_t memory_limit_, end_ = 0;
  std::map<std::size_t, std::size_t> by_position_;
  std::set<std::pair<std::size_t, std::size_t>> by_size_;
};

}  // namespace

void Planner::finish_chains() {
  for (const Chain& chain : chains_) {
    std::vector<ChainStep::Stored> results;
    for (const BufferId buffer : chain.results) {
      Lifetime& lifetime = lifetimes_[buffer];
      lifetime.stored = lifetime.last_read > chain.index;
      results.push_back({lifetime.stored, {buffer, 0}});
    }
    chain.step->finish(results);
    plan_.lane_words = std::max(plan_.lane_words, chain.step->scratch_words());
  }
}

// A claimed buffer becomes the state itself if nobody reads the old words after they are overwritten: if they are last
// read by an earlier step, or by the chain that writes the new ones, which reads each of them before.
void Planner::place_states() {
  for (const auto& [state, claimed] : claims_) {
    const Lifetime& lifetime = lifetimes_[claimed];
    const Lifetime& old = lifetimes_[states_[state]];
    const bool read_before = old.last_read < lifetime.written;
    const bool read_meanwhile = old.last_read == lifetime.written && lifetime.chain != nullptr &&
                                lifetime.chain->may_overwrite(states_[state], lifetime.instruction);
    Buffer& buffer = plan_.buffers[claimed];
    buffer.index = state;
    buffer.home = read_before || read_meanwhile ? Home::state : Home::next;
    if (buffer.home == Home::state) {
      plan_.in_place = true;
    } else {
      plan_.swapped.push_back(state);
    }
  }
}

void Planner::place_arena() {
  const std::size_t steps = plan_.steps.size();
  std::vector<std::vector<BufferId>> begins(steps), ends(steps);
  for (BufferId b = 0; b < plan_.buffers.size(); ++b) {
    const Lifetime& lifetime = lifetimes_[b];
    if (plan_.buffers[b].home != Home::arena || lifetime.written == Lifetime::kBefore || !lifetime.stored) continue;
    begins[static_cast<std::size_t>(lifetime.written)].push_back(b);
    const std::int64_t end = std::max(lifetime.last_read, lifetime.written);
    if (end < static_cast<std::int64_t>(steps)) ends[static_cast<std::size_t>(end)].push_back(b);
  }
  Arena arena(options_.memory_limit);
  std::vector<bool> inherited(plan_.buffers.size());
  for (std::size_t s = 0; s < steps; ++s) {
    for (const BufferId b : begins[s]) {
      const Lifetime& lifetime = lifetimes_[b];
      const auto heir_of = [&](BufferId old) {
        return !inherited[old] && plan_.buffers[old].words == plan_.buffers[b].words &&
               lifetime.chain->may_overwrite(old, lifetime.instruction);
      };
      const auto old =
          lifetime.chain == nullptr ? ends[s].end() : std::find_if(ends[s].begin(), ends[s].end(), heir_of);
      if (old != ends[s].end()) {
        inherited[*old] = true;
        plan_.buffers[b].position = plan_.buffers[*old].position;
      } else {
        plan_.buffers[b].position = arena.take(rounded(plan_.buffers[b].words));
      }
    }
    for (const BufferId b : ends[s]) {
      if (!inherited[b]) arena.give(plan_.buffers[b].position, rounded(plan_.buffers[b].words));
    }
  }
  plan_.arena_words = arena.end();
}

void Planner::sum_up() {
  charge(std::uint64_t{plan_.arena_words} * sizeof(Word));
  charge(std::uint64_t{plan_.lane_words} * pool_.threads() * sizeof(Word));
  for (const Buffer& buffer : plan_.buffers) {
    if (buffer.home == Home::constant || buffer.home == Home::next)
      charge(std::uint64_t{rounded(buffer.words)} * sizeof(Word));
  }
  plan_.bytes = charged_ - options_.taken;
}

}  // namespace paragon
