// Holds the program layer to docs/program.md: plans of random programs against the contract's scalar definitions, word
// for word, for every instruction set, on one thread and on several, run after run, whatever the host's rounding; and
// what is refused, and how.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "program/error.h"
#include "program/formats/fingerprint.h"
#include "program/formats/tensor_file.h"
#include "tests/check.h"
#include "tests/foreign_control.h"
#include "tests/hold_program.h"
#include "tests/program_builder.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

void hold_random_programs(std::uint32_t programs) {
  for (std::uint32_t seed = 0; seed < programs; seed += sampled(7)) {
    RandomProgram random(seed);
    const Program made = random.make(1 + random.below(40));
    const auto program = std::make_shared<const Program>(parse(program_text(made)));
    const auto& available = cpu::available_kernels();
    const std::string isa = available[seed % available.size()]->isa;
    const StripSizes small{1, 64, 1 + seed % 4};
    hold(program, random, seed, {{isa, 1 + seed % 3, 0, seed % 2 == 0 ? StripSizes{} : small}});
  }
}

// --- hand-written programs -------------------------------------------------------------------------------------------

Words run_once(Session& session, const std::vector<Words>& inputs, std::size_t outputs) {
  Arrays out;
  for (std::size_t i = 0; i < outputs; ++i) out.add(count(session.program().shape(session.program().outputs[i].value)));
  session.run(addresses(inputs).data(), out.addresses.data());
  return outputs == 0 ? Words{} : out.words[0];
}

constexpr Word kOne = 0x3f800000;

// The updates happen at once: two states change places, and a third counts.
void swap_states() {
  ProgramBuilder p;
  const auto a = p.state("a", {2}, Dtype::i32), b = p.state("b", {2}, Dtype::i32), n = p.state("n", {}, Dtype::i32);
  p.update(a, b).update(b, a).update(n, p.add(Op::add, {n, p.constant(1, Dtype::i32)})).output("old", n);
  Session session(p.build(), {});
  const Words first{1, 2}, second{3, 4}, seven{7};
  session.set_state(0, first.data());
  session.set_state(1, second.data());
  session.set_state(2, seven.data());
  for (Word run = 0; run < 3; ++run) {
    const Words old = run_once(session, {}, 1);
    Words x(2), y(2);
    session.get_state(0, x.data());
    session.get_state(1, y.data());
    CHECK(x == (run % 2 == 0 ? second : first) && y == (run % 2 == 0 ? first : second), "run %u", run);
    CHECK(old == Words{7 + run}, "run %u", run);
  }
}

// What may not be written in place: rows that later blocks read, though the array is read densely too.
void keep_what_is_read() {
  ProgramBuilder p;
  const auto w = p.state("w", {9, 700});
  const auto added = p.add(Op::add, {w, p.slice(w, {0, 0}, {1, 700})}), negated = p.add(Op::neg, {added});
  p.update(w, added).output("y", p.add(Op::mul, {negated, p.slice(negated, {8, 0}, {9, 700})}));
  RandomProgram random(1);
  hold(p.build(), random, 1, everywhere());
}

void hold_on_all(const ProgramBuilder& p) {
  RandomProgram random(2);
  hold(p.build(), random, 2, everywhere());
}

// A sigmoid, or what looks like one.
struct Sigmoid {
  Comparison how = Comparison::ge;
  Word one = kOne;
  bool numerator_is_exponent = true, denominator_is_exponent = true;  // else its logarithm
  bool compares_x = true;                                             // else m
};
void keep_sigmoid(const Sigmoid& s, bool all_values) {
  ProgramBuilder p;
  const auto x = p.input("x", {300, 7}), m = p.input("m", {300, 1});
  const auto negated = p.add(Op::neg, {p.add(Op::abs, {x})}), e = p.add(Op::exp, {negated}), one = p.constant(s.one);
  const auto positive = p.compare(s.compares_x ? x : m, s.how, p.constant(0));
  const auto numerator = p.add(Op::select, {positive, one, s.numerator_is_exponent ? e : negated});
  const auto denominator = p.add(Op::add, {s.denominator_is_exponent ? e : negated, one});
  p.output("quotient", p.add(Op::div, {numerator, denominator}));
  if (all_values) p.output("numerator", numerator).output("e", e);
  hold_on_all(p);
}

