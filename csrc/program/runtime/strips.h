// Strips: consecutive steps over the same rows, elementwise chains and reductions of rows (a softmax, a layer norm),
// run one after another on some rows at a time. What passes between them has memory for these rows only and stays in
// the second-level cache.
#pragma once

#include <memory>
#include <vector>

#include "program/runtime/plan.h"

namespace paragon {

class StripStep final : public Step {
 public:
  // All rows, and how many of them are taken at a time.
  struct Rows {
    std::size_t count, at_once;
    std::size_t words;  // that all steps write for a row
  };
  // A buffer that only these steps use: words in a row, and the first word of its rows in the scratch of a lane.
  struct Passing {
    BufferId buffer;
    std::size_t row;
    std::size_t position;
  };
  // `steps`: RowSteps. `others`: the other buffers that they use. `buffers`: how many the plan has.
  StripStep(std::vector<std::unique_ptr<Step>> steps, const Rows& rows, std::vector<Passing> passing,
            std::vector<BufferId> others, std::size_t buffers);
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;

 private:
  void run_strip(const Context& context, Word** addresses, std::size_t lane, std::size_t first, std::size_t last) const;

  std::vector<std::unique_ptr<Step>> steps_;
  Rows rows_;
  std::vector<Passing> passing_;
  std::vector<BufferId> others_;
  std::size_t buffers_;
};

}  // namespace paragon
