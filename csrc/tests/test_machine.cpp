// What a container allows is seen: files as Linux writes them for control groups of version 1 and 2, in a folder of the
// test's own.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "machine/available.h"
#include "tests/check.h"

namespace {

using namespace paragon::machine;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A folder with /proc and /sys of a machine, removed at the end.
class Root {
 public:
  Root() {
    char path[] = "test_machine.XXXXXX";
    path_ = mkdtemp(path);
  }
  ~Root() { std::filesystem::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  Root& file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path_ + name).parent_path());
    std::ofstream(path_ + name) << text << '\n';
    return *this;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void expect(const Root& root, std::size_t memory, std::size_t processors, const char* what) {
  const std::size_t bytes = available_memory(root.path()), n = available_processors(root.path());
  CHECK(bytes == memory, "%s: %zu bytes, not %zu", what, bytes, memory);
  CHECK(n == processors, "%s: %zu processors, not %zu", what, n, processors);
}

}  // namespace

int main() {
  const std::size_t memory = available_memory(Root().path()), processors = available_processors(Root().path());
  CHECK(memory > 100 * kMiB && processors >= 1, "%zu bytes, %zu processors without groups", memory, processors);
  CHECK(available_memory() <= memory && available_processors() <= processors, "this process");
  CHECK(default_memory_limit() <= memory / 4 * 3 && default_memory_limit() > 0, "by default");

  const std::string here = "/sys/fs/cgroup/pod/box/", above = "/sys/fs/cgroup/pod/";
  const auto second = [](Root& root) -> Root& { return root.file("/proc/self/cgroup", "0::/pod/box"); };
  {
    Root root;
    second(root).file(here + "memory.max", "max").file(here + "cpu.max", "max 100000");
    expect(root, memory, processors, "version 2, no limits");
    root.file(here + "memory.max", std::to_string(64 * kMiB)).file(here + "cpu.max", "50000 100000");
    expect(root, 64 * kMiB, 1, "version 2, half a processor");
    root.file(above + "memory.max", std::to_string(32 * kMiB));
    expect(root, 32 * kMiB, 1, "version 2, the group above allows less");
    root.file(here + "memory.max", "18446744073709551615").file(above + "memory.max", "nonsense");
    expect(root, memory, 1, "version 2, no number that is a limit");
  }
  {
    Root root;
    root.file("/proc/self/cgroup", "0::/").file("/sys/fs/cgroup/memory.max", std::to_string(48 * kMiB));
    expect(root, 48 * kMiB, processors, "version 2, its own name space");
  }
  if (processors > 1) {
    Root root;
    second(root).file(here + "cpu.max", "150000 100000");
    expect(root, memory, 2, "one and a half processors");
    second(root).file(here + "cpu.max", "100000 100000");
    expect(root, memory, 1, "one processor");
  }
  {
    Root root;
    root.file("/proc/self/cgroup", "5:cpu,cpuacct:/docker/1\n4:cpuset:/x\n3:memory:/docker/1\n1:name=systemd:/");
    root.file("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712");
    root.file("/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us", "-1");
    root.file("/sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us", "100000");
    expect(root, memory, processors, "version 1, no limits");
    root.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(96 * kMiB));
    root.file("/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us", "25000");
    expect(root, 96 * kMiB, 1, "version 1");
  }
  return paragon::tests::finish("test_machine");
}