// select(m how 0, 0 or m, x), and the exp of its difference with m.
void keep_relu(Comparison how, bool zero, bool all_values) {
  ProgramBuilder p;
  const auto x = p.input("x", {300, 7}), m = p.input("m", {300, 1}), none = p.constant(0);
  const auto compared = p.compare(m, how, none), chosen = p.add(Op::select, {compared, zero ? none : m, x});
  const auto difference = p.add(Op::sub, {chosen, m});
  p.output("chosen", chosen).output("exp", p.add(Op::exp, {difference}));
  if (all_values) p.output("compared", compared).output("difference", difference);
  hold_on_all(p);
}

// Groups of operations that have one kernel, with and without readers of what lies between, and near misses of each.
void keep_composites() {
  keep_sigmoid({}, false);
  keep_sigmoid({}, true);
  keep_sigmoid({Comparison::lt}, false);
  keep_sigmoid({Comparison::ge, kOne + 1}, false);
  keep_sigmoid({Comparison::ge, kOne, true, false}, false);
  keep_sigmoid({Comparison::ge, kOne, false, true}, false);
  keep_sigmoid({Comparison::ge, kOne, true, true, false}, false);
  keep_relu(Comparison::le, true, false);
  keep_relu(Comparison::le, true, true);
  keep_relu(Comparison::lt, true, false);
  keep_relu(Comparison::le, false, false);
}

// Roundings to all formats, within a chain and at its ends.
void keep_roundings() {
  ProgramBuilder p;
  const auto x = p.input("x", {37, 130}), y = p.input("y", {130});
  for (std::size_t f = 0; f < kFormats; ++f) {
    const auto format = static_cast<Format>(f);
    const auto product = p.add(Op::mul, {p.round_to(x, format), p.round_to(y, format)});
    p.output(kFormatNames[f], p.round_to(p.add(Op::add, {product, x}), format));
  }
  hold_on_all(p);
}

// A convolution, a pooling, and their gradients: windows, products and elementwise operations whose arrays do not lie
// in the order of their axes, in shapes that others see through reshapes.
void keep_convolutions() {
  const ProgramBuilder::Windows three{{3, 3}, {1, 1}, {0, 1, 0, 0}}, two{{2, 2}, {2, 2}, {0, 0, 0, 0}};
  ProgramBuilder p;
  const auto x = p.input("x", {3, 2, 9, 8}), w = p.input("w", {5, 18}), b = p.input("b", {5});
  const auto patches = p.reshape(p.unfold(x, three), {144, 18});
  const auto convolved = p.add(Op::add, {p.reshape(p.matmul(patches, w, false, true, 4), {3, 8, 6, 5}), b});
  const auto images = p.reshape(p.transpose(convolved, {0, 3, 1, 2}), {15, 1, 8, 6});
  const auto windows = p.unfold(images, two), pooled = p.max(windows, {3}, false);
  const auto first = p.one_hot(p.argmax(windows, 3), 4);
  const auto spread = p.fold(p.add(Op::mul, {first, p.reshape(pooled, {15, 4, 3, 1})}), {8, 6}, two);
  const auto gradient = p.transpose(p.reshape(spread, {3, 5, 8, 6}), {0, 2, 3, 1});
  const auto rows = p.reshape(gradient, {144, 5});
  const auto back = p.reshape(p.matmul(rows, w), {3, 8, 6, 18});
  p.output("db", p.sum(gradient, {0, 1, 2}, false, 16))
      .output("dw", p.matmul(rows, patches, true, false, 20))
      .output("dx", p.fold(back, {9, 8}, three, 4))
      .output("gram", p.matmul(rows, rows, true, false))
      .output("y", pooled)
      .output("windows", windows);
  hold_on_all(p);
}

