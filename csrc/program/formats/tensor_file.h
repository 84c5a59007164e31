// safetensors files with f32, i32 and u32 tensors. Reading trusts nothing: the header is bounded by the file, and the
// tensors must cover the rest of it without gap or overlap, so nothing is allocated that the file does not hold.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "program/program.h"

namespace paragon {

class TensorFile {
 public:
  // Tensors of at most so many bytes are read, one after another; 0: machine::default_memory_limit(). Throws Error,
  // which names the file.
  static TensorFile open(const std::string& path, std::size_t memory_limit = 0);
  static TensorFile view(const void* bytes, std::size_t size);  // the bytes must outlive the object

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // sorted by name
  const Tensor* find(const std::string& name) const;               // null if there is none
  std::vector<Word> read(const Tensor& tensor) const;              // one of tensors(); throws Error

  // The entry of the metadata; throws Error if it is missing, or, for `format`, has another value.
  const std::string& required(const std::string& key) const;
  void require_format(const std::string& format) const;

 private:
  TensorFile() = default;
  void read_header();
  void bytes_at(std::size_t position, std::size_t size, unsigned char* out) const;

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;  // or:
  const unsigned char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t memory_limit_ = SIZE_MAX;
  mutable std::size_t read_ = 0;  // bytes of tensors, at most the limit
  std::map<std::string, std::string> metadata_;
  std::vector<Tensor> tensors_;
  std::vector<std::size_t> positions_;  // in the file, of each tensor
};

// Replaces the file whole or not at all: writes beside it, flushes to the disk, renames. Links are followed,
// permissions kept; what is no regular file is written through. NaNs are written as the one NaN. Throws Error, which
// names the file.
struct WrittenTensor {
  Tensor tensor;
  const Word* words;
};
void write_tensor_file(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::vector<WrittenTensor> tensors);

// A file of results (docs/program.md): its format, and what stands before the names of outputs.
inline constexpr char kRunFormat[] = "paragon-run";
inline constexpr std::string_view kOutputPrefix = "output.";

// The fingerprint of a file: of a file of results that of the outputs, under their own names, else that of all tensors.
// Throws Error, which names the file.
std::string fingerprint_file(const std::string& path);

}  // namespace paragon
