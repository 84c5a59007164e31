// Computes the tables of a length (twiddles and chirps, each correctly rounded; the filters of Bluestein's algorithm),
// and keeps one copy for all who hold a plan that needs it.
#include "cpu/fft_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "contract/fft.h"
#include "contract/twiddle.h"

namespace paragon::cpu {
namespace {

using contract::Angle;
using contract::ComplexOf;

constexpr std::size_t kLargestInLanes = 8192;  // points: a vector each, they stay in the second level of cache
constexpr std::size_t kSmallRow = 256;         // points below which many transforms are better done in lanes
constexpr std::size_t kFewRows = 8;            // leave so many lanes empty that costly work there does not pay

// --- All twiddles of a length ----------------------------------------------------------------------------------------

// W(k, n) for all k < n, correctly rounded. The angles are sums of a coarse and a fine one, each from `eighth` of
// twiddle.h, by the addition theorem in double-double arithmetic: an error below 2^-97. Where that leaves the rounding
// open, `twiddle` decides.
template <class T>
class Circle {
 public:
  explicit Circle(std::size_t n)
      : n_(n), step_(static_cast<std::size_t>(std::sqrt(static_cast<double>(n))) + 1), points_(n) {
    for (std::size_t i = 0; i <= n / step_; ++i) coarse_.push_back(contract::eighth(i * step_, n));
    for (std::size_t i = 0; i < step_; ++i) fine_.push_back(contract::eighth(std::min(i, n), n));
    // What symmetry gives exactly is not computed again: the second eighth from the first, the second quarter, the
    // second half.
    const std::size_t made = n % 8 == 0 ? n / 8 : n % 4 == 0 ? n / 4 : n / 2;
    for (std::size_t k = 0; k <= made; ++k) points_[k] = make(k);
    if (n % 8 == 0) {
      for (std::size_t k = made + 1; k <= n / 4; ++k) set(k, -points_[n / 4 - k].im, -points_[n / 4 - k].re);
    }
    if (n % 4 == 0) {
      for (std::size_t k = n / 4 + 1; k <= n / 2; ++k) set(k, -points_[n / 2 - k].re, points_[n / 2 - k].im);
    }
    for (std::size_t k = n / 2 + 1; k < n; ++k) set(k, points_[n - k].re, -points_[n - k].im);
  }
  const ComplexOf<T>& operator[](std::size_t k) const { return points_[k]; }

 private:
  void set(std::size_t k, T re, T im) { points_[k] = {re == 0 ? 0 : re, im == 0 ? 0 : im}; }  // zeros are +0

  static bool decided(contract::DoubleDouble x) {
    constexpr double error = 0x1p-97;
    const auto moved = [x](double by) { return contract::rounded_to<T>(contract::fast_two_sum(x.high, x.low + by)); };
    return moved(error) == moved(-error);
  }

  ComplexOf<T> make(std::size_t k) const {
    const std::size_t octant = 8 * k / n_, rest = 8 * k % n_, at = octant % 2 ? n_ - rest : rest;
    if (at == 0) return contract::twiddle<T>(k, n_);
    const Angle &a = coarse_[at / step_], &b = fine_[at % step_];
    const contract::DoubleDouble cos = a.cos * b.cos - a.sin * b.sin;
    const contract::DoubleDouble sin = a.sin * b.cos + a.cos * b.sin;
    if (!decided(cos) || !decided(sin)) return contract::twiddle<T>(k, n_);
    const T c = contract::rounded_to<T>(cos), s = contract::rounded_to<T>(sin);
    const bool flipped = octant % 4 == 1 || octant % 4 == 2;
    const T re = flipped ? s : c, im = flipped ? c : s;
    return {octant >= 2 && octant < 6 ? -re : re, octant < 4 ? -im : im};
  }