// The words do not depend on the modes of the host, on the caller's thread or on others, and the host keeps its modes.
void keep_float_control() {
  ProgramBuilder p;
  const auto x = p.input("x", {400, 500}), y = p.input("y", {500});
  const auto product = p.add(Op::mul, {x, y}), sum = p.add(Op::add, {product, p.add(Op::exp, {x})});
  p.output("y", p.matmul(product, x, false, true)).output("z", product).output("s", p.sum(sum, {1}, false));
  const auto program = p.build();
  RandomProgram random(3);
  std::vector<Words> inputs{random.words(Dtype::u32, {400, 500}), random.words(Dtype::u32, {500})};
  for (Words& words : inputs) {
    for (Word& word : words) word = (word % 8 == 0 ? 0 : 0x3f800000) | word >> 9;  // subnormal, or in [1, 2)
  }
  const auto outputs = [&](Session& session) {
    Arrays out;
    for (const Output& output : program->outputs) out.add(count(program->shape(output.value)));
    session.run(addresses(inputs).data(), out.addresses.data());
    return out.words;
  };
  for (const cpu::Kernels* kernels : cpu::available_kernels()) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
      const SessionOptions options{kernels->isa, threads, 0};
      Session plain(program, options);
      const std::vector<Words> right = outputs(plain);
      std::vector<Words> found;
      bool kept = false;
      {
        const ForeignControl host;
        Session foreign(program, options);
        found = outputs(foreign);
        kept = ForeignControl::is_set();
      }
      CHECK(kept, "%s x%zu: the host has its modes", kernels->isa, threads);
      for (std::size_t i = 0; i < right.size(); ++i) {
        CHECK(same(found[i], right[i], Dtype::f32), "%s x%zu: output %zu", kernels->isa, threads, i);
      }
    }
  }
}

void expect_refused(const std::string& text, const std::string& part) {
  const std::string found = message([&] { parse(text); });
  CHECK(found.find(part) != std::string::npos, "%s\n    says: %s\n    should say: %s", text.substr(0, 400).c_str(),
        found.c_str(), part.c_str());
}

void refuse_texts() {
  expect_refused("", "the text ends too early");
  expect_refused("{", "the text ends too early");
  expect_refused("[1]", "expected an object");
  expect_refused("{\"format\":\"paragon-program\"}", "\"version\" is missing");
  expect_refused("{\"format\":\"other\"}", "is not \"paragon-program\"");
  expect_refused("{\"version\":2}", "version 2 is not supported");
  expect_refused("{\"version\":1.0}", "without fraction");
  expect_refused("{\"version\":99999999999999999999}", "version 99999999999999999999 is outside 0");
  expect_refused("{\"version\":01}", "does not start with 0");
  expect_refused("{\"version\":-0}", "version -0 is outside 0");
  expect_refused("{\"a\":1,\"a\":1}", "unknown key \"a\"");
  expect_refused("{\"format\":\"paragon-program\",\"format\":\"paragon-program\"}", "stands twice");
  expect_refused("{\"format\":\"\\ud800\"}", "surrogate");
  expect_refused("{\"format\":\"\xff\"}", "not valid UTF-8");
  expect_refused("{\"format\":\"\n\"}", "control character");
  expect_refused("{\"meta\":{\"a\":" + std::string(100, '['), "nested deeper");
  expect_refused(document("", "", "", "", "") + "x", "text after the end");
}

// Two tensors, and programs that have them as values 0 and 1, and one operation on them.
const std::string kX = R"({"name":"x","dtype":"f32","shape":[2,3]})", kI = R"({"name":"i","dtype":"i32","shape":[3]})";

std::string with(const std::string& operation) { return document(kX + "," + kI, "", operation, "", ""); }

std::string op(const char* name, const char* inputs, const char* dtype, const char* shape, const char* attributes) {
  return join("{\"op\":\"", name, "\",\"inputs\":", inputs, ",\"output\":2,\"dtype\":\"", dtype, "\",\"shape\":", shape,
              ",\"attributes\":", attributes, "}");
}

