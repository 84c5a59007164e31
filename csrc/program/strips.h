// Strips: consecutive steps over the same rows, elementwise chains and reductions of rows (a softmax, a layer norm),
// run one after another on some rows at a time. What passes between them has memory for these rows only and stays in
// the second-level cache.
#pragma once

#include <memory>
#include <vector>

#include "plan.h"

namespace paragon {

class StripStep final : public Step {
 public:
  // A buffer that only these steps use: words in a row, and the first word of its rows in the scratch of a lane.
  struct Passing {
    BufferId buffer;
    std::size_t row;
    std::size_t position;
  };
  // `steps`: RowSteps. `row_words`: what they write for a row. `strip`: rows at a time. `buffers`: how many the plan
  // has.
  StripStep(std::vector<std::unique_ptr<Step>> steps, std::size_t rows, std::size_t row_words, std::size_t strip,
            std::vector<Passing> passing, std::size_t buffers);
  void run(const Context& context) const override;

 private:
  void run_strip(const Context& context, Word** addresses, std::size_t lane, std::size_t first, std::size_t last) const;

  std::vector<std::unique_ptr<Step>> steps_;
  std::size_t rows_, row_words_, strip_;
  std::vector<Passing> passing_;
  std::size_t buffers_;
};

}  // namespace paragon
