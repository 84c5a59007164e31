// Training jobs (docs/files.md): a program, its first state and the data to train it on, in one safetensors file.
#pragma once

#include <vector>

#include "program/formats/model.h"

namespace paragon {

inline constexpr char kJobFormat[] = "paragon-job";

struct Schedule {
  std::size_t steps = 0, batch = 0;
  Word seed[2] = {0, 0};
};

// A job without the words of its tensors, checked.
struct JobOutline {
  std::shared_ptr<const Program> program;
  Schedule schedule;
  std::size_t rows = 0;             // 0: no input has data
  std::vector<const Tensor*> data;  // of the file, one an input; null for the seed
};

// One input of the job: the rows of its data, from which each step takes a batch. The seed has none, and stays.
struct Feed {
  std::vector<Word> rows;
  std::size_t width = 0;  // words a row; 0 rows for the seed
  bool fixed = false;
};

struct Job {
  Model model;
  Schedule schedule;
  std::size_t rows = 0;  // 0: no input has data
  std::vector<Feed> feeds;
};

JobOutline outline_job(const TensorFile& file);  // throws Error
Job read_job(const TensorFile& file);            // throws Error

}  // namespace paragon