void refuse_operations() {
  CHECK(message([&] { parse(with(op("neg", "[0]", "f32", "[2,3]", "{}"))); }) == "(no error)", "a good program");
  expect_refused(with(op("nag", "[0]", "f32", "[2,3]", "{}")), "unknown operation \"nag\"");
  expect_refused(with(op("neg", "[2]", "f32", "[2,3]", "{}")), "operation 0 (neg, value 2): uses value 2");
  expect_refused(with(op("neg", "[0]", "f32", "[3,2]", "{}")), "states f32 [3,2], but yields f32 [2,3]");
  expect_refused(with(op("neg", "[0]", "i32", "[2,3]", "{}")), "states i32 [2,3], but yields f32 [2,3]");
  expect_refused(with(op("neg", "[0]", "f32", "[2,3]", "{\"axis\":0}")), "has no attribute \"axis\"");
  expect_refused(with(op("neg", "[0]", "f32", "[2,3]", "{\"colour\":0}")), "unknown attribute \"colour\"");
  expect_refused(with(op("add", "[0]", "f32", "[2,3]", "{}")), "takes 2 operands, not 1");
  expect_refused(with(op("add", "[0,1]", "f32", "[2,3]", "{}")),
                 "the dtypes differ: value 0 (f32 [2,3]) and value 1 (i32 [3])");
  expect_refused(with(op("div", "[1,1]", "i32", "[3]", "{}")), "must be f32, not value 1 (i32 [3])");
}

// Attributes and shapes that the rule of an operation does not allow.
void refuse_by_rule() {
  expect_refused(with(op("sum", "[0]", "f32", "[]", R"({"axes":[0,1],"keepdims":false})")),
                 "the attribute \"panel\" is missing");
  expect_refused(with(op("sum", "[0]", "f32", "[]", R"({"axes":[0,1],"keepdims":false,"panel":1})")),
                 "panel 1 is outside 2 ... 2147483647");
  expect_refused(with(op("sum", "[0]", "f32", "[]", R"({"axes":[1,0],"keepdims":false,"panel":2})")), "must ascend");
  expect_refused(with(op("sum", "[0]", "f32", "[]", R"({"axes":[2],"keepdims":false,"panel":2})")), "are not axes of");
  expect_refused(
      with(op("matmul", "[0,0]", "f32", "[2,2]", R"({"transpose_a":false,"transpose_b":false,"panel":null})")),
      "the inner dimensions 3 and 2 differ");
  expect_refused(with(op("reshape", "[0]", "f32", "[7]", R"({"shape":[7]})")), "cannot reshape");
  expect_refused(with(op("broadcast", "[0]", "f32", "[2,4]", R"({"shape":[2,4]})")), "does not broadcast to [2,4]");
  expect_refused(with(op("broadcast", "[0]", "f32", "[99999,99999,2,3]", R"({"shape":[99999,99999,2,3]})")),
                 "elements");
  expect_refused(with(op("constant", "[]", "f32", "[2]", R"({"dtype":"f32","shape":[2],"word":"3F800000"})")),
                 "lower-case hex");
  expect_refused(with(op("constant", "[]", "f32", "[-1]", R"({"dtype":"f32","shape":[-1],"word":"3f800000"})")),
                 "outside 0");
  expect_refused(with(op("slice", "[1]", "i32", "[2]", R"({"start":[2],"stop":[4],"step":[1]})")), "are not within");
  expect_refused(with(op("slice", "[1]", "i32", "[2]", R"({"start":[0],"stop":[2],"step":[0]})")), "at least 1");
  expect_refused(
      with(op("pad", "[1]", "i32", "[9]",
              R"({"low":[9223372036854775807],"high":[9223372036854775807],"interior":[0],"word":"00000000"})")),
      "outside 0");
  expect_refused(with(op("gather", "[0,0]", "f32", "[2]", R"({"axis":0})")), "operand 1 must be i32");
  expect_refused(with(op("scatter_add", "[0,1]", "f32", "[2]", R"({"axis":0,"size":[2,2],"panel":null})")),
                 "size must be an integer");
  expect_refused(with(op("round_to", "[1]", "i32", "[3]", R"({"format":"f16"})")), "must be f32, not value 1");
  expect_refused(with(op("round_to", "[0]", "f32", "[2,3]", R"({"format":"f8"})")),
                 "unknown format \"f8\" (f16, bf16, e4m3fn, e5m2)");
  expect_refused(with(op("argmax", "[0]", "i32", "[2]", R"({"axis":2,"keepdims":false})")),
                 "axis 2 is outside 0 ... 1");
}

