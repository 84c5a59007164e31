// The steps of a plan that call one kernel each. Arguments are complete but for the addresses.
#pragma once

#include <memory>
#include <vector>

#include "cpu/fft_plan.h"
#include "cpu/movement.h"
#include "program/runtime/plan.h"

namespace paragon {

struct MatmulStep final : RowStep {
  void (*kernel)(const cpu::MatmulArgs&, cpu::ThreadPool&) = nullptr;
  cpu::MatmulArgs args{};
  Place a, b, c;
  std::vector<std::size_t> a_offset, b_offset;
  void transpose();  // c = b^T . a^T instead
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
  std::vector<BufferId> operands() const override { return {a.buffer, b.buffer}; }
  bool rows_apart(std::size_t rows, const WordsInStrip& written) const override;
  void run_rows(const Context& context, Word* scratch, std::size_t rows, std::size_t first,
                std::size_t last) const override;
};

struct ReduceStep final : RowStep {
  Op op{};
  void (*kernel)(const cpu::ReduceArgs&, cpu::ThreadPool&) = nullptr;
  cpu::ReduceArgs args{};
  Place x, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
  std::vector<BufferId> operands() const override { return {x.buffer}; }
  bool rows_apart(std::size_t rows, const WordsInStrip& written) const override;
  void run_rows(const Context& context, Word* scratch, std::size_t rows, std::size_t first,
                std::size_t last) const override;
};

struct ScanStep final : Step {
  void (*kernel)(const cpu::ScanArgs&, cpu::ThreadPool&) = nullptr;
  cpu::ScanArgs args{};
  Place a, b, h0, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

struct WindowStep final : Step {
  Op op{};
  void (*kernel)(const cpu::WindowArgs&, cpu::ThreadPool&) = nullptr;
  cpu::WindowArgs args{};
  Place x, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

struct IndexStep final : Step {
  Op op{};
  void (*kernel)(const cpu::IndexArgs&, cpu::ThreadPool&) = nullptr;
  cpu::IndexArgs args{};
  Place x, indices, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

struct BitsStep final : Step {
  void (*kernel)(const cpu::BitsArgs&, cpu::ThreadPool&) = nullptr;
  cpu::BitsArgs args{};
  Place seed, step, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

struct FftStep final : Step {
  Op op{};
  void (*kernel)(const cpu::FftArgs&, cpu::ThreadPool&) = nullptr;
  std::shared_ptr<const cpu::FftPlan> plan;
  cpu::FftArgs args{};
  Place x, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

struct OneHotStep final : Step {
  std::size_t outer = 0, depth = 0, inner = 0;
  Place indices, out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

// Fills `out` with a word if asked to, then makes the copies: transpose, broadcast, slice, pad and concat.
struct CopyStep final : Step {
  struct Part {
    cpu::CopyArgs args{};
    Place from, to;
  };
  std::vector<Part> parts;
  bool filled = false;
  Word word = 0;
  std::size_t words = 0;
  Place out;
  void run(const Context& context) const override;
  void describe(PlanText& text) const override;
};

}  // namespace paragon
