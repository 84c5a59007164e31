// Reads and checks the headers of safetensors files; writes a new file beside the old one and then renames it, so that
// no reader meets half a file.
#include "program/formats/tensor_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>

#include "machine/available.h"
#include "program/error.h"
#include "program/formats/fingerprint.h"
#include "program/formats/json.h"
#include "program/formats/validate.h"

namespace paragon {

namespace {

constexpr std::size_t kMaxHeader = 100000000;  // the limit of the format's own library
constexpr char kMetadata[] = "__metadata__";   // no tensor can have this name
constexpr std::size_t kPrefix = 8;             // the length of the header, little-endian
constexpr std::size_t kChunk = std::size_t{1} << 16;

struct Entry {
  Tensor tensor;
  std::uint64_t begin = 0, end = 0;  // what a file says may be more than a size of this machine holds
};

constexpr struct {
  const char* name;
  Dtype dtype;
} kFileDtypes[] = {{"F32", Dtype::f32}, {"I32", Dtype::i32}, {"U32", Dtype::u32}};

Entry read_entry(json::Reader& reader, const std::string& name) {
  Entry entry;
  entry.tensor.name = name;
  bool dtype = false, shape = false, offsets = false;
  reader.object([&](const std::string& key) {
    if (key == "dtype") {
      dtype = true;
      const std::string text = reader.string();
      const auto at =
          std::find_if(std::begin(kFileDtypes), std::end(kFileDtypes), [&](const auto& d) { return text == d.name; });
      if (at == std::end(kFileDtypes)) {
        fail("the tensor ", json::quote(name), " has the dtype ", json::quote(text),
             "; only F32, I32 and U32 are read");
      }
      entry.tensor.dtype = at->dtype;
    } else if (key == "shape") {
      shape = true;
      reader.array([&](std::size_t index) {
        if (index == kMaxRank) fail("the tensor ", json::quote(name), " has more than ", kMaxRank, " axes");
        entry.tensor.shape.push_back(reader.integer("a dimension", 0, kMaxDimension));
      });
    } else if (key == "data_offsets") {
      offsets = true;
      std::int64_t ends[2] = {-1, -1};
      std::size_t count = 0;
      reader.array([&](std::size_t index) {
        if (index > 1) reader.error("data_offsets has two entries");
        ends[index] = reader.integer("data_offsets", 0, kHuge);
        count = index + 1;
      });
      if (count != 2 || ends[1] < ends[0]) {
        fail("the tensor ", json::quote(name), " has wrong data_offsets");
      }
      entry.begin = static_cast<std::uint64_t>(ends[0]);
      entry.end = static_cast<std::uint64_t>(ends[1]);
    } else {
      reader.error("unknown key " + json::quote(key));
    }
  });
  if (!dtype || !shape || !offsets) fail("the tensor ", json::quote(name), " lacks its dtype, shape or data_offsets");
  check_shape(entry.tensor.shape);
  if (entry.end - entry.begin != static_cast<std::uint64_t>(elements(entry.tensor.shape)) * sizeof(Word)) {
    fail("the tensor ", json::quote(name), " of shape ", to_text(entry.tensor.shape), " cannot have ",
         entry.end - entry.begin, " bytes");
  }
  return entry;
}

[[noreturn]] void fail_errno(const std::string& path, const char* what) {
  fail(path, ": ", what, ": ", std::strerror(errno));
}

// Where a path leads in the end, also where nothing is yet.
std::string follow_links(std::string path) {
  constexpr int kMaxLinks = 40;
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code status;
    const std::filesystem::path next = std::filesystem::read_symlink(path, status);
    if (status) return path;  // not a link
    path = (std::filesystem::path(path).parent_path() / next).string();
  }
  fail(path, ": too many links");
}

// A new file beside the one it will replace; removed unless renamed. Links are followed, and the permissions of a file
// that is there are kept. What is no regular file (a device, a FIFO) is written through.
class Replacement {
 public:
  explicit Replacement(const std::string& path) : path_(path) {
    struct stat there{};
    const bool exists = stat(path.c_str(), &there) == 0;
    if (!exists && errno != ENOENT) fail_errno(path_, "cannot write");
    if (exists && !S_ISREG(there.st_mode)) {
      file_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (file_ < 0) fail_errno(path_, "cannot write");
      return;
    }
    target_ = follow_links(path);
    if (exists) mode_ = there.st_mode & 07777;
    create_temporary(exists ? 0600 : 0666);  // of which the system takes the user's mask
    if (file_ < 0) {
      temporary_.clear();
      fail_errno(path_, "cannot create a file beside it");
    }
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (file_ >= 0) close(file_);
    if (!temporary_.empty()) unlink(temporary_.c_str());
  }