  std::size_t n_, step_;
  std::vector<Angle> coarse_, fine_;
  std::vector<ComplexOf<T>> points_;
};

// --- Bluestein's filter ----------------------------------------------------------------------------------------------

using Wide = ComplexOf<double>;

// F(n) of a power of two in binary64, in place: the filter is made of nothing else. n divides the length of the tables.
class WideTransform {
 public:
  explicit WideTransform(std::size_t length) : length_(length), circle_(length) {}

  void run(std::vector<Wide>& x) const {
    const std::size_t n = x.size();
    if (n == 1) return;
    if (n == 2) {
      x = {x[0] + x[1], x[0] - x[1]};
      return;
    }
    if (n == 4) {
      const Wide s = x[0] + x[2], d = x[0] - x[2], t = x[1] + x[3], e = x[1] - x[3];
      x = {s + t, {d.re + e.im, d.im - e.re}, s - t, {d.re - e.im, d.im + e.re}};
      return;
    }
    const std::size_t n1 = fft_split(n), n2 = n / n1;
    std::vector<Wide> column(n1), row(n2), y(n);
    for (std::size_t j2 = 0; j2 < n2; ++j2) {
      for (std::size_t j1 = 0; j1 < n1; ++j1) column[j1] = x[j1 * n2 + j2];
      run(column);
      for (std::size_t k1 = 0; k1 < n1; ++k1) {
        y[k1 * n2 + j2] = j2 * k1 == 0 ? column[k1] : contract::product(column[k1], circle_[j2 * k1 * (length_ / n)]);
      }
    }
    for (std::size_t k1 = 0; k1 < n1; ++k1) {
      std::copy_n(y.begin() + static_cast<std::ptrdiff_t>(k1 * n2), n2, row.begin());
      run(row);
      for (std::size_t k2 = 0; k2 < n2; ++k2) x[k1 + n1 * k2] = row[k2];
    }
  }

