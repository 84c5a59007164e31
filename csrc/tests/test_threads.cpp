// The pool of threads (every task once, exceptions, nesting, several callers, fork, rounding modes) and the choice of
// instruction set.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/threads.h"
#include "tests/check.h"
#include "tests/foreign_control.h"

namespace {

using namespace paragon::cpu;

// Whether each of `tasks` tasks runs exactly once.
bool runs_all_once(ThreadPool& pool, std::size_t tasks) {
  std::vector<std::atomic<int>> runs(tasks);
  pool.parallel_for(tasks, [&](std::size_t i) { runs[i].fetch_add(1); });
  for (const std::atomic<int>& n : runs) {
    if (n.load() != 1) return false;
  }
  return true;
}

// The text of the std::invalid_argument that fn throws, or "" if it throws none.
std::string refusal(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

void test_tasks() {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads, "%zu threads", threads);
    for (int round = 0; round < 200; ++round) {
      const std::size_t tasks = static_cast<std::size_t>(round % 40);
      CHECK(runs_all_once(pool, tasks), "%zu threads, %zu tasks", threads, tasks);
    }
  }
}

// Two tasks that wait for each other can only end if they run at the same time: also after the workers fell asleep.
void test_at_the_same_time() {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    if (round > 2) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic<int> arrived{0};
    pool.parallel_for(2, [&](std::size_t) {
      arrived.fetch_add(1);
      while (arrived.load() < 2) std::this_thread::yield();
    });
    CHECK(arrived.load() == 2, "round %d", round);
  }
}

void test_resizing() {
  ThreadPool pool(2);
  for (const std::size_t threads : {4, 1, 3}) {
    pool.set_threads(threads);
    CHECK(pool.threads() == threads && runs_all_once(pool, 50), "%zu threads", threads);
  }
  CHECK(refusal([&] { pool.set_threads(0); }) != "", "0 threads");
  CHECK(refusal([&] { pool.set_threads(kMaxThreads + 1); }) != "", "too many threads");
  CHECK(pool.threads() == 3, "a refused number changes nothing");
}

void test_exceptions() {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    bool caught = false;
    try {
      pool.parallel_for(20, [&](std::size_t i) {
        if (i == 7) throw std::bad_alloc();
      });
    } catch (const std::bad_alloc&) {
      caught = true;
    }
    CHECK(caught, "round %d", round);
    CHECK(runs_all_once(pool, 20), "after an exception, round %d", round);
  }
}

void test_nesting() {
  ThreadPool pool(3);
  std::atomic<int> runs{0};
  pool.parallel_for(10, [&](std::size_t) { pool.parallel_for(10, [&](std::size_t) { runs.fetch_add(1); }); });
  CHECK(runs.load() == 100, "%d runs", runs.load());
}

void test_several_callers() {
  ThreadPool pool(3);
  std::atomic<int> bad{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) bad.fetch_add(runs_all_once(pool, 17) ? 0 : 1);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(bad.load() == 0, "%d bad rounds", bad.load());
}

// The child of a fork has new workers: also when the fork comes in the middle of another thread's job.
void test_fork() {
  ThreadPool pool(2);
  CHECK(runs_all_once(pool, 30), "before the fork");
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load()) runs_all_once(pool, 30);
  });
  for (int round = 0; round < 10; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      std::atomic<int> arrived{0};
      pool.parallel_for(2, [&](std::size_t) {
        arrived.fetch_add(1);
        while (arrived.load() < 2) std::this_thread::yield();
      });
      _exit(runs_all_once(pool, 30) ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
          "the child of round %d ended with status %d", round, status);
  }
  stop.store(true);
  other.join();
  CHECK(runs_all_once(pool, 30), "the parent goes on");
}

// Workers have the plain rounding modes though the thread that makes them has others. Two tasks that wait for each
// other run on two threads: one of them is a worker.
void test_float_control() {
  const paragon::tests::ForeignControl host;
  ThreadPool pool(2);
  std::atomic<int> arrived{0}, plain{0};
  pool.parallel_for(2, [&](std::size_t) {
    if (paragon::tests::ForeignControl::is_plain()) plain.fetch_add(1);
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();
  });
  CHECK(plain.load() == 1, "%d of the two threads", plain.load());
}

void test_environment() {
  setenv("PARAGON_NUM_THREADS", "5", 1);
  CHECK(default_threads() == 5, "PARAGON_NUM_THREADS=5");
  for (const char* wrong : {"0", "-1", "two", "3x", "99999999999999999999", "1025"}) {
    setenv("PARAGON_NUM_THREADS", wrong, 1);
    const std::string message = refusal([] { default_threads(); });
    CHECK(message.find("PARAGON_NUM_THREADS") != std::string::npos && message.find(wrong) != std::string::npos,
          "\"%s\" gave \"%s\"", wrong, message.c_str());
  }
  unsetenv("PARAGON_NUM_THREADS");
  CHECK(default_threads() >= 1, "by default");
}

void test_dispatch() {
  const std::vector<const Kernels*>& available = available_kernels();
  CHECK(!available.empty() && &default_kernels() == available.back(), "the best is the default");
  for (const Kernels* k : available) {
    setenv("PARAGON_ISA", k->isa, 1);
    CHECK(&default_kernels() == k && &kernels(k->isa) == k, "%s", k->isa);
  }
  setenv("PARAGON_ISA", "sse9", 1);
  const std::string message = refusal([] { default_kernels(); });
  CHECK(message.find("PARAGON_ISA") != std::string::npos && message.find("sse9") != std::string::npos &&
            message.find(available[0]->isa) != std::string::npos,
        "\"%s\"", message.c_str());
  unsetenv("PARAGON_ISA");
}

}  // namespace

int main() {
  test_tasks();
  test_at_the_same_time();
  test_resizing();
  test_exceptions();
  test_nesting();
  test_several_callers();
  test_float_control();
  // The allocator's locks of AddressSanitizer do not survive a fork beside threads: the child may wait for ever.
  // ThreadSanitizer starts no threads in such a child.
  if (!paragon::tests::kSanitized) test_fork();
  test_environment();
  test_dispatch();
  return paragon::tests::finish("test_threads");
}