  void write(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::write(file_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_errno(path_, "cannot write");
      bytes += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  void commit() {
    const bool through = temporary_.empty();
    if (mode_ && fchmod(file_, *mode_) != 0) fail_errno(path_, "cannot keep the permissions");
    if (!through && fsync(file_) != 0) fail_errno(path_, "cannot write");
    const int file = file_;
    file_ = -1;
    if (close(file) != 0) fail_errno(path_, "cannot write");
    if (through) return;
    if (rename(temporary_.c_str(), target_.c_str()) != 0) fail_errno(path_, "cannot replace it");
    temporary_.clear();
    const std::size_t slash = target_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : target_.substr(0, slash + 1);
    if (const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY); directory >= 0) {
      fsync(directory);  // so that the new name outlives a crash too; not every file system can
      close(directory);
    }
  }

 private:
  // A file with a name that no other has. Not by mkstemp: that knows no mask, which can only be read by setting it,
  // for all threads.
  void create_temporary(mode_t mode) {
    std::random_device random;
    do {
      char name[16];
      std::snprintf(name, sizeof name, ".%08x", static_cast<unsigned>(random()));
      temporary_ = target_ + name;
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    } while (file_ < 0 && errno == EEXIST);
  }

  std::string path_, target_, temporary_;  // as given, where its links lead, and what is written; no temporary: through
  std::optional<mode_t> mode_;             // of the file that is replaced
  int file_ = -1;
};

}  // namespace

TensorFile TensorFile::open(const std::string& path, std::size_t memory_limit) {
  try {
    TensorFile file;
    file.memory_limit_ = memory_limit != 0 ? memory_limit : machine::default_memory_limit();
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) fail(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) fail("not a regular file");
    file.file_.reset(std::fopen(path.c_str(), "rb"));
    if (file.file_ == nullptr) fail(std::strerror(errno));
    file.size_ = static_cast<std::size_t>(status.st_size);
    file.read_header();
    return file;
  } catch (const Error& error) {
    fail(path, ": ", error.what());
  }
}

TensorFile TensorFile::view(const void* bytes, std::size_t size) {
  TensorFile file;
  file.bytes_ = static_cast<const unsigned char*>(bytes);
  file.size_ = size;
  file.read_header();
  return file;
}

void TensorFile::bytes_at(std::size_t position, std::size_t size, unsigned char* out) const {
  if (position > size_ || size > size_ - position) fail("the file is truncated");
  if (bytes_ != nullptr) {
    std::memcpy(out, bytes_ + position, size);
    return;
  }
  if (fseeko(file_.get(), static_cast<off_t>(position), SEEK_SET) != 0 ||
      std::fread(out, 1, size, file_.get()) != size) {
    fail("the file is truncated");
  }
}

void TensorFile::read_header() {
  unsigned char prefix[kPrefix];
  if (size_ < kPrefix) fail("not a safetensors file: it has only ", size_, " bytes");
  bytes_at(0, kPrefix, prefix);
  std::uint64_t length = 0;
  for (std::size_t i = kPrefix; i-- > 0;) length = length << 8 | prefix[i];
  if (length > kMaxHeader) fail("not a safetensors file: a header of ", length, " bytes is more than ", kMaxHeader);
  if (length > size_ - kPrefix) fail("the file is truncated: a header of ", length, " bytes in a file of ", size_);
  std::string header(static_cast<std::size_t>(length), '\0');
  bytes_at(kPrefix, header.size(), reinterpret_cast<unsigned char*>(header.data()));
  if (header.empty() || header[0] != '{') fail("not a safetensors file: the header does not start with '{'");
  if (header[header.find_last_not_of(' ')] != '}') fail("not a safetensors file: the header does not end with '}'");

  std::vector<Entry> entries;
  json::Reader reader(header);
  reader.object([&](const std::string& key) {
    if (key == kMetadata) {
      reader.object([&](const std::string& name) { metadata_[name] = reader.string(); });
    } else {
      entries.push_back(read_entry(reader, key));
    }
  });
  reader.end();

  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  const std::size_t data = kPrefix + header.size();
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      fail("the tensor ", json::quote(entry.tensor.name), " does not start where the one before it ends");
    }
    end = entry.end;
  }
  if (end != size_ - data) fail("the tensors take ", end, " bytes, but the file holds ", size_ - data);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.tensor.name < b.tensor.name; });
  for (Entry& entry : entries) {
    positions_.push_back(data + static_cast<std::size_t>(entry.begin));
    tensors_.push_back(std::move(entry.tensor));
  }
}

