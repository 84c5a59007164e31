// Asks the system, then the control groups: that of this process and those above it, each of which may allow less.
#include "machine/available.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string_view>
#include <thread>
#include <vector>

namespace paragon::machine {
namespace {

struct Group {
  std::string folder;
  int version;
};

#if defined(__linux__)

bool names(std::string_view list, std::string_view wanted) {  // between commas
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

// The groups of this process for a controller, innermost first, by the lines "NUMBER:CONTROLLERS:PATH" of
// /proc/self/cgroup. In a container the path may be one outside, which is not there: what is seen is at the top.
std::vector<Group> groups(const std::string& root, std::string_view controller) {
  std::vector<Group> found;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const int version = controllers.empty() ? 2 : 1;
    if (version == 1 && !names(controllers, controller)) continue;
    const std::string top = root + "/sys/fs/cgroup" + (version == 1 ? "/" + std::string(controller) : "");
    for (std::string path = line.substr(second + 1); path.size() > 1; path.erase(path.rfind('/'))) {
      if (path[0] != '/') break;
      found.push_back({top + path, version});
    }
    found.push_back({top, version});
  }
  return found;
}

// The first words of a file that are integers; none if there is no such file, or it says "max".
std::vector<std::int64_t> integers(const std::string& path) {
  std::vector<std::int64_t> list;
  std::ifstream file(path);
  for (std::int64_t n; file >> n;) list.push_back(n);
  return list;
}

#else  // no groups; and a page of a browser can open no files

std::vector<Group> groups(const std::string&, std::string_view) { return {}; }
std::vector<std::int64_t> integers(const std::string&) { return {}; }

#endif

std::size_t processors_of_system() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<std::size_t>(CPU_COUNT(&allowed));
#endif
  return std::thread::hardware_concurrency();  // 0: unknown
}

std::size_t memory_of_system() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return SIZE_MAX;
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
}

}  // namespace

std::size_t available_processors(const std::string& root) {
  std::size_t n = std::max<std::size_t>(processors_of_system(), 1);
  for (const Group& group : groups(root, "cpu")) {
    std::vector<std::int64_t> time;  // microseconds of all processors together, in a period of so many
    if (group.version == 2) {
      time = integers(group.folder + "/cpu.max");
    } else {
      for (const char* name : {"/cpu.cfs_quota_us", "/cpu.cfs_period_us"}) {
        for (const std::int64_t value : integers(group.folder + name)) time.push_back(value);
      }
    }
    if (time.size() != 2 || time[0] <= 0 || time[1] <= 0) continue;  // no limit
    n = std::min(n, static_cast<std::size_t>((time[0] - 1) / time[1] + 1));
  }
  return n;
}

std::size_t available_memory(const std::string& root) {
  std::size_t bytes = memory_of_system();
  for (const Group& group : groups(root, "memory")) {
    const auto limit = integers(group.folder + (group.version == 2 ? "/memory.max" : "/memory.limit_in_bytes"));
    if (!limit.empty() && limit[0] > 0) bytes = std::min(bytes, static_cast<std::size_t>(limit[0]));
  }
  return bytes;
}

std::size_t default_memory_limit() { return available_memory() / 4 * 3; }

}  // namespace paragon::machine
