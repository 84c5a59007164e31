// Holds gather, scatter_add, unfold and fold of every instruction set, on one thread and on several, to the contract.
#include "contract/index.h"

#include "contract/window.h"
#include "tests/kernel_test.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

std::vector<std::int32_t> some_indices(std::size_t count, std::size_t size) {
  std::vector<std::int32_t> indices(count);
  for (std::int32_t& i : indices) {
    const std::size_t pick = below(20);
    i = pick == 0   ? -1
        : pick == 1 ? static_cast<std::int32_t>(size)
        : pick == 2 ? std::numeric_limits<std::int32_t>::min()
                    : static_cast<std::int32_t>(below(size + 1));
  }
  return indices;
}

template <class T>
void hold_index(std::size_t outer, std::size_t size, std::size_t inner, std::size_t count, std::size_t panel, Kind kind,
                cpu::Dtype dtype) {
  const std::vector<std::int32_t> indices = some_indices(count, size);
  const std::string what =
      text("%s outer=%zu size=%zu inner=%zu count=%zu panel=%zu", name_of(kind), outer, size, inner, count, panel);
  const std::vector<T> table = values<T>(outer * size * inner, kind), picked = values<T>(outer * count * inner, kind);
  std::vector<T> right(outer * count * inner), right_sum(outer * size * inner);
  contract::gather(table.data(), indices.data(), right.data(), outer, size, inner, count);
  contract::scatter_add(picked.data(), indices.data(), right_sum.data(), outer, size, inner, count, panel);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    Output<T> out(right.size());
    kernels.gather({table.data(), indices.data(), out.data(), outer, size, inner, count, 0}, pool);
    out.expect(right, kernels.isa, "gather " + what);
    Output<T> sums(right_sum.size());
    kernels.scatter_add[static_cast<int>(dtype)](
        {picked.data(), indices.data(), sums.data(), outer, size, inner, count, panel}, pool);
    sums.expect(right_sum, kernels.isa, "scatter_add " + what);
  });
}

template <class T>
void hold_windows(const contract::Windows& s, std::size_t panel, Kind kind, cpu::Dtype dtype) {
  const std::size_t pixels = s.n * s.c * s.h * s.w, words = s.n * s.oh * s.ow * s.c * s.kernel[0] * s.kernel[1];
  const std::vector<T> image = values<T>(pixels, kind), windows = values<T>(words, kind);
  std::vector<T> right(words), right_sum(pixels);
  contract::unfold(image.data(), right.data(), s);
  contract::fold(windows.data(), right_sum.data(), s, panel);
  // The kernels have the channels and kernel positions before the windows.
  const std::size_t channels = s.c * s.kernel[0] * s.kernel[1], positions = s.oh * s.ow;
  const auto channels_first = [&](const std::vector<T>& from) {
    std::vector<T> to(words);
    for (std::size_t i = 0; i < words; ++i) {
      to[(i / channels / positions * channels + i % channels) * positions + i / channels % positions] = from[i];
    }
    return to;
  };
  right = channels_first(right);
  const std::vector<T> terms = channels_first(windows);
  const std::string what =
      text("%s (%zu, %zu, %zu, %zu) kernel %zux%zu stride %zux%zu dilation %zux%zu panel=%zu", name_of(kind), s.n, s.c,
           s.h, s.w, s.kernel[0], s.kernel[1], s.stride[0], s.stride[1], s.dilation[0], s.dilation[1], panel);
  on_every_table([&](const cpu::Kernels& kernels, cpu::ThreadPool& pool) {
    cpu::WindowArgs args{image.data(), nullptr, s.n, s.c, s.h, s.w, s.oh, s.ow, {}, {}, {}, {}, panel};
    for (int axis = 0; axis < 2; ++axis) {
      args.kernel[axis] = s.kernel[axis];
      args.stride[axis] = s.stride[axis];
      args.dilation[axis] = s.dilation[axis];
    }
    for (int side = 0; side < 4; ++side) args.padding[side] = s.padding[side];
    Output<T> out(words);
    args.out = out.data();
    kernels.unfold(args, pool);
    out.expect(right, kernels.isa, "unfold " + what);
    Output<T> sums(pixels);
    args.x = terms.data();
    args.out = sums.data();
    kernels.fold[static_cast<int>(dtype)](args, pool);
    sums.expect(right_sum, kernels.isa, "fold " + what);
  });
}

