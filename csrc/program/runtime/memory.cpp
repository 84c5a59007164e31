// Where buffers lie: states in place or doubled, everything else in one arena, reused as soon as nobody reads it.
#include <algorithm>
#include <map>
#include <set>

#include "program/error.h"
#include "program/runtime/planner.h"

namespace paragon {

namespace {

// Free stretches of the arena; takes the smallest that fits.
class Arena {
 public:
  std::size_t take(std::size_t words) {
    const auto fit = by_size_.lower_bound({words, 0});
    if (fit == by_size_.end()) {
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

  std::size_t end_ = 0;
  std::map<std::size_t, std::size_t> by_position_;
  std::set<std::pair<std::size_t, std::size_t>> by_size_;
};

}  // namespace

void Planner::finish_chains() {
  for (const Chain& chain : chains_) {
    std::vector<ChainStep::Stored> results;
    for (const BufferId buffer : chain.results) {
      Life& life = lives_[buffer];
      life.stored = life.last_read > chain.index;
      results.push_back({life.stored, {buffer, 0}});
    }
    chain.step->finish(results);
    plan_.lane_words = std::max(plan_.lane_words, chain.step->scratch_words());
  }
}

// A claimed buffer becomes the state itself if nobody reads the old words after they are overwritten.
void Planner::place_states() {
  for (const auto& [state, claimed] : claims_) {
    const Life& life = lives_[claimed];
    const Life& old = lives_[states_[state]];
    const bool over = old.last_read < life.written;
    const bool now = old.last_read == life.written && life.chain != nullptr &&
                     life.chain->may_overwrite(states_[state], life.instruction);
    Buffer& buffer = plan_.buffers[claimed];
    buffer.index = state;
    buffer.home = over || now ? Home::state : Home::next;
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
    const Life& life = lives_[b];
    if (plan_.buffers[b].home != Home::arena || life.written == Life::kBefore || !life.stored) continue;
    begins[static_cast<std::size_t>(life.written)].push_back(b);
    const std::int64_t end = std::max(life.last_read, life.written);
    if (end < static_cast<std::int64_t>(steps)) ends[static_cast<std::size_t>(end)].push_back(b);
  }
  Arena arena;
  std::vector<bool> inherited(plan_.buffers.size());
  for (std::size_t s = 0; s < steps; ++s) {
    for (const BufferId b : begins[s]) {
      const Life& life = lives_[b];
      const auto heir_of = [&](BufferId old) {
        return !inherited[old] && plan_.buffers[old].words == plan_.buffers[b].words &&
               life.chain->may_overwrite(old, life.instruction);
      };
      const auto old = life.chain == nullptr ? ends[s].end() : std::find_if(ends[s].begin(), ends[s].end(), heir_of);
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
  std::size_t words = plan_.arena_words + plan_.lane_words * pool_.threads();
  for (const Buffer& buffer : plan_.buffers) {
    if (buffer.home == Home::constant || buffer.home == Home::next) words += rounded(buffer.words);
  }
  charge(words * sizeof(Word));
  plan_.bytes = charged_;
}

}  // namespace paragon
