// The command line of the compiled core, without Python:
//   vectors DIR | run MODEL INPUTS OUTPUTS [--values] | train JOB OUT | fingerprint FILE | check PATH...
//   [--isa ISA] [--threads N]
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cpu/dispatch.h"
#include "program/error.h"
#include "program/formats/check.h"
#include "program/formats/fingerprint.h"
#include "program/formats/vector_file.h"
#include "program/runtime/run_files.h"

namespace {

using namespace paragon;

constexpr char kUsage[] =
    "usage: paragon_run vectors DIR                          check every vector file of a directory\n"
    "       paragon_run run MODEL INPUTS OUTPUTS [--values]  run a model once; prints the outputs' fingerprint\n"
    "       paragon_run train JOB OUT                        run a training job; prints the fingerprint of the state\n"
    "       paragon_run fingerprint FILE                     of results the outputs', else all tensors'\n"
    "       paragon_run check PATH...                        are files, or all files of folders, what they say they "
    "are?\n"
    "       paragon_run isas                                 the instruction sets of this machine, best last\n"
    "options: --isa NAME, --threads N, --memory BYTES\n";

struct Usage : Error {
  using Error::Error;
};

struct Arguments {
  std::vector<std::string> words;
  SessionOptions options;
  bool values = false;
};

std::size_t parse_number(const std::string& option, const std::string& text) {
  std::size_t number = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || stop != text.data() + text.size() || number == 0) {
    throw Usage(option + " takes a positive integer, not \"" + text + "\"");
  }
  return number;
}

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) throw Usage(word + " takes a value");
      return argv[i];
    };
    if (word == "--values") {
      arguments.values = true;
    } else if (word == "--isa") {
      arguments.options.isa = value();
    } else if (word == "--threads") {
      arguments.options.threads = parse_number(word, value());
    } else if (word == "--memory") {
      arguments.options.memory_limit = parse_number(word, value());
    } else if (word.rfind("--", 0) == 0) {
      throw Usage("there is no option " + word);
    } else {
      arguments.words.push_back(word);
    }
  }
  return arguments;
}

// --- vectors ---------------------------------------------------------------------------------------------------------

// Words as they are observed: the one NaN, little-endian.
std::vector<unsigned char> observed(const std::vector<Word>& words, Dtype dtype) {
  std::vector<unsigned char> bytes(words.size() * sizeof(Word));
  encode(words.data(), words.size(), dtype, bytes.data());
  return bytes;
}

void compare(const std::string& what, Dtype dtype, const std::vector<Word>& got, const std::vector<Word>& wanted) {
  const auto a = observed(got, dtype), b = observed(wanted, dtype);
  const auto at = std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
  if (at == static_cast<std::ptrdiff_t>(a.size())) return;
  const std::size_t i = static_cast<std::size_t>(at) / sizeof(Word);
  char text[64];
  std::snprintf(text, sizeof text, "is %08x, must be %08x", got[i], wanted[i]);
  fail(what, ": element ", i, " ", text);
}

// Throws Error, which says what is wrong.
void check_case(const TensorFile& file, std::size_t k, const Case& vector_case, const SessionOptions& options) {
  const Program& program = *vector_case.program;
  Session session(vector_case.program, options);
  const auto words = [&](const char* kind, const std::string& name) {
    return file.read(*file.find(case_tensor(k, kind, name)));
  };
  std::vector<std::vector<Word>> inputs, outputs;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const Tensor& input : program.inputs) {
    inputs.push_back(words("in", input.name));
    in.push_back(inputs.back().data());
  }
  for (std::size_t s = 0; s < program.state.size(); ++s) {
    session.set_state(s, words("state", program.state[s].name).data());
  }
  for (const Output& output : program.outputs) {
    outputs.emplace_back(count(program.shape(output.value)));
    out.push_back(outputs.back().data());
  }
  session.run(in.data(), out.data());
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    const Output& output = program.outputs[i];
    compare(case_tensor(k, "out", output.name), program.dtype(output.value), outputs[i], words("out", output.name));
  }
  for (const Update& update : program.updates) {
    const Tensor& state = program.state[update.state];
    std::vector<Word> got(count(state.shape));
    session.get_state(update.state, got.data());
    compare(case_tensor(k, "new", state.name), state.dtype, got, words("new", state.name));
  }
}

// Returns the number of cases and of wrong ones.
std::pair<std::size_t, std::size_t> check_vectors(const std::filesystem::path& path, const SessionOptions& options) {
  const TensorFile file = TensorFile::open(path.string(), options.memory_limit);
  const std::vector<Case> cases = naming(path.string(), [&] { return read_cases(file); });
  std::size_t wrong = 0;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    try {
      check_case(file, k, cases[k], options);
    } catch (const Error& error) {
      ++wrong;
      std::printf("%s: case %zu (%s): %s\n", path.filename().c_str(), k, cases[k].name.c_str(), error.what());
    }
  }
  return {cases.size(), wrong};
}

void vectors(const std::string& directory, const SessionOptions& options) {
  std::error_code status;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory, status)) {
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
  }
  if (status) fail(directory, ": ", status.message());
  std::sort(paths.begin(), paths.end());
  std::size_t total = 0, wrong = 0;
  for (const auto& path : paths) {
    const auto [cases, bad] = check_vectors(path, options);
    total += cases;
    wrong += bad;
  }
  if (total == 0) fail(directory, ": holds no vectors");
  if (wrong > 0) fail(wrong, " of ", total, " cases wrong");
  std::printf("%zu cases in %zu files, all right\n", total, paths.size());
}

// Prints a line a file; throws Error when one is refused.
void check(const std::vector<std::string>& paths) {
  std::size_t refused = 0;
  for (const std::string& path : paths) {
    refused += check_path(path, [](const std::string& line) { std::printf("%s\n", line.c_str()); });
  }
  if (refused > 0) fail(refused, " refused");
}

void command(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  const SessionOptions& options = arguments.options;
  const auto is = [&](const char* name, std::size_t files) { return words.size() == files + 1 && words[0] == name; };
  if (is("vectors", 1)) {
    vectors(words[1], options);
  } else if (is("run", 3)) {
    std::printf("%s\n", run_model(words[1], words[2], words[3], arguments.values, options).c_str());
  } else if (is("train", 2)) {
    std::printf("%s\n", train(words[1], words[2], options).c_str());
  } else if (is("fingerprint", 1)) {
    std::printf("%s\n", fingerprint_file(words[1]).c_str());
  } else if (words.size() > 1 && words[0] == "check") {
    check({words.begin() + 1, words.end()});
  } else if (is("isas", 0)) {
    for (const auto* kernels : cpu::available_kernels()) std::printf("%s\n", kernels->isa);
  } else {
    throw Usage("cannot make sense of the command");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    command(parse_arguments(argc, argv));
    return 0;
  } catch (const Usage& error) {
    std::fprintf(stderr, "paragon_run: %s\n%s", error.what(), kUsage);
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "paragon_run: out of memory\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "paragon_run: %s\n", error.what());
  }
  return 1;
}
