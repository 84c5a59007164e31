// What the transforms of one length need besides the data, made once and shared by everyone who transforms that length:
// how the length is taken apart (docs/contract.md, section 7), and the twiddles in the order that the kernels need.
//
// A kernel computes F(n) in one of two ways. In *lanes*: as many transforms at once as a vector has lanes, one a lane.
// Or of a *row*, one transform whose columns and then rows go through the lanes. Both follow the same recursion.
#pragma once

#include <cstddef>
#include <memory>

#include "contract/fft_split.h"
#include "cpu/kernels.h"

namespace paragon::cpu {

inline constexpr std::size_t kTwiddleBlock = 16;  // columns of a block of row twiddles: the lanes of the widest vector

using contract::fft_split;

// The lengths whose transforms are computed in registers.
#ifdef __SANITIZE_ADDRESS__  // fewer, for its checks make each one long; the other lengths are composed of these
#define PARAGON_FOR_EACH_CODELET(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(8) DO(16)
#else
#define PARAGON_FOR_EACH_CODELET(DO) \
  DO(1)                              \
  DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16) DO(20) DO(25) DO(32)
#endif

enum class FftKind : unsigned char {
  codelet,    // one of those above, lanes only
  prime,      // another odd prime below 100, lanes only
  bluestein,  // a prime above 100
  composite,  // n1 * n2
};

// A length in one of the two ways. Complex tables hold (re, im) by turns, where nothing else is said.
struct FftNode {
  FftKind kind;
  bool has_bluestein;        // here or below
  bool rows_in_lanes;        // composite row: how its rows are transformed
  std::size_t n, n1, n2;     // n = n1 * n2
  std::size_t lane_scratch;  // complex vectors that the transform in lanes needs
  const FftNode* left;       // F(n1); of Bluestein F(length)
  const FftNode* right;      // F(n2)
  std::size_t length;        // of Bluestein's convolution
  const float* twiddles;     // composite in lanes: W(j2 * k1, n) at [j2][k1]
                             // composite row: at [j2 / 16][k1][re 16, im 16]
                             // prime: W(j * k, n) at [k - 1][j - 1], j and k up to (n - 1) / 2
  const float* chirp;        // [n]
  const float* filter;       // [length]
};

class FftPlan {
 public:
  FftPlan(std::size_t n, bool real);
  ~FftPlan();
  FftPlan(const FftPlan&) = delete;
  FftPlan& operator=(const FftPlan&) = delete;

  std::size_t points;    // complex points of the transform within: n / 2 for an even number of real points, else n
  const FftNode* lanes;  // null where rows one by one are as fast
  const FftNode* row;    // null where `points` is so small that lanes are always better
  const float* real_twiddles;  // of an even number of real points: re of W(k, n) for k < n / 2, then im of each

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

// The plan of fft and ifft (complex points), or of rfft and irfft (real), made at its first use and kept while someone
// has it. Safe from any thread. Throws std::bad_alloc.
std::shared_ptr<const FftPlan> fft_plan(std::size_t n, bool real);

// Upper bounds of the memory that making the plan of a length takes, and of what a thread needs for a transform.
std::size_t fft_plan_bytes(std::size_t n);
std::size_t fft_scratch_bytes(std::size_t n);

}  // namespace paragon::cpu