const Tensor* TensorFile::find(const std::string& name) const {
  const auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                   [](const Tensor& t, const std::string& n) { return t.name < n; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

std::vector<Word> TensorFile::read(const Tensor& tensor) const {
  const std::size_t position = positions_[static_cast<std::size_t>(&tensor - tensors_.data())];
  const std::size_t size = count(tensor.shape) * sizeof(Word);
  if (size > memory_limit_ - read_) {
    fail("its tensors take more than the memory limit of ", memory_limit_, " bytes; raise the limit");
  }
  read_ += size;
  std::vector<Word> words(count(tensor.shape));
  unsigned char bytes[kChunk];
  for (std::size_t at = 0; at < words.size(); at += kChunk / sizeof(Word)) {
    const std::size_t part = std::min(words.size() - at, kChunk / sizeof(Word));
    bytes_at(position + at * sizeof(Word), part * sizeof(Word), bytes);
    decode(bytes, part, words.data() + at);
  }
  return words;
}

const std::string& TensorFile::required(const std::string& key) const {
  const auto at = metadata_.find(key);
  if (at == metadata_.end()) fail("the metadata has no ", json::quote(key));
  return at->second;
}

void TensorFile::require_format(const std::string& format) const {
  const std::string& found = required("format");
  if (found != format) fail("the format is ", json::quote(found), ", not ", json::quote(format));
}

void write_tensor_file(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::vector<WrittenTensor> tensors) {
  const auto less = [](const WrittenTensor& a, const WrittenTensor& b) { return a.tensor.name < b.tensor.name; };
  std::sort(tensors.begin(), tensors.end(), less);
  std::string header = "{";
  if (!metadata.empty()) {
    header += json::quote(kMetadata) + ":{";
    for (const auto& [key, value] : metadata) {
      if (header.back() != '{') header += ',';
      header += json::quote(key) + ':' + json::quote(value);
    }
    header += '}';
  }
  std::size_t offset = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i].tensor;
    if (tensor.name == kMetadata) fail(path, ": no tensor can have the name ", json::quote(kMetadata));
    if (i > 0 && tensors[i - 1].tensor.name == tensor.name) {
      fail(path, ": two tensors would have the name ", json::quote(tensor.name));
    }
    const std::size_t end = offset + count(tensor.shape) * sizeof(Word);
    const auto dtype = std::find_if(std::begin(kFileDtypes), std::end(kFileDtypes),
                                    [&](const auto& d) { return d.dtype == tensor.dtype; });
    header += join(header.size() > 1 ? "," : "", json::quote(tensor.name), ":{\"dtype\":\"", dtype->name,
                   "\",\"shape\":", to_text(tensor.shape), ",\"data_offsets\":[", offset, ",", end, "]}");
    offset = end;
  }
  header += '}';
  header.append((kPrefix - header.size() % kPrefix) % kPrefix, ' ');
  if (header.size() > kMaxHeader) fail(path, ": the header would be longer than ", kMaxHeader, " bytes");

  Replacement file(path);
  unsigned char prefix[kPrefix];
  for (std::size_t i = 0; i < kPrefix; ++i) prefix[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  file.write(prefix, kPrefix);
  file.write(header.data(), header.size());
  std::vector<unsigned char> bytes(kChunk);
  for (const WrittenTensor& tensor : tensors) {
    const std::size_t words = count(tensor.tensor.shape);
    for (std::size_t at = 0; at < words; at += kChunk / sizeof(Word)) {
      const std::size_t part = std::min(words - at, kChunk / sizeof(Word));
      encode(tensor.words + at, part, tensor.tensor.dtype, bytes.data());
      file.write(bytes.data(), part * sizeof(Word));
    }
  }
  file.commit();
}

std::string fingerprint_file(const std::string& path) {
  const TensorFile file = TensorFile::open(path);
  return naming(path, [&] {
    const auto format = file.metadata().find("format");
    const bool results = format != file.metadata().end() && format->second == kRunFormat;
    std::vector<Tensor> tensors;
    std::vector<std::vector<Word>> words;
    for (const Tensor& tensor : file.tensors()) {
      if (results && !tensor.name.starts_with(kOutputPrefix)) continue;
      words.push_back(file.read(tensor));
      tensors.push_back(tensor);
      if (results) tensors.back().name.erase(0, kOutputPrefix.size());
    }
    std::vector<NamedWords> named;
    for (std::size_t i = 0; i < tensors.size(); ++i) named.push_back({&tensors[i], words[i].data()});
    return fingerprint(std::move(named));
  });
}

}  // namespace paragon
