// Files are written with the permissions that the user's mask leaves, or those of the file that they replace. The mask,
// which is that of all threads, is not touched: whoever sets it to read it lets others make files that are open to all.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "program/formats/tensor_file.h"
#include "tests/check.h"

static int masks_set = 0;

// In place of the system's, for the library, too.
extern "C" mode_t umask(mode_t mask) noexcept {
  ++masks_set;
  return static_cast<mode_t>(syscall(SYS_umask, mask));
}

namespace {

using namespace paragon;
using namespace paragon::tests;

const std::string kPath = "test_files.safetensors";

mode_t mode_of(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

void check_new_files() {
  for (const mode_t mask : {0022, 0077, 0000}) {
    umask(mask);
    const int before = masks_set;
    write_tensor_file(kPath, {}, {});
    CHECK(mode_of(kPath) == (0666 & ~mask), "a new file with the mask %o: %o", mask, mode_of(kPath));
    CHECK(masks_set == before, "the mask was set %d times", masks_set - before);
    std::filesystem::remove(kPath);
  }
}

void check_replaced_files() {
  umask(0022);
  for (const mode_t mode : {0600, 0640, 0666, 0400}) {
    write_tensor_file(kPath, {}, {});
    chmod(kPath.c_str(), mode);
    write_tensor_file(kPath, {}, {});
    CHECK(mode_of(kPath) == mode, "a file with %o has %o", mode, mode_of(kPath));
    std::filesystem::remove(kPath);
  }
}

void check_nothing_is_left() {
  for (const auto& entry : std::filesystem::directory_iterator(".")) {
    CHECK(entry.path().filename().string().rfind(kPath, 0) != 0, "left: %s", entry.path().c_str());
  }
}

}  // namespace

int main() {
  std::filesystem::remove(kPath);
  check_new_files();
  check_replaced_files();
  check_nothing_is_left();
  return finish("test_files");
}