void refuse_attributes_of_fold() {
  ProgramBuilder image;
  const auto patches = image.input("x", {1, 2, 2, 1});
  const auto fold = [&] { image.add(Op::fold, {patches}, {ProgramBuilder::number(Key::size, 2)}); };
  CHECK(message(fold) == "the attribute \"kernel\" is missing", "%s", message(fold).c_str());
  const auto list = [](Key key, Shape values) { return ProgramBuilder::list(key, std::move(values)); };
  const auto fold_to_a_number = [&] {
    image.add(
        Op::fold, {patches},
        {ProgramBuilder::number(Key::size, 2), list(Key::kernel, {1, 1}), list(Key::stride, {1, 1}),
         list(Key::padding, {0, 0, 0, 0}), list(Key::dilation, {1, 1}), ProgramBuilder::number(Key::panel, kNoPanel)});
  };
  CHECK(message(fold_to_a_number) == "size must be a list of 2", "%s", message(fold_to_a_number).c_str());
}

void refuse_names_and_results() {
  expect_refused(document(kX + "," + kX, "", "", "", ""), "the name \"x\" stands twice");
  expect_refused(document(kX, kX, "", "", ""), "the name \"x\" stands twice");
  expect_refused(document(R"({"name":"","dtype":"f32","shape":[]})", "", "", "", ""), "a name has 1 to 255 bytes");
  expect_refused(document(R"({"name":"a\u0007","dtype":"f32","shape":[]})", "", "", "", ""), "control character");
  expect_refused(document(R"({"name":"a","dtype":"f64","shape":[]})", "", "", "", ""), "unknown dtype \"f64\"");
  expect_refused(document(R"({"name":"a","dtype":"f32","shape":[1,1,1,1,1,1,1,1,1]})", "", "", "", ""),
                 "a list longer than 8");
  expect_refused(document(kX, "", "", R"({"name":"y","value":1})", ""), "which does not exist");
  expect_refused(document(kX, "", "", R"({"name":"y","value":0},{"name":"y","value":0})", ""), "two outputs");
  expect_refused(document(kX, "", "", "", R"({"state":"x","value":0})"), "which is not a state");
  expect_refused(document(kI, kX, "", "", R"({"state":"x","value":0})"),
                 "the update of \"x\" (f32 [2,3]) is value 0 (i32 [3])");
  expect_refused(document(kI, kX, "", "", R"({"state":"x","value":1},{"state":"x","value":1})"), "updated twice");
}

void refuse_sessions() {
  const auto parsed = [](const std::string& text) { return std::make_shared<Program>(parse(text)); };
  const std::string big = R"({"op":"bits","inputs":[0,1],"output":2,"dtype":"u32","shape":[2147483647],
      "attributes":{"stream":0,"shape":[2147483647],"width":32}})";
  const std::string seeds = R"({"name":"s","dtype":"u32","shape":[2]},{"name":"t","dtype":"u32","shape":[]})";
  const auto huge = parsed(document(seeds, "", big + R"(,{"op":"max","inputs":[2],"output":3,"dtype":"u32","shape":[],
      "attributes":{"axes":[0],"keepdims":false}})",
                                    R"({"name":"y","value":3})", ""));
  CHECK(message([&] { Session(huge, {"", 0, 1000000}); }).find("memory limit of 1000000 bytes") != std::string::npos,
        "a huge program");
  const auto state = parsed(document("", R"({"name":"w","dtype":"f32","shape":[2147483647]})", "", "", ""));
  CHECK(message([&] { Session(state, {"", 0, 1000000}); }).find("memory limit of 1000000") != std::string::npos,
        "a huge state");

  const auto small =
      parsed(document("", R"({"name":"w","dtype":"f32","shape":[2]})", "", R"({"name":"y","value":0})", ""));
  CHECK(message([&] { Session(small, {"sse9", 0, 0}); }).find("sse9") != std::string::npos,
        "an unknown instruction set");
  CHECK(message([&] { Session(small, {"", 4096, 0}); }).find("1024") != std::string::npos, "too many threads");
  Session session(small, {});
  Words out(2);
  void* outs[] = {out.data()};
  CHECK(message([&] { session.run(nullptr, outs); }) == "the state \"w\" is not set", "state that is not set");
  const Words w{1, 2};
  session.set_state(0, w.data());
  session.run(nullptr, outs);
  CHECK(out == w, "a state as output");
  outs[0] = nullptr;
  CHECK(message([&] { session.run(nullptr, outs); }) == "output \"y\": the address is null", "a null output");
  outs[0] = reinterpret_cast<char*>(out.data()) + 1;
  CHECK(message([&] { session.run(nullptr, outs); }).find("not aligned") != std::string::npos, "an unaligned output");
  CHECK(message([&] { session.set_state(1, w.data()); }).find("there is no state 1") != std::string::npos,
        "a state that is not there");
}

