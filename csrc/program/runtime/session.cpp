// Sets up the memory of a plan and runs its steps with the arrays of the caller, under a lock and with plain rounding.
#include "program/runtime/session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

#include "cpu/float_control.h"
#include "machine/available.h"
#include "program/error.h"
#include "program/formats/fingerprint.h"
#include "program/formats/json.h"

namespace paragon {

namespace {

constexpr std::size_t kAlignment = 64;

// Addresses of arrays without elements: never read, but not null either.
alignas(kAlignment) Word nothing[kAlignment / sizeof(Word)];

// Never destroyed: a daemon thread may compute while the process ends.
const std::shared_ptr<cpu::ThreadPool>& common_pool() {
  static const auto& pool = *new auto(std::make_shared<cpu::ThreadPool>());
  return pool;
}

// The pool of all sessions that ask for so many threads; these end with the last of them.
std::shared_ptr<cpu::ThreadPool> find_pool(std::size_t threads) {
  if (threads == 0) return common_pool();
  static std::mutex mutex;
  static auto& pools = *new std::map<std::size_t, std::weak_ptr<cpu::ThreadPool>>;
  const std::lock_guard lock(mutex);
  std::weak_ptr<cpu::ThreadPool>& known = pools[threads];
  std::shared_ptr<cpu::ThreadPool> pool = known.lock();
  if (pool == nullptr) known = pool = std::make_shared<cpu::ThreadPool>(threads);
  return pool;
}

// std::invalid_argument is how the cpu layer complains of a bad choice.
template <class Fn>
decltype(auto) checked(const Fn& fn) {
  try {
    return fn();
  } catch (const std::invalid_argument& error) {
    throw Error(error.what());
  }
}

const cpu::Kernels& find_kernels(const std::string& isa) {
  return isa.empty() ? cpu::default_kernels() : cpu::kernels(isa);
}

const Word* check_address(const void* address, std::size_t words, const char* what, const std::string& name) {
  if (words == 0) return nothing;
  if (address == nullptr) fail(what, " ", json::quote(name), ": the address is null");
  if (reinterpret_cast<std::uintptr_t>(address) % alignof(Word) != 0) {
    fail(what, " ", json::quote(name), ": the address is not aligned to ", alignof(Word), " bytes");
  }
  return static_cast<const Word*>(address);
}

}  // namespace

std::size_t default_threads() {
  return checked([] { return common_pool()->threads(); });
}

void set_default_threads(std::size_t threads) {
  checked([&] { common_pool()->set_threads(threads); });
}

void Session::Free::operator()(Word* words) const { std::free(words); }

Session::Words Session::allocate(std::size_t words) {
  const std::size_t bytes =
      std::max<std::size_t>((words * sizeof(Word) + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  Words memory(static_cast<Word*>(std::aligned_alloc(kAlignment, bytes)));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

Session::Session(std::shared_ptr<const Program> program, const SessionOptions& options)
    : program_(std::move(program)),
      pool_(checked([&] { return find_pool(options.threads); })),
      kernels_(checked([&]() -> const cpu::Kernels& { return find_kernels(options.isa); })),
      memory_limit_(options.memory_limit != 0 ? options.memory_limit : machine::default_memory_limit()) {
  for (const Tensor& tensor : program_->state) state_bytes_ = within_limit(state_bytes_, tensor.shape);
  input_bytes_ = state_bytes_;
  for (const Tensor& tensor : program_->inputs) input_bytes_ = within_limit(input_bytes_, tensor.shape);
  std::size_t taken = input_bytes_;
  input_bytes_ -= state_bytes_;
  for (const Output& output : program_->outputs) taken = within_limit(taken, program_->shape(output.value));
  plan_ = make_plan(*program_, kernels_, *pool_, {memory_limit_, taken, false, options.strips});
  for (const Tensor& tensor : program_->state) {
    State& state = state_.emplace_back();
    state.words = count(tensor.shape);
    state.current = allocate(state.words);
    state.set = state.words == 0;
  }
  for (const std::uint32_t s : plan_.swapped) state_[s].next = allocate(state_[s].words);
  machine_.reset(new Machine{plan_, {}, {}, {}, 0, {}, {}});
  open(*machine_);
}

Session::~Session() = default;

std::size_t Session::within_limit(std::size_t taken, const Shape& shape) const {
  const std::uint64_t more = paragon::bytes(shape);
  if (more > memory_limit_ - taken) {
    fail("the inputs, outputs and state of the program, or the values observed, are more than the memory limit of ",
         memory_limit_, " bytes; raise the limit");
  }
  return taken + static_cast<std::size_t>(more);
}

void Session::open(Machine& machine) const {
  const Plan& plan = machine.plan;
  machine.arena = allocate(plan.arena_words);
  std::size_t constants = 0;
  for (const Buffer& buffer : plan.buffers) constants += buffer.home == Home::constant ? buffer.words : 0;
  machine.constants = allocate(constants);
  Word* constant = machine.constants.get();
  machine.addresses.assign(plan.buffers.size(), nothing);
  for (BufferId b = 0; b < plan.buffers.size(); ++b) {
    const Buffer& buffer = plan.buffers[b];
    if (buffer.words == 0) continue;
    if (buffer.home == Home::arena) {
      machine.addresses[b] = machine.arena.get() + buffer.position;
    } else if (buffer.home == Home::constant) {
      std::fill_n(constant, buffer.words, buffer.index);
      machine.addresses[b] = constant;
      constant += buffer.words;
    } else {
      machine.moving.push_back(b);
    }
  }
}

void Session::execute(Machine& machine, const void* const* inputs, void* const* outputs) {
  const cpu::PlainFloatControl control;
  if (machine.lanes != pool_->threads()) {
    machine.lanes = pool_->threads();
    machine.scratch = allocate(machine.lanes * machine.plan.lane_words);
  }
  for (const BufferId b : machine.moving) {
    const Buffer& buffer = machine.plan.buffers[b];
    Word*& address = machine.addresses[b];
    switch (buffer.home) {
      case Home::input: address = const_cast<Word*>(static_cast<const Word*>(inputs[buffer.index])); break;
      case Home::output: address = static_cast<Word*>(outputs[buffer.index]); break;
      case Home::state: address = state_[buffer.index].current.get(); break;
      default: address = state_[buffer.index].next.get();
    }
  }
  const Context context{machine.addresses.data(), machine.scratch.get(), machine.lanes, machine.plan.lane_words,
                        *pool_};
  for (const auto& step : machine.plan.steps) step->run(context);
}

void Session::require_state() const {
  if (broken_) fail("the last run was cut short while it updated the state: set every state again");
  for (std::size_t s = 0; s < state_.size(); ++s) {
    if (!state_[s].set) fail("the state ", json::quote(program_->state[s].name), " is not set");
  }
}

void Session::run(const void* const* inputs, void* const* outputs) {
  const std::lock_guard lock(mutex_);
  require_state();
  for (std::size_t i = 0; i < program_->inputs.size(); ++i) {
    check_address(inputs[i], count(program_->inputs[i].shape), "input", program_->inputs[i].name);
  }
  for (std::size_t i = 0; i < program_->outputs.size(); ++i) {
    check_address(outputs[i], count(program_->shape(program_->outputs[i].value)), "output", program_->outputs[i].name);
  }
  try {
    execute(*machine_, inputs, outputs);
  } catch (...) {
    broken_ = plan_.in_place;
    if (broken_) {
      for (State& state : state_) state.set = state.words == 0;
    }
    throw;
  }
  for (const std::uint32_t s : plan_.swapped) std::swap(state_[s].current, state_[s].next);
}

void Session::prepare_to_observe(const std::uint32_t* values, std::size_t count_) {
  const std::lock_guard lock(mutex_);
  prepare(values, count_);
}

void Session::prepare(const std::uint32_t* values, std::size_t count_) {
  std::size_t taken = bytes() + input_bytes_;
  for (std::size_t i = 0; i < count_; ++i) {
    if (values[i] >= program_->values()) {
      fail("there is no value ", values[i], "; the program has ", program_->values());
    }
    taken = within_limit(taken, program_->shape(values[i]));
  }
  if (observed_plan_.bytes > memory_limit_ - taken) {
    fail("the values of the program take more than the memory limit of ", memory_limit_,
         " bytes; raise the limit, or observe fewer");
  }
  if (observed_ != nullptr) return;
  observed_plan_ = make_plan(*program_, kernels_, *pool_, {memory_limit_, taken, true, {}});
  auto machine = std::unique_ptr<Machine>(new Machine{observed_plan_, {}, {}, {}, 0, {}, {}});
  open(*machine);
  observed_ = std::move(machine);
}

void Session::observe(const void* const* inputs, const std::uint32_t* values, std::size_t count_,
                      void* const* outputs) {
  const std::lock_guard lock(mutex_);
  require_state();
  for (std::size_t i = 0; i < program_->inputs.size(); ++i) {
    check_address(inputs[i], count(program_->inputs[i].shape), "input", program_->inputs[i].name);
  }
  prepare(values, count_);
  for (std::size_t i = 0; i < count_; ++i) {
    check_address(outputs[i], count(program_->shape(values[i])), "value", std::to_string(values[i]));
  }
  execute(*observed_, inputs, nullptr);
  for (std::size_t i = 0; i < count_; ++i) {
    const Place& place = observed_plan_.values[values[i]];
    const std::size_t words = count(program_->shape(values[i]));
    if (words > 0) std::memcpy(outputs[i], observed_->addresses[place.buffer] + place.offset, words * sizeof(Word));
  }
}

void Session::set_state(std::size_t index, const void* words) {
  const std::lock_guard lock(mutex_);
  if (index >= state_.size()) fail("there is no state ", index, "; the program has ", state_.size());
  State& state = state_[index];
  const Word* from = check_address(words, state.words, "state", program_->state[index].name);
  std::copy_n(from, state.words, state.current.get());
  state.set = true;
  if (broken_) broken_ = !std::all_of(state_.begin(), state_.end(), [](const State& s) { return s.set; });
}

void Session::get_state(std::size_t index, void* words) const {
  const std::lock_guard lock(mutex_);
  if (index >= state_.size()) fail("there is no state ", index, "; the program has ", state_.size());
  const State& state = state_[index];
  if (!state.set) fail("the state ", json::quote(program_->state[index].name), " is not set");
  check_address(words, state.words, "state", program_->state[index].name);
  if (state.words > 0) std::memcpy(words, state.current.get(), state.words * sizeof(Word));
}

std::string Session::fingerprint() const {
  const std::lock_guard lock(mutex_);
  require_state();
  std::vector<NamedWords> tensors;
  for (std::size_t s = 0; s < state_.size(); ++s) tensors.push_back({&program_->state[s], state_[s].current.get()});
  return paragon::fingerprint(tensors);
}

}  // namespace paragon
