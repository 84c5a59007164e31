// Goes over the values of a program in order and plans each one: those that only move become views, elementwise ones
// join chains, the others call kernels (plan_ops.cpp). Then gives the outputs and states their buffers.
#include "program/runtime/plan.h"

#include <algorithm>

#include "program/error.h"
#include "program/runtime/planner.h"

namespace paragon {

namespace {

constexpr std::size_t kOpenChains = 4;  // of each element count

bool is_elementwise(Op op) { return declaration(op).runs_as == RunsAs::elementwise; }

// How long an elementwise operation takes, relative to an addition.
std::size_t cost(Op op) {
  switch (op) {
    case Op::div:
    case Op::sqrt: return 3;
    case Op::exp:
    case Op::expm1:
    case Op::log:
    case Op::log1p:
    case Op::tanh:
    case Op::erf:
    case Op::sinpi:
    case Op::cospi: return 8;
    default: return 1;
  }
}

cpu::ElementwiseKernel find_kernel(const cpu::Kernels& kernels, const Program& program, const Operation& operation) {
  const Keys& keys = declaration(operation.op).attributes;  // one word at most: operations.h
  const std::size_t word = keys.size() == 0 ? 0 : static_cast<std::size_t>(operation.number(*keys.begin()));
  return kernels.find(operation.op, program.dtype(operation.inputs[0]), word);
}

}  // namespace

Planner::Planner(const Program& program, const cpu::Kernels& kernels, const cpu::ThreadPool& pool,
                 const PlanOptions& options)
    : program_(program), kernels_(kernels), pool_(pool), options_(options), views_(program.values()) {
  charged_ = options.taken;
}

Plan Planner::plan() {
  for (std::size_t v = 0; v < program_.first_operation(); ++v) {
    const bool input = v < program_.inputs.size();
    const std::size_t index = input ? v : v - program_.inputs.size();
    const BufferId buffer = new_buffer(input ? Home::input : Home::state, static_cast<std::uint32_t>(index), count(v));
    if (!input) states_.push_back(buffer);
    views_[v] = dense_view(buffer, shape(v));
  }
  find_needed();
  find_preferred_orders();
  for (std::size_t v = program_.first_operation(); v < program_.values(); ++v) {
    if (needed_[v]) plan_operation(v);
  }
  if (options_.keep_all) {
    for (std::size_t v = 0; v < program_.values(); ++v) {
      plan_.values.push_back(dense(v));
      lifetimes_[views_[v].buffer].last_read = Lifetime::kForever;
    }
  } else {
    bind_results();
  }
  finish_chains();
  if (!options_.keep_all) find_strips();
  place_states();
  place_arena();
  join_strips();
  sum_up();
  return std::move(plan_);
}

void Planner::find_needed() {
  needed_.assign(program_.values(), options_.keep_all);
  for (const Output& output : program_.outputs) needed_[output.value] = true;
  for (const Update& update : program_.updates) needed_[update.value] = true;
  for (std::size_t v = program_.values(); v-- > program_.first_operation();) {
    if (!needed_[v]) continue;
    if (!options_.keep_all) {
      if (auto composite = find_composite(program_, kernels_, v)) composites_.emplace(v, std::move(*composite));
    }
    for (const std::uint32_t input : inputs(v)) needed_[input] = true;
  }
}

const std::vector<std::uint32_t>& Planner::inputs(std::size_t value) const {
  const auto composite = composites_.find(value);
  return composite == composites_.end() ? program_.operations[value - program_.first_operation()].inputs
                                        : composite->second.inputs;
}

// A fold reads windows with the channels before the positions. Its operand is best computed in this order, and so is
// whatever elementwise operations compute that from: else a copy would have to turn it.
void Planner::find_preferred_orders() {
  preferred_orders_.resize(program_.values());
  for (std::size_t v = program_.values(); v-- > program_.first_operation();) {
    const Operation& operation = program_.operations[v - program_.first_operation()];
    if (operation.op == Op::fold) preferred_orders_[operation.inputs[0]] = kChannelsFirst;
    if (!is_elementwise(operation.op) || preferred_orders_[v].empty()) continue;
    for (const std::uint32_t input : inputs(v)) {
      if (preferred_orders_[input].empty() && shape(input) == shape(v)) preferred_orders_[input] = preferred_orders_[v];
    }
  }
}

BufferId Planner::new_buffer(Home home, std::uint32_t index, std::size_t words) {
  plan_.buffers.push_back({home, index, words, 0});
  lifetimes_.emplace_back();
  return static_cast<BufferId>(plan_.buffers.size() - 1);
}

BufferId Planner::constant(Word word) {
  const auto [at, added] = constants_.try_emplace(word);
  if (added) at->second = new_buffer(Home::constant, word, 1);
  return at->second;
}

const View& Planner::view(std::size_t value) {
  View& view = views_[value];
  if (auto same = reshaped(view, shape(value))) {
    view = std::move(*same);
  } else {
    dense(value);
  }
  return view;
}

Place Planner::dense(std::size_t value) {
  View& view = views_[value];
  if (is_constant(view)) {  // all its words are the same: let there be enough of them
    Buffer& buffer = plan_.buffers[view.buffer];
    buffer.words = std::max(buffer.words, count(value));
    view = dense_view(view.buffer, shape(value));
  } else if (!view.is_dense()) {
    const Place place = copied(view);
    view = dense_view(place.buffer, shape(value));
  } else {
    view = {view.buffer, view.offset, shape(value), dense_strides(shape(value))};
  }
  return {view.buffer, view.offset};
}

Place Planner::arranged(std::size_t value, const Order& order) {
  if (order == natural_order(order.size()) || is_constant(views_[value])) return dense(value);
  if (!view(value).permuted(order).is_dense()) {
    const Place place = copied(view(value).permuted(order));
    views_[value] = ordered_view(place.buffer, shape(value), order);
  }
  return {views_[value].buffer, views_[value].offset};
}

Place Planner::copied(const View& view) {
  auto& step = add_step<CopyStep>();
  step.parts.push_back({gather_layout(view), read({view.buffer, view.offset}), {}});
  return step.parts[0].to = write_words(paragon::count(view.shape));
}

Place Planner::read(const Place& place) {
  std::int64_t& last = lifetimes_[place.buffer].last_read;
  last = std::max(last, here());
  return place;
}

Place Planner::write_words(std::size_t words) {
  const BufferId buffer = new_buffer(Home::arena, 0, words);
  lifetimes_[buffer].written = here();
  return {buffer, 0};
}

Place Planner::write(std::size_t value) {
  const Place place = write_words(count(value));
  views_[value] = dense_view(place.buffer, shape(value));
  return place;
}

void Planner::plan_operation(std::size_t value) {
  if (bytes(shape(value)) > SIZE_MAX / 2) {  // else counts of words, and whatever follows from them, are cut off
    fail("value ", value, ", ", to_text(shape(value)), ", is larger than the memory that this machine can address");
  }
  const Operation& operation = program_.operations[value - program_.first_operation()];
  if (declaration(operation.op).runs_as == RunsAs::view) {
    view_operation(value, operation);
  } else if (count(value) == 0) {
    views_[value] = dense_view(new_buffer(Home::arena, 0, 0), shape(value));
  } else if (is_elementwise(operation.op)) {
    elementwise(value, operation);
  } else {
    kernel_operation(value, operation);
  }
}

void Planner::view_operation(std::size_t value, const Operation& operation) {
  if (operation.op == Op::constant) {
    views_[value] = {constant(static_cast<Word>(operation.number(Key::word))), 0, shape(value),
                     Strides(shape(value).size())};
    return;
  }
  const std::uint32_t x = operation.inputs[0];
  const Shape& from = shape(x);
  if (operation.op == Op::reshape) {
    views_[value] = views_[x];
    if (is_constant(views_[x])) {
      views_[value].shape = shape(value);
      views_[value].stride.assign(shape(value).size(), 0);
    }
    return;
  }
  const View source = view(x);
  View& view = views_[value];
  view = {source.buffer, source.offset, shape(value), {}};
  switch (operation.op) {
    case Op::transpose:
      for (const std::int64_t axis : operation.list(Key::axes)) {
        view.stride.push_back(source.stride[static_cast<std::size_t>(axis)]);
      }
      break;
    case Op::broadcast: {
      const std::size_t added = shape(value).size() - from.size();
      view.stride.assign(added, 0);
      for (std::size_t k = 0; k < from.size(); ++k) {
        view.stride.push_back(from[k] == shape(value)[added + k] ? source.stride[k] : 0);
      }
      break;
    }
    default:  // slice
      for (std::size_t k = 0; k < from.size(); ++k) {
        const auto start = static_cast<std::ptrdiff_t>(operation.list(Key::start)[k]);
        const auto step = static_cast<std::ptrdiff_t>(operation.list(Key::step)[k]);
        const bool one = shape(value)[k] <= 1;  // the step, however long, is never taken
        if (elements(shape(value)) > 0) view.offset += static_cast<std::size_t>(start * source.stride[k]);
        view.stride.push_back(one ? 0 : step * source.stride[k]);
      }
  }
}

// --- elementwise ---------------------------------------------------------------------------------------------------

// The order in which an elementwise result lies: as is wished, or as the first operand of its shape does.
Order Planner::chain_order(std::size_t value) {
  if (!preferred_orders_[value].empty()) return preferred_orders_[value];
  for (const std::uint32_t input : inputs(value)) {
    if (shape(input) != shape(value) || is_constant(views_[input])) continue;
    const Order order = memory_order(view(input));
    if (views_[input].permuted(order).is_dense()) return order;
  }
  return natural_order(shape(value).size());
}

// How a chain is to read an operand: as the result is laid out, which has the shape `out` and its axes in this order in
// memory. Axes that the operand lacks, or along which it is broadcast, have a stride of 0. Kernels read whole vectors:
// if the innermost stride is neither 0 nor 1, a copy of the operand in this order is planned first.
Planner::ChainOperand Planner::chain_operand(std::size_t operand, const Shape& out, const Order& order) {
  const std::size_t added = out.size() - shape(operand).size();
  const auto spread = [&](const View& view) {
    View spread{view.buffer, view.offset, out, Strides(out.size())};
    for (std::size_t k = added; k < out.size(); ++k) {
      if (view.shape[k - added] != 1) spread.stride[k] = view.stride[k - added];
    }
    return gather_layout(spread.permuted(order));
  };
  cpu::CopyArgs layout = spread(view(operand));
  if (const std::ptrdiff_t step = layout.src_stride[layout.rank - 1]; step != 0 && step != 1) {
    Order own;
    for (const std::size_t axis : order) {
      if (axis >= added) own.push_back(axis - added);
    }
    arranged(operand, own);
    layout = spread(view(operand));
  }
  const View& view = views_[operand];
  const auto n = paragon::count(out);
  const bool line = layout.rank == 1 && (layout.src_stride[0] == 1 || n == 1);
  return {{view.buffer, view.offset}, layout, line && view.offset == 0 && plan_.buffers[view.buffer].words == n};
}

bool Planner::may_join(const Chain& chain, const std::vector<ChainOperand>& operands) const {
  if (chain.step->instructions() == ChainStep::kMaxInstructions) return false;
  if (chain.step->sources() + operands.size() > ChainStep::kMaxSources) return false;
  bool related = false;
  for (const ChainOperand& operand : operands) {
    const Lifetime& lifetime = lifetimes_[operand.place.buffer];
    if (lifetime.chain == chain.step) {
      if (!operand.whole) return false;
      related = true;
    } else if (lifetime.written >= chain.index) {
      return false;
    } else if (plan_.buffers[operand.place.buffer].words > 1) {
      related = related || chain.step->find(operand.place, operand.layout) != chain.step->sources();
    }
  }
  return related;
}

void Planner::elementwise(std::size_t value, const Operation& operation) {
  const Order order = chain_order(value);
  std::vector<ChainOperand> operands;
  for (const std::uint32_t input : inputs(value)) operands.push_back(chain_operand(input, shape(value), order));

  const std::size_t n = count(value);
  std::vector<std::size_t>& open = open_[n];
  const auto joined =
      std::find_if(open.rbegin(), open.rend(), [&](std::size_t c) { return may_join(chains_[c], operands); });
  std::size_t number = chains_.size();
  if (joined != open.rend()) {
    number = *joined;
  } else {
    auto step = std::make_unique<ChainStep>(n);
    chains_.push_back({step.get(), static_cast<std::int64_t>(plan_.steps.size()), {}});
    plan_.steps.push_back(std::move(step));
    if (!options_.keep_all) open.push_back(number);
    if (open.size() > kOpenChains) open.erase(open.begin());
  }

  Chain& chain = chains_[number];
  std::vector<ChainStep::Register> registers;
  for (const ChainOperand& operand : operands) {
    Lifetime& lifetime = lifetimes_[operand.place.buffer];
    if (lifetime.chain == chain.step) {
      registers.push_back(ChainStep::result(lifetime.instruction));
    } else {
      lifetime.last_read = std::max(lifetime.last_read, chain.index);
      registers.push_back(chain.step->add_source(operand.place, operand.layout));
    }
  }
  const BufferId buffer = new_buffer(Home::arena, 0, n);
  Lifetime& lifetime = lifetimes_[buffer];
  lifetime.written = chain.index;
  lifetime.chain = chain.step;
  lifetime.instruction = chain.step->instructions();
  if (const auto composite = composites_.find(value); composite != composites_.end()) {
    chain.step->add(composite->second.name, composite->second.kernel, registers, composite->second.cost);
  } else {
    chain.step->add(name(operation.op), find_kernel(kernels_, program_, operation), registers, cost(operation.op));
  }
  chain.results.push_back(buffer);
  views_[value] = ordered_view(buffer, shape(value), order);
}

// --- results ---------------------------------------------------------------------------------------------------------

// Lets updates and outputs take over the buffers of their values; where that cannot be, a copy ends the run.
void Planner::bind_results() {
  const auto take = [&](std::size_t value) {
    const Place place = dense(value);
    const Buffer& buffer = plan_.buffers[place.buffer];
    Lifetime& lifetime = lifetimes_[place.buffer];
    const bool free = buffer.home == Home::arena && !lifetime.claimed && buffer.words == count(value);
    if (free) lifetime.claimed = true;
    return free;
  };
  const auto copy = [&](std::size_t value, Home home, std::uint32_t index) {
    const Place from = dense(value);
    auto& step = add_step<CopyStep>();
    const BufferId to = new_buffer(home, index, count(value));
    lifetimes_[to].written = here();
    step.parts.push_back({gather_layout(dense_view(to, shape(value))), read(from), {to, 0}});
  };
  for (const Update& update : program_.updates) {
    if (count(update.value) == 0) continue;
    if (take(update.value)) {
      const BufferId buffer = views_[update.value].buffer;
      lifetimes_[buffer].last_read = Lifetime::kForever;
      claims_.push_back({update.state, buffer});
    } else {
      copy(update.value, Home::next, update.state);
      plan_.swapped.push_back(update.state);
    }
  }
  for (std::size_t i = 0; i < program_.outputs.size(); ++i) {
    const std::uint32_t value = program_.outputs[i].value;
    if (count(value) == 0) continue;
    if (take(value)) {
      Buffer& buffer = plan_.buffers[views_[value].buffer];
      buffer.home = Home::output;
      buffer.index = static_cast<std::uint32_t>(i);
      lifetimes_[views_[value].buffer].last_read = Lifetime::kForever;
    } else {
      copy(value, Home::output, static_cast<std::uint32_t>(i));
    }
  }
}

Plan make_plan(const Program& program, const cpu::Kernels& kernels, const cpu::ThreadPool& pool,
               const PlanOptions& options) {
  return Planner(program, kernels, pool, options).plan();
}

}  // namespace paragon