// --- files -----------------------------------------------------------------------------------------------------------

void hash() {  // FIPS 180-4's examples
  Sha256 empty, abc, two, million;
  abc.update("abc", 3);
  two.update("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  for (int i = 0; i < 1000; ++i) million.update(std::string(1000, 'a').data(), 1000);
  CHECK(empty.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "the empty message");
  CHECK(abc.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
  CHECK(two.hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "two blocks");
  CHECK(million.hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "a million");
}

std::string file_bytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

void files(const std::string& folder) {
  const std::string path = folder + "/tensors.safetensors";
  const Words a{0x3f800000, 0xffc12345, 0x80000000}, b{1, 0xffffffff};
  write_tensor_file(path, {{"key", "va\"lue\n\u00e9"}},
                    {{{"b", Dtype::i32, {2, 1}}, b.data()}, {{"a", Dtype::f32, {3}}, a.data()}});
  const TensorFile file = TensorFile::open(path);
  CHECK(file.required("key") == "va\"lue\n\u00e9", "metadata");
  CHECK(file.tensors().size() == 2 && file.find("c") == nullptr, "the list of tensors");
  CHECK(file.read(*file.find("a")) == (Words{0x3f800000, 0x7fc00000, 0x80000000}), "words, with the one NaN");
  CHECK(file.read(*file.find("b")) == b && file.find("b")->shape == (Shape{2, 1}), "words of integers");
  std::remove(path.c_str());

  const auto refused = [](const std::string& header, const std::string& data, const char* part) {
    const std::string bytes = file_bytes(header, data);
    const std::string found = message([&] { TensorFile::view(bytes.data(), bytes.size()); });
    CHECK(found.find(part) != std::string::npos, "%s\n    says: %s\n    should say: %s", header.c_str(), found.c_str(),
          part);
  };
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "1234", "(no error)");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "123",
          "the tensors take 4 bytes, but the file holds 3");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "12345678", "cannot have 8 bytes");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "12345678", "does not start where");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "1234", "wrong data_offsets");
  refused(R"({"a":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,8589934588]}})", "1234",
          "but the file holds 4");
  refused(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "", "outside 0");
  refused(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", "12345678", "only F32, I32 and U32");
  refused(R"({"a":{"dtype":"F32","shape":[1]}})", "1234", "lacks its");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}})", "1234", "stands twice");
  refused("[]", "", "does not start with '{'");
  refused("", "", "does not start with '{'");
  CHECK(message([] { TensorFile::view("abc", 3); }).find("has only 3 bytes") != std::string::npos, "three bytes");
  CHECK(message([] { TensorFile::view("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10); }).find("is more than") !=
            std::string::npos,
        "a huge header");
  CHECK(message([] { TensorFile::view("\x7f\0\0\0\0\0\0\0{}", 10); }).find("truncated") != std::string::npos,
        "a header beyond the end");
  CHECK(message([&] { TensorFile::open(folder + "/none"); }).find(folder + "/none: ") == 0, "a file that is not there");
  CHECK(message([&] { write_tensor_file(folder + "/no/such/folder", {}, {}); }).find("cannot create") !=
            std::string::npos,
        "no folder");
}

}  // namespace

// test_program [PROGRAMS [FOLDER]]
int main(int argc, char** argv) {
  hash();
  swap_states();
  keep_what_is_read();
  keep_convolutions();
  keep_float_control();
  keep_composites();
  keep_roundings();
  refuse_texts();
  refuse_operations();
  refuse_by_rule();
  refuse_attributes_of_fold();
  refuse_names_and_results();
  refuse_sessions();
  files(argc > 2 ? argv[2] : ".");
  hold_random_programs(argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 300);
  return finish("test_program");
}
