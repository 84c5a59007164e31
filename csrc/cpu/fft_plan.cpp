#include "cpu/fft_plan.h"

#include "contract/fft.h"

namespace paragon::cpu {

std::shared_ptr<const FftPlan> fft_plan(std::size_t n) { return std::make_shared<const FftPlan>(n); }
std::size_t fft_plan_bytes(std::size_t n) { return 64 * n; }

void fft_scalar(const FftArgs& args, ThreadPool&) {
  contract::fft(args.x, args.out, args.rows, args.n, args.inverse, args.scale);
}
void rfft_scalar(const FftArgs& args, ThreadPool&) { contract::rfft(args.x, args.out, args.rows, args.n, args.scale); }
void irfft_scalar(const FftArgs& args, ThreadPool&) { contract::irfft(args.x, args.out, args.rows, args.n, args.scale); }

}  // namespace paragon::cpu