 private:
  std::size_t length_;
  Circle<double> circle_;
};

std::vector<float> bluestein_filter(std::size_t n, std::size_t length) {
  const Circle<double> circle(2 * n);
  std::vector<Wide> b(length, {0, 0});
  for (std::uint64_t j = 0; j < n; ++j) {
    b[j] = circle[(2 * n - j * j % (2 * n)) % (2 * n)];
    if (j > 0) b[length - j] = b[j];
  }
  WideTransform(length).run(b);
  std::vector<float> filter;
  filter.reserve(2 * length);
  for (const Wide& point : b) {
    filter.push_back(static_cast<float>(point.re / static_cast<double>(length)));
    filter.push_back(static_cast<float>(point.im / static_cast<double>(length)));
  }
  return filter;
}

// --- Nodes -----------------------------------------------------------------------------------------------------------

bool is_codelet(std::size_t n) {
#define PARAGON_IS(N) n == N ||
  return PARAGON_FOR_EACH_CODELET(PARAGON_IS) false;
#undef PARAGON_IS
}

// Whether a row of n1 * n2 points keeps the widest vectors busy: its n2 columns and then its n1 rows go through the
// lanes, the last ones in a vector that may be half empty. At least 8 lanes of 10 must be used.
bool fills_lanes(std::size_t n1, std::size_t n2) {
  const auto lanes = [](std::size_t n) { return (n + kTwiddleBlock - 1) / kTwiddleBlock * kTwiddleBlock; };
  return 10 * n1 * n2 >= 8 * lanes(n1) * lanes(n2);
}

// Whether the transform of n points comes down to one by Bluestein's algorithm: n has a prime factor above 100.
bool needs_bluestein(std::size_t n) {
  for (std::size_t p = 2; p <= contract::kLargestDirectPrime; ++p) {
    while (n % p == 0) n /= p;
  }
  return n > 1;
}

// A node and what it points to.
struct OwnedNode {
  FftNode node{};
  std::vector<float> twiddles, chirp, filter;
  std::shared_ptr<const OwnedNode> left, right;
};
using NodePointer = std::shared_ptr<const OwnedNode>;

void put(std::vector<float>& table, std::size_t at, ComplexOf<float> w, std::size_t apart = 1) {
  table[at] = w.re;
  table[at + apart] = w.im;
}

std::vector<float> lane_twiddles(std::size_t n1, std::size_t n2) {
  const Circle<float> circle(n1 * n2);
  std::vector<float> table(2 * n1 * n2);
  for (std::size_t j2 = 0; j2 < n2; ++j2) {
    for (std::size_t k1 = 0; k1 < n1; ++k1) put(table, 2 * (j2 * n1 + k1), circle[j2 * k1]);
  }
  return table;
}

std::vector<float> row_twiddles(std::size_t n1, std::size_t n2) {
  const Circle<float> circle(n1 * n2);
  const std::size_t blocks = (n2 + kTwiddleBlock - 1) / kTwiddleBlock;
  std::vector<float> table(2 * kTwiddleBlock * blocks * n1);
  for (std::size_t j2 = 0; j2 < n2; ++j2) {
    for (std::size_t k1 = 0; k1 < n1; ++k1) {
      const std::size_t row = j2 / kTwiddleBlock * n1 + k1;
      put(table, 2 * kTwiddleBlock * row + j2 % kTwiddleBlock, circle[j2 * k1], kTwiddleBlock);
    }
  }
  return table;
}

std::vector<float> prime_coefficients(std::size_t n) {
  const Circle<float> circle(n);
  const std::size_t h = (n - 1) / 2;
  std::vector<float> table(2 * h * h);
  for (std::size_t k = 1; k <= h; ++k) {
    for (std::size_t j = 1; j <= h; ++j) put(table, 2 * ((k - 1) * h + j - 1), circle[j * k % n]);
  }
  return table;
}

std::vector<float> bluestein_chirp(std::size_t n) {
  const Circle<float> circle(2 * n);
  std::vector<float> table(2 * n);
  for (std::uint64_t j = 0; j < n; ++j) put(table, 2 * j, circle[j * j % (2 * n)]);
  return table;
}

// The nodes and plans that someone has.
class Cache {
 public:
  NodePointer node(std::size_t n, bool row) {
    const std::lock_guard guard(mutex_);
    return find_node(n, row);
  }

  std::shared_ptr<const FftPlan> plan(std::size_t n, bool real) {
    {
      const std::lock_guard guard(mutex_);
      forget(plans_);
      if (const auto known = plans_.find({n, real}); known != plans_.end()) {
        if (auto found = known->second.lock()) return found;
      }
    }
    auto made = std::make_shared<const FftPlan>(n, real);
    const std::lock_guard guard(mutex_);
    plans_[{n, real}] = made;
    return made;
  }

 private:
  using Key = std::pair<std::size_t, bool>;

  template <class Map>
  static void forget(Map& map) {
    std::erase_if(map, [](const auto& entry) { return entry.second.expired(); });
  }

  NodePointer find_node(std::size_t n, bool row) {
    if (NodePointer found = nodes_[{n, row}].lock()) return found;
    NodePointer made = make_node(n, row);
    forget(nodes_);
    nodes_[{n, row}] = made;
    return made;
  }

