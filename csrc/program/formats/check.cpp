// Asks the reader of each kind of file, and makes one line of its answer.
#include "program/formats/check.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "program/error.h"
#include "program/formats/job.h"
#include "program/formats/model.h"
#include "program/formats/vector_file.h"

namespace paragon {

namespace {

// The text with a space for each byte of a control character, so that it is one line to every reader of text.
std::string without_controls(std::string text) {
  unsigned char before = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool latin = before == 0xc2 && byte < 0xa0;
    if (latin) text[i - 1] = ' ';
    if (latin || byte < 0x20 || byte == 0x7f) text[i] = ' ';
    before = byte;
  }
  return text;
}

// What is wrong with a file, in one line; empty when nothing is.
std::string refusal(const std::string& path) {
  try {
    const TensorFile file = TensorFile::open(path);
    check_file(file);
    return "";
  } catch (const Error& error) {
    std::string reason = error.what();
    if (reason.starts_with(path + ": ")) reason.erase(0, path.size() + 2);
    return without_controls(reason);
  }
}

// The regular files of a folder, sorted by the bytes of their names.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code status, unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, status)) {
    if (entry.is_regular_file(unreadable)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  for (std::string& name : names) name = join(folder, "/", name);
  return names;
}

}  // namespace

void check_file(const TensorFile& file) {
  const auto found = file.metadata().find("format");
  const std::string format = found == file.metadata().end() ? "" : found->second;
  if (format == kModelFormat) read_programs(file);
  if (format == kJobFormat) outline_job(file);
  if (format == kVectorsFormat) read_cases(file);
}

std::size_t check_path(const std::string& path, const std::function<void(const std::string& line)>& print) {
  std::error_code status;
  std::vector<std::string> files = {path};
  if (std::filesystem::is_directory(path, status)) {
    files = files_of(path);
    if (files.empty()) {
      print(path + ": refused: holds no files");
      return 1;
    }
  }
  std::size_t refused = 0;
  for (const std::string& file : files) {
    const std::string reason = refusal(file);
    print(file + (reason.empty() ? ": ok" : ": refused: " + reason));
    if (!reason.empty()) ++refused;
  }
  return refused;
}

}  // namespace paragon
