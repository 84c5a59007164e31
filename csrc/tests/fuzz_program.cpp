// fuzz_program COUNT SEED [DIRECTORY...]: feeds mutated programs, model files and job files to everything that reads
// what others wrote, and runs what is accepted. The seeds are random programs, and all small files of the directories
// and of those within, good and bad ones, which are fed as they are before any is mutated. Only paragon::Error and
// std::bad_alloc may come out; anything else ends the process, and so do the sanitizers. The input at work is kept in
// the file fuzz_program.input, so that a crash can be seen again: fuzz_program --again FILE.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "program/error.h"
#include "program/formats/check.h"
#include "program/formats/job.h"
#include "program/formats/parse.h"
#include "program/runtime/run_files.h"
#include "tests/random_program.h"

namespace {

using namespace paragon;

constexpr std::size_t kMemory = std::size_t{1} << 23;  // bytes a mutated program may ask for
constexpr std::size_t kMaxSeed = std::size_t{1} << 16;
constexpr std::size_t kMaxSteps = 20;
const std::string kKept = "fuzz_program.input";

std::mt19937_64 generator;
std::size_t below(std::size_t n) { return static_cast<std::size_t>(generator() % n); }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string file_of(const std::string& metadata, const std::string& rest, std::size_t data) {
  const std::string header = "{\"__metadata__\":{" + metadata + "}" + rest + "}";
  std::string bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + std::string(data, '\x3f');
}

// A model or job file with the program's state, and for a job rows of data.
std::string file_seed(const Program& program, bool job) {
  const std::string text = json::quote(tests::program_text(program));
  std::string metadata = join("\"format\":\"", job ? "paragon-job" : "paragon-model", "\",\"program\":", text);
  if (job) metadata += ",\"job\":" + json::quote(R"({"steps":3,"batch":2,"seed":[1,2]})");
  std::string rest;
  std::size_t at = 0;
  const auto add = [&](const std::string& name, Dtype dtype, const Shape& shape) {
    const std::size_t size = static_cast<std::size_t>(elements(shape)) * sizeof(Word);
    const char* names[] = {"F32", "I32", "U32"};
    rest += join(",", json::quote(name), ":{\"dtype\":\"", names[static_cast<int>(dtype)],
                 "\",\"shape\":", to_text(shape), ",\"data_offsets\":[", at, ",", at + size, "]}");
    at += size;
  };
  for (const Tensor& state : program.state) add(state.name, state.dtype, state.shape);
  for (const Tensor& input : program.inputs) {
    if (!job || input.name == "seed" || input.shape.empty()) continue;
    Shape shape = input.shape;
    shape[0] *= 3;
    add("data." + input.name, input.dtype, shape);
  }
  return file_of(metadata, rest, at);
}

// What is put into the text: integers at and beyond limits, other values, and pieces of JSON.
// clang-format off
const std::vector<std::string> kWords = {
    "0", "1", "-1", "2", "255", "256", "2147483647", "2147483648", "4294967295", "4294967296", "9007199254740993",
    "9223372036854775807", "-9223372036854775808", "18446744073709551616",
    "1e9", "0.5", "null", "true", "[]", "{}", "[0]", "[2147483647,2147483647]", "\"\"", "\"add\"", "\"matmul\"",
    "\"f32\"", "\"i32\"", "\"00000000\"", "\"ffffffff\"", "\"\\ud800\"", ",", ":", "]", "}",
};
// clang-format on
constexpr std::size_t kNumbers = 14;  // the first of them, which are integers

// The first number from a position on becomes another.
void replace_number(std::string& text, std::size_t from) {
  const std::size_t first = text.find_first_of("0123456789", from);
  if (first == std::string::npos) return;
  const std::size_t last = std::min(text.find_first_not_of("0123456789", first), text.size());
  text.replace(first, last - first, kWords[below(kNumbers)]);
}

// The first quoted word from a position on becomes another of the text.
void replace_quoted(std::string& text, std::size_t from) {
  const std::size_t first = text.find('"', from);
  const std::size_t other = text.find('"', below(text.size()));
  if (first == std::string::npos || other == std::string::npos) return;
  const std::size_t last = text.find('"', first + 1), end = text.find('"', other + 1);
  if (last == std::string::npos || end == std::string::npos) return;
  text.replace(first, last - first + 1, text.substr(other, end - other + 1));
}

// One change: of bits, bytes, numbers, or the order of parts.
void mutate(std::string& text, const std::vector<std::string>& seeds) {
  if (text.empty()) text = "{";
  const std::size_t at = below(text.size());
  switch (below(8)) {
    case 0: text[at] = static_cast<char>(text[at] ^ 1 << below(8)); break;
    case 1: text[at] = static_cast<char>(below(256)); break;
    case 2: text.erase(at, 1 + below(below(10) == 0 ? text.size() : 8)); break;
    case 3: text.insert(at, text, below(text.size()), 1 + below(64)); break;
    case 4: text.insert(at, kWords[below(kWords.size())]); break;
    case 5: replace_number(text, at); break;
    case 6: replace_quoted(text, at); break;
    default: {
      const std::string& other = seeds[below(seeds.size())];
      if (!other.empty()) text = text.substr(0, at) + other.substr(below(other.size()));
    }
  }
}

// Runs a program if its inputs and outputs are small.
void run(Session& session) {
  const Program& program = session.program();
  std::size_t words = 0;
  const auto size = [&](const Shape& shape) { return static_cast<std::size_t>(elements(shape)); };
  for (const Tensor& input : program.inputs) words += size(input.shape);
  for (const Output& output : program.outputs) words += size(program.shape(output.value));
  if (words * sizeof(Word) > kMemory) return;
  std::vector<Word> memory(words + 1, 0x3f800000);
  Word* at = memory.data();
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (const Tensor& input : program.inputs) {
    inputs.push_back(at);
    at += size(input.shape);
  }
  for (const Output& output : program.outputs) {
    outputs.push_back(at);
    at += size(program.shape(output.value));
  }
  session.run(inputs.data(), outputs.data());
}

// Returns whether the bytes were accepted as something.
bool feed(const std::string& bytes) {
  bool accepted = false;
  const SessionOptions options{"", 1, kMemory};
  try {
    const auto program = std::make_shared<const Program>(parse(bytes));
    accepted = true;
    Session session(program, options);
    for (std::size_t s = 0; s < program->state.size(); ++s) {
      const std::vector<Word> words(static_cast<std::size_t>(elements(program->state[s].shape)));
      session.set_state(s, words.data());
    }
    run(session);
  } catch (const Error&) {
  } catch (const std::bad_alloc&) {
  }
  try {
    const TensorFile file = TensorFile::view(bytes.data(), bytes.size());
    accepted = true;
    for (const Tensor& tensor : file.tensors()) file.read(tensor);
    check_file(file);
    run(*open_session(load_model(file), options));
  } catch (const Error&) {
  } catch (const std::bad_alloc&) {
  }
  return accepted;
}

// Writes over the file without emptying it first, which some file systems answer with a flush to the disk.
void keep(const std::string& bytes) {
  static const int file = open(kKept.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const auto size = static_cast<off_t>(bytes.size());
  if (pwrite(file, bytes.data(), bytes.size(), 0) != size || ftruncate(file, size) != 0) {
    std::perror(kKept.c_str());
    std::exit(1);
  }
}

// A job is trained from a file; one with very many steps is only read.
void feed_job(const std::string& bytes) {
  keep(bytes);
  try {
    if (read_job(TensorFile::view(bytes.data(), bytes.size())).schedule.steps > kMaxSteps) return;
    train(kKept, kKept + ".out", {"", 1, kMemory});
    std::remove((kKept + ".out").c_str());
  } catch (const Error&) {
  } catch (const std::bad_alloc&) {
  }
}

std::string fresh_program() {
  tests::RandomProgram random(static_cast<std::uint32_t>(generator()));
  return tests::program_text(random.make(1 + random.below(8)));
}

std::vector<std::string> make_seeds(int argc, char** argv) {
  std::vector<std::string> seeds;
  for (std::uint32_t i = 0; i < 60; ++i) {
    tests::RandomProgram random(i);
    const Program program = random.make(1 + i % 12);
    seeds.push_back(tests::program_text(program));
    seeds.push_back(file_seed(program, i % 3 == 0));
    if (seeds.back().size() > kMaxSeed) seeds.pop_back();
  }
  std::vector<std::filesystem::path> files;
  for (int i = 3; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file() && entry.file_size() <= kMaxSeed) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());  // a seed gives the same inputs on every file system
  for (const auto& path : files) seeds.push_back(read_file(path));
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--again") {
    const std::string bytes = read_file(argv[2]);
    std::printf("accepted: %d\n", feed(bytes));
    feed_job(bytes);
    return 0;
  }
  if (argc < 3) {
    std::fprintf(stderr, "usage: fuzz_program COUNT SEED [DIRECTORY...] | --again FILE\n");
    return 2;
  }
  const std::size_t count = std::strtoull(argv[1], nullptr, 10);
  generator.seed(std::strtoull(argv[2], nullptr, 10));
  const std::vector<std::string> seeds = make_seeds(argc, argv);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = seeds[i % seeds.size()];
    if (i >= seeds.size() && below(3) == 0) text = fresh_program();
    const std::size_t mutations = i < seeds.size() ? 0 : 1 + below(below(4) == 0 ? 12 : 3);
    for (std::size_t m = 0; m < mutations; ++m) mutate(text, seeds);
    if (i % 64 == 63 || text.find("paragon-job") != std::string::npos) {
      feed_job(text);
    } else {
      keep(text);
      accepted += feed(text);
    }
  }
  std::remove(kKept.c_str());
  std::printf("fuzz_program: %zu inputs from %zu seeds, %zu accepted\n", count, seeds.size(), accepted);
  return accepted >= std::min(count, seeds.size()) / 4 && accepted < count ? 0 : 1;  // else it tests nothing
}