  NodePointer make_node(std::size_t n, bool row) {
    const auto owned = std::make_shared<OwnedNode>();
    FftNode& node = owned->node;
    const std::size_t n1 = fft_split(n), n2 = n / n1;
    node.n = n;
    node.n1 = n1;
    node.n2 = n2;
    const bool leaf = n1 == 1;
    node.kind = kind_of(n, leaf, row);
    switch (node.kind) {
      case FftKind::codelet:
        owned->twiddles = leaf ? prime_coefficients(n) : lane_twiddles(n1, n2);
        if (!leaf) {
          owned->left = find_node(n1, false);
          owned->right = find_node(n2, false);
        }
        break;
      case FftKind::prime: owned->twiddles = prime_coefficients(n); break;
      case FftKind::bluestein:
        node.has_bluestein = true;
        node.length = contract::bluestein_length(n);
        owned->left = find_node(node.length, row);
        owned->chirp = bluestein_chirp(n);
        owned->filter = bluestein_filter(n, node.length);
        node.lane_scratch = node.length + owned->left->node.lane_scratch;
        break;
      case FftKind::composite: {
        owned->left = find_node(n1, false);
        // In lanes, Bluestein's algorithm takes up to four times the memory, and does its work for empty lanes too.
        const bool costly = needs_bluestein(n2) && (4 * n2 > kLargestInLanes || n1 < kFewRows);
        node.rows_in_lanes = !row || (n2 <= kLargestInLanes && !costly);
        owned->right = find_node(n2, !node.rows_in_lanes);
        node.has_bluestein = owned->left->node.has_bluestein || owned->right->node.has_bluestein;
        node.lane_scratch = n + std::max(owned->left->node.lane_scratch, owned->right->node.lane_scratch);
        owned->twiddles = row ? row_twiddles(n1, n2) : lane_twiddles(n1, n2);
        break;
      }
    }
    node.left = owned->left ? &owned->left->node : nullptr;
    node.right = owned->right ? &owned->right->node : nullptr;
    node.twiddles = owned->twiddles.data();
    node.chirp = owned->chirp.data();
    node.filter = owned->filter.data();
    return owned;
  }

  // Codelets are for lanes: a row that can be taken apart is.
  static FftKind kind_of(std::size_t n, bool leaf, bool row) {
    if (is_codelet(n) && (leaf || !row)) return FftKind::codelet;
    if (!leaf) return FftKind::composite;
    return n <= contract::kLargestDirectPrime ? FftKind::prime : FftKind::bluestein;
  }

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const OwnedNode>> nodes_;
  std::map<Key, std::weak_ptr<const FftPlan>> plans_;
};

Cache& cache() {
  static Cache& instance = *new Cache;  // lives as long as any program may
  return instance;
}

}  // namespace

struct FftPlan::Tables {
  NodePointer lanes, row;
  std::vector<float> real;
};

FftPlan::FftPlan(std::size_t n, bool real)
    : points(real && n % 2 == 0 ? n / 2 : n),
      lanes(nullptr),
      row(nullptr),
      real_twiddles(nullptr),
      tables_(new Tables) {
  const std::size_t n1 = fft_split(points);
  const bool only_in_lanes = n1 == 1 ? points <= contract::kLargestDirectPrime : points <= 16;
  if (!only_in_lanes) {
    tables_->row = cache().node(points, true);
    row = &tables_->row->node;
  }
  const bool badly_as_row = points < kSmallRow || (points <= kLargestInLanes && !fills_lanes(n1, points / n1));
  if (only_in_lanes || (badly_as_row && !row->has_bluestein)) {
    tables_->lanes = cache().node(points, false);
    lanes = &tables_->lanes->node;
  }
  if (points < n) {
    const Circle<float> circle(n);
    for (std::size_t k = 0; k < points; ++k) tables_->real.push_back(circle[k].re);
    for (std::size_t k = 0; k < points; ++k) tables_->real.push_back(circle[k].im);
    real_twiddles = tables_->real.data();
  }
}
FftPlan::~FftPlan() = default;

std::shared_ptr<const FftPlan> fft_plan(std::size_t n, bool real) { return cache().plan(n, real); }

// Bluestein's algorithm for a prime p works on up to 4 p points, and makes its filter in binary64. Otherwise there is
// one table of n points for each level of the recursion.
std::size_t fft_plan_bytes(std::size_t n) { return (needs_bluestein(n) ? 256 : 128) * n + 16384; }
std::size_t fft_scratch_bytes(std::size_t n) { return (needs_bluestein(n) ? 96 : 32) * n + (std::size_t{1} << 22); }

}  // namespace paragon::cpu
