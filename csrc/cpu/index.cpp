// gather and scatter_add. The table side is (outer, size, inner), the picked side (outer, count, inner).
#include "cpu/panels.h"

namespace paragon::cpu::PARAGON_ISA {
namespace {

PARAGON_INLINE bool inside(std::int32_t index, std::size_t size) {
  return index >= 0 && static_cast<std::size_t>(index) < size;
}

void gather(const IndexArgs& args, ThreadPool& pool) {
  if (args.inner == 0) return;
  const std::uint32_t* x = static_cast<const std::uint32_t*>(args.x);
  std::uint32_t* out = static_cast<std::uint32_t*>(args.out);
  parallel_ranges(pool, args.outer * args.count, 2 * args.inner, [&](auto begin, auto end) {
    std::size_t o = begin / args.count, i = begin % args.count;
    for (std::size_t row = begin; row < end; ++row) {
      const std::int32_t index = args.indices[i];
      const std::uint32_t* from = x + o * args.size * args.inner;
      std::uint32_t* to = out + row * args.inner;
      if (!inside(index, args.size)) {
        std::memset(to, 0, args.inner * sizeof *to);
      } else if (args.inner == 1) {
        *to = from[index];
      } else {
        std::memcpy(to, from + static_cast<std::size_t>(index) * args.inner, args.inner * sizeof *to);
      }
      if (++i == args.count) {
        i = 0;
        ++o;
      }
    }
  });
}

// The sources of every destination, ascending: those of d are source[start[d]] ... source[start[d + 1] - 1].
class Sources {
 public:
  explicit Sources(const IndexArgs& args)
      : starts_((args.size + 2) * sizeof(std::uint32_t)), sources_(args.count * sizeof(std::uint32_t)) {
    // A counting sort. While it runs, next[d] = start[d + 1] is where the next source of d goes.
    std::uint32_t* counts = starts_.as<std::uint32_t>();
    std::memset(counts, 0, (args.size + 2) * sizeof *counts);
    for (std::size_t i = 0; i < args.count; ++i) {
      if (inside(args.indices[i], args.size)) ++counts[args.indices[i] + 2];
    }
    for (std::size_t d = 0; d < args.size; ++d) counts[d + 2] += counts[d + 1];
    std::uint32_t* next = counts + 1;
    for (std::size_t i = 0; i < args.count; ++i) {
      if (inside(args.indices[i], args.size)) {
        sources_.as<std::uint32_t>()[next[args.indices[i]]++] = static_cast<std::uint32_t>(i);
      }
    }
  }
  const std::uint32_t* begin(std::size_t d) const {
    return sources_.as<std::uint32_t>() + starts_.as<std::uint32_t>()[d];
  }
  const std::uint32_t* end(std::size_t d) const { return begin(d + 1); }

 private:
  Scratch starts_, sources_;
};

// The sum over the sources of one destination. V is a vector or a number, term(i) what source i holds of it.
template <class V, class Term>
PARAGON_INLINE V sum_of_sources(const std::uint32_t* source, const std::uint32_t* end, std::size_t panel,
                                bool one_panel, PanelTree<V>& tree, const Term& term) {
  V acc{};
  if (one_panel) {
    for (; source < end; ++source) acc = acc + term(*source);
    return acc;
  }
  tree.clear();
  while (source < end) {
    const std::size_t index = *source / panel;
    acc = V{};
    for (; source < end && *source / panel == index; ++source) acc = acc + term(*source);
    tree.add(index, acc);
  }
  return tree.result();
}

template <class T>
void scatter_add(const IndexArgs& args, ThreadPool& pool) {
  if (args.inner == 0) return;
  const Sources sources(args);
  const std::size_t count = panel_count(args.count, args.panel);
  const std::size_t terms = max_of(args.count / max_of(args.size, 1), 1);  // of a destination, on average
  parallel_ranges(pool, args.outer * args.size, 2 * terms * args.inner, [&](auto begin, auto end) {
    PanelTree<Vec<T>> tree(count, args.panel);
    PanelTree<T> scalar_tree(count, args.panel);
    for (std::size_t row = begin; row < end; ++row) {
      const std::size_t o = row / args.size, d = row % args.size;
      const T* x = static_cast<const T*>(args.x) + o * args.count * args.inner;
      T* to = static_cast<T*>(args.out) + row * args.inner;
      const std::uint32_t* first = sources.begin(d);
      const std::uint32_t* last = sources.end(d);
      if (first == last) {
        std::memset(to, 0, args.inner * sizeof(T));
        continue;
      }
      const auto reduce = [&](auto& t, const auto& term) {
        return sum_of_sources(first, last, args.panel, count == 1, t, term);
      };
      std::size_t j = 0;
      for (; j + kLanes <= args.inner; j += kLanes) {
        store(to + j, reduce(tree, [&](std::size_t i) { return load(x + i * args.inner + j); }));
      }
      const std::size_t left = args.inner - j;
      if (left == 1) {
        to[j] = reduce(scalar_tree, [&](std::size_t i) { return x[i * args.inner + j]; });
      } else if (left > 1) {
        store_partial(to + j, reduce(tree, [&](std::size_t i) { return load_partial(x + i * args.inner + j, left); }),
                      left);
      }
    }
  });
}

}  // namespace

void fill_index(Kernels& kernels) {
  kernels.gather = gather;
  kernels.scatter_add[static_cast<int>(Dtype::f32)] = scatter_add<float>;
  kernels.scatter_add[static_cast<int>(Dtype::i32)] = scatter_add<std::uint32_t>;  // sums wrap
  kernels.scatter_add[static_cast<int>(Dtype::u32)] = scatter_add<std::uint32_t>;
}

}  // namespace paragon::cpu::PARAGON_ISA
