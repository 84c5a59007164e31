// The workers: they look for a job for a short time, then sleep; all take the next task from one counter.
#include "cpu/threads.h"

#include <pthread.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cpu/float_control.h"
#include "machine/available.h"

namespace paragon::cpu {
namespace {

// A job that follows another within this time finds the workers awake. Longer spinning would steal time from others.
constexpr auto kSpin = std::chrono::microseconds(50);

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until `done` holds, for kSpin at most. Returns whether it held.
template <class Done>
bool spin_until(const Done& done) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

void check_threads(std::size_t threads, const char* name, const std::string& given) {
  if (threads < 1 || threads > kMaxThreads) {
    throw std::invalid_argument(std::string(name) + " must be an integer in 1 ... " + std::to_string(kMaxThreads) +
                                ", not \"" + given + "\"");
  }
}

}  // namespace

std::size_t default_threads() {
  const char* text = std::getenv("PARAGON_NUM_THREADS");
  if (text == nullptr || *text == '\0') {
    const std::size_t n = machine::available_processors();
    return n < kMaxThreads ? n : kMaxThreads;
  }
  std::size_t threads = 0;
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, threads);
  if (parsed.ec != std::errc() || parsed.ptr != end) threads = 0;
  check_threads(threads, "PARAGON_NUM_THREADS", text);
  return threads;
}

// The workers and the job they are at. A job is open while it may have untaken tasks. A worker that has counted itself
// in before it sees an open job may read the job; the caller closes the job and waits until nobody is in.
class ThreadPool::Team {
 public:
  explicit Team(std::size_t workers) {
    workers_.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Team() { stop(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t workers() const { return workers_.size(); }

  void run(std::size_t tasks, Task task, const void* context) {
    task_ = task;
    context_ = context;
    tasks_ = tasks;
    failure_ = nullptr;
    next_.store(0, std::memory_order_relaxed);
    open_.store(true);
    jobs_.fetch_add(1);
    if (sleepers_.load() > 0) {
      {
        std::lock_guard lock(mutex_);
      }
      wake_.notify_all();
    }
    take_tasks();
    open_.store(false);
    const auto nobody_in = [this] { return inside_.load() == 0; };
    if (!spin_until(nobody_in)) {
      std::unique_lock lock(mutex_);
      caller_sleeps_.store(true);
      finished_.wait(lock, nobody_in);
      caller_sleeps_.store(false);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void take_tasks() {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) {
      try {
        task_(context_, i);
      } catch (...) {
        std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
      }
    }
  }

  void work() {
    const PlainFloatControl control;  // a thread starts with the modes of the thread that made it
    for (std::size_t seen = 0;;) {
      const auto new_job = [&] { return jobs_.load() != seen; };
      if (!spin_until(new_job)) {
        std::unique_lock lock(mutex_);
        sleepers_.fetch_add(1);
        wake_.wait(lock, new_job);
        sleepers_.fetch_sub(1);
      }
      seen = jobs_.load();
      if (stopping_.load()) return;
      inside_.fetch_add(1);
      if (open_.load()) take_tasks();
      if (inside_.fetch_sub(1) == 1 && caller_sleeps_.load()) {
        {
          std::lock_guard lock(mutex_);
        }
        finished_.notify_one();
      }
    }
  }

  void stop() {
    stopping_.store(true);
    jobs_.fetch_add(1);
    {
      std::lock_guard lock(mutex_);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  Task task_ = nullptr;
  const void* context_ = nullptr;
  std::size_t tasks_ = 0;
  std::exception_ptr failure_;

  std::atomic<std::size_t> next_{0};  // task
  std::atomic<std::size_t> jobs_{0};  // ever opened
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> inside_{0};
  std::atomic<std::size_t> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::vector<std::thread> workers_;
};

namespace {

std::mutex pools_mutex;  // guards the list of pools; held across fork
ThreadPool* pools = nullptr;

}  // namespace

void ThreadPool::register_fork_handlers() {
  const auto lock = [] { pools_mutex.lock(); };
  const auto unlock = [] { pools_mutex.unlock(); };
  const auto start_anew = [] {
    for (ThreadPool* p = pools; p != nullptr; p = p->next_) p->forget_team();
    pools_mutex.unlock();
  };
  static const int registered = pthread_atfork(lock, unlock, start_anew);
  if (registered != 0) throw std::bad_alloc();
}

ThreadPool::ThreadPool(std::size_t threads) : threads_(threads) {
  check_threads(threads, "the number of threads", std::to_string(threads));
  register_fork_handlers();
  std::lock_guard lock(pools_mutex);
  next_ = pools;
  pools = this;
}

ThreadPool::~ThreadPool() {
  std::lock_guard lock(pools_mutex);
  ThreadPool** link = &pools;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
}

void ThreadPool::set_threads(std::size_t threads) {
  check_threads(threads, "the number of threads", std::to_string(threads));
  threads_.store(threads, std::memory_order_relaxed);
}

void ThreadPool::forget_team() noexcept {
  static_cast<void>(
      team_.release());  // its threads cannot be joined and its locks may be held: it can only be left alone
  busy_.store(0);
}

void ThreadPool::run(std::size_t tasks, Task task, const void* context) {
  if (busy_.exchange(1) != 0) {
    for (std::size_t i = 0; i < tasks; ++i) task(context, i);
    return;
  }
  struct Release {
    std::atomic<int>& busy;
    ~Release() { busy.store(0); }
  } release{busy_};
  const std::size_t workers = threads() - 1;
  if (team_ && team_->workers() != workers) team_.reset();
  if (!team_ && workers > 0) team_ = std::make_unique<Team>(workers);
  if (team_) {
    team_->run(tasks, task, context);
  } else {
    for (std::size_t i = 0; i < tasks; ++i) task(context, i);
  }
}

}  // namespace paragon::cpu
