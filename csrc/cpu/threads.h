// A small pool of threads. A job is a number of independent tasks; the caller takes part in its own job.
//
// Promises: every task runs exactly once, and has finished when `parallel_for` returns. An exception of a task reaches
// the caller. The pool may be used from several threads at once: a caller that finds the pool at work for another, or
// that is itself a task of the pool, runs its tasks alone. After fork() the child gets new workers at its first job.
// Kernels split outputs and whole panels between tasks, never a chain: the number of threads changes no result.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace paragon::cpu {

// The work that is worth another thread, counted in words that a kernel loads and computes with.
inline constexpr std::size_t kGrain = std::size_t{1} << 15;

// The value of PARAGON_NUM_THREADS, else the number of processors that this process may use.
// Throws std::invalid_argument when the variable is set to anything but an integer in 1 ... kMaxThreads.
std::size_t default_threads();
inline constexpr std::size_t kMaxThreads = 1024;

class ThreadPool {
 public:
  explicit ThreadPool(std::size_t threads = default_threads());
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Including the caller. A change takes effect at the next job. Throws std::invalid_argument for 0 and for more than
  // kMaxThreads of them.
  std::size_t threads() const noexcept { return threads_.load(std::memory_order_relaxed); }
  void set_threads(std::size_t threads);

  // Calls fn(0), fn(1), ..., fn(tasks - 1), in any order and at the same time.
  template <class Fn>
  void parallel_for(std::size_t tasks, const Fn& fn) {
    if (tasks <= 1 || threads() == 1) {
      for (std::size_t i = 0; i < tasks; ++i) fn(i);
    } else {
      run(tasks, [](const void* context, std::size_t i) { (*static_cast<const Fn*>(context))(i); }, &fn);
    }
  }

 private:
  class Team;
  using Task = void (*)(const void* context, std::size_t index);

  void run(std::size_t tasks, Task task, const void* context);
  void forget_team() noexcept;  // in the child of a fork, where the workers do not exist
  static void register_fork_handlers();

  std::atomic<std::size_t> threads_;
  std::atomic<int> busy_{0};  // guards team_; an int, for not every processor exchanges bytes
  std::unique_ptr<Team> team_;
  ThreadPool* next_ = nullptr;  // the list of all pools, for fork
};

}  // namespace paragon::cpu