// The number of windows along an axis, or 0 if none fits.
std::size_t positions(std::size_t size, std::size_t before, std::size_t after, std::size_t kernel, std::size_t stride,
                      std::size_t dilation) {
  const std::size_t padded = size + before + after, reach = dilation * (kernel - 1) + 1;
  return padded < reach ? 0 : (padded - reach) / stride + 1;
}

bool complete(contract::Windows& s) {
  s.oh = positions(s.h, s.padding[0], s.padding[1], s.kernel[0], s.stride[0], s.dilation[0]);
  s.ow = positions(s.w, s.padding[2], s.padding[3], s.kernel[1], s.stride[1], s.dilation[1]);
  return s.oh > 0 && s.ow > 0;
}

void test_indices() {
  for (const Kind kind : kKinds) {
    for (const std::size_t inner : {1, 2, 7, 16, 40}) {
      for (const std::size_t panel : {256, 0, 2, 5}) {
        hold_index<float>(1, 9, inner, 30, panel, kind, cpu::Dtype::f32);
        hold_index<float>(3, 5, inner, 70, panel, kind, cpu::Dtype::f32);
        hold_index<float>(2, 50, inner, 3, panel, kind, cpu::Dtype::f32);
      }
      hold_index<float>(1, 4, inner, 1500, 256, kind, cpu::Dtype::f32);
    }
    hold_index<float>(1, 3, 1, 70'000, 256, kind, cpu::Dtype::f32);
    hold_index<float>(1, 2, 17, 5000, 3, kind, cpu::Dtype::f32);
  }
  hold_index<float>(1, 1000, 64, 300, 256, Kind::uniform, cpu::Dtype::f32);
  hold_index<float>(2, 5, 3, 0, 256, Kind::uniform, cpu::Dtype::f32);
  hold_index<float>(2, 0, 3, 4, 256, Kind::uniform, cpu::Dtype::f32);
  hold_index<float>(2, 5, 0, 4, 256, Kind::uniform, cpu::Dtype::f32);
  hold_index<std::int32_t>(2, 5, 19, 300, 256, Kind::uniform, cpu::Dtype::i32);
  hold_index<std::uint32_t>(2, 5, 19, 300, 256, Kind::uniform, cpu::Dtype::u32);
}

void test_windows() {
  for (std::size_t i = 0; i < 400; i += sampled(7)) {
    contract::Windows s{1 + below(3), 1 + below(4), 1 + below(12), 1 + below(40), 0, 0, {}, {}, {}, {}};
    for (int axis = 0; axis < 2; ++axis) {
      s.kernel[axis] = 1 + below(5);
      s.stride[axis] = 1 + below(3);
      s.dilation[axis] = 1 + below(3);
    }
    for (std::size_t& side : s.padding) side = below(4);
    if (!complete(s)) continue;
    const std::size_t panels[] = {256, 0, 2, 3};
    hold_windows<float>(s, panels[below(4)], kKinds[below(5)], cpu::Dtype::f32);
    if (i % 20 == 0) hold_windows<std::int32_t>(s, 4, Kind::uniform, cpu::Dtype::i32);
    if (i % 20 == 1) hold_windows<std::uint32_t>(s, 4, Kind::uniform, cpu::Dtype::u32);
  }
  // The layers of a small network; a kernel of more than one panel; an image too large to be transposed in cache.
  for (contract::Windows s : {contract::Windows{4, 8, 14, 14, 0, 0, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
                              contract::Windows{2, 1, 28, 28, 0, 0, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
                              contract::Windows{2, 3, 20, 20, 0, 0, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
                              contract::Windows{1, 2, 24, 24, 0, 0, {17, 18}, {1, 1}, {1, 1}, {3, 2, 1, 0}},
                              contract::Windows{1, 1, 100, 200, 0, 0, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}}) {
    CHECK(complete(s), "the test's own shape");
    hold_windows<float>(s, 256, Kind::uniform, cpu::Dtype::f32);
  }
}

}  // namespace

int main() {
  test_indices();
  test_windows();
  return finish("test_index");
}
