// Holds steps that are run by strips of rows (program/runtime/strips.h) to the contract's scalar definitions.
#include <cstdint>
#include <utility>

#include "program/error.h"
#include "tests/hold_program.h"

namespace {

using namespace paragon;
using namespace paragon::tests;

std::shared_ptr<const Program> make(const char* inputs, const char* state, const std::string& operations,
                                    const std::string& outputs, const char* updates = "") {
  return std::make_shared<const Program>(parse(document(inputs, state, operations, outputs, updates)));
}

// By every instruction set, on one thread and on three, with strips as they are, and with small ones.
void hold_everywhere(const std::shared_ptr<const Program>& program) {
  for (const cpu::Kernels* kernels : cpu::available_kernels()) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
      RandomProgram random(3);
      hold(program, random, 0, {kernels->isa, threads, 0});
      hold(program, random, 1, {kernels->isa, threads, 0, {1, 4096, 16}});
      hold(program, random, 2, {kernels->isa, threads, 0, {1, 1, 1}});
    }
  }
}

// A norm of rows and a softmax, and what ends a strip: rows in another order, half of them, one that all rows read,
// sums of columns. With one output more, what passes between steps is an output.
void norm_and_softmax() {
  const std::string operations =
      R"({"op":"pad","inputs":[0],"output":2,"dtype":"f32","shape":[1100,70],"attributes":{"low":[0,0],"high":[0,1],"interior":[0,0],"word":"3f800000"}},
         {"op":"sum","inputs":[2],"output":3,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true,"panel":32}},
         {"op":"constant","inputs":[],"output":4,"dtype":"f32","shape":[],"attributes":{"dtype":"f32","shape":[],"word":"428c0000"}},
         {"op":"div","inputs":[3,4],"output":5,"dtype":"f32","shape":[1100,1],"attributes":{}},
         {"op":"sub","inputs":[2,5],"output":6,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"reshape","inputs":[6],"output":7,"dtype":"f32","shape":[1100,1,70],"attributes":{"shape":[1100,1,70]}},
         {"op":"reshape","inputs":[6],"output":8,"dtype":"f32","shape":[1100,70,1],"attributes":{"shape":[1100,70,1]}},
         {"op":"matmul","inputs":[7,8],"output":9,"dtype":"f32","shape":[1100,1,1],"attributes":{"transpose_a":false,"transpose_b":false,"panel":256}},
         {"op":"reshape","inputs":[9],"output":10,"dtype":"f32","shape":[1100,1],"attributes":{"shape":[1100,1]}},
         {"op":"sqrt","inputs":[10],"output":11,"dtype":"f32","shape":[1100,1],"attributes":{}},
         {"op":"div","inputs":[6,11],"output":12,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"mul","inputs":[12,1],"output":13,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"max","inputs":[13],"output":14,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true}},
         {"op":"sub","inputs":[13,14],"output":15,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"exp","inputs":[15],"output":16,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"sum","inputs":[16],"output":17,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true,"panel":256}},
         {"op":"div","inputs":[16,17],"output":18,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"reshape","inputs":[18],"output":19,"dtype":"f32","shape":[10,110,1,70],"attributes":{"shape":[10,110,1,70]}},
         {"op":"transpose","inputs":[19],"output":20,"dtype":"f32","shape":[110,10,1,70],"attributes":{"axes":[1,0,2,3]}},
         {"op":"reshape","inputs":[18],"output":21,"dtype":"f32","shape":[10,110,70,1],"attributes":{"shape":[10,110,70,1]}},
         {"op":"transpose","inputs":[21],"output":22,"dtype":"f32","shape":[110,10,70,1],"attributes":{"axes":[1,0,2,3]}},
         {"op":"matmul","inputs":[20,22],"output":23,"dtype":"f32","shape":[110,10,1,1],"attributes":{"transpose_a":false,"transpose_b":false,"panel":256}},
         {"op":"slice","inputs":[18],"output":24,"dtype":"f32","shape":[550,70],"attributes":{"start":[0,0],"stop":[550,70],"step":[1,1]}},
         {"op":"neg","inputs":[24],"output":25,"dtype":"f32","shape":[550,70],"attributes":{}},
         {"op":"slice","inputs":[16],"output":26,"dtype":"f32","shape":[1,70],"attributes":{"start":[0,0],"stop":[1,70],"step":[1,1]}},
         {"op":"sub","inputs":[18,26],"output":27,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"argmax","inputs":[27],"output":28,"dtype":"i32","shape":[1100],"attributes":{"axis":1,"keepdims":false}},
         {"op":"sum","inputs":[18],"output":29,"dtype":"f32","shape":[70],"attributes":{"axes":[0],"keepdims":false,"panel":256}},
         {"op":"sum","inputs":[14],"output":30,"dtype":"f32","shape":[1,1],"attributes":{"axes":[0],"keepdims":true,"panel":256}})";
  const std::string columns = R"({"name":"columns","value":29},{"name":"maxima","value":30})";
  for (
      const char* more :
      {"", R"(,{"name":"turned","value":23})", R"(,{"name":"half","value":25})",
       R"(,{"name":"away","value":27},{"name":"best","value":28})",
       R"(,{"name":"norm","value":13},{"name":"turned","value":23},{"name":"half","value":25},{"name":"away","value":27},{"name":"best","value":28})"}) {
    hold_everywhere(make(R"({"name":"x","dtype":"f32","shape":[1100,69]},{"name":"g","dtype":"f32","shape":[70]})", "",
                         operations, columns + more));
  }
}

// An array that is last read within a strip, where there would be room for one that is written later in it, with longer
// rows.
void keep_what_later_rows_read() {
  hold_everywhere(make(
      R"({"name":"x","dtype":"f32","shape":[1100,69]},{"name":"g","dtype":"f32","shape":[70]},{"name":"z","dtype":"f32","shape":[1100,1]})",
      "",
      R"({"op":"pad","inputs":[0],"output":3,"dtype":"f32","shape":[1100,70],"attributes":{"low":[0,0],"high":[0,1],"interior":[0,0],"word":"3f800000"}},
         {"op":"sum","inputs":[3],"output":4,"dtype":"f32","shape":[70],"attributes":{"axes":[0],"keepdims":false,"panel":256}},
         {"op":"pad","inputs":[2],"output":5,"dtype":"f32","shape":[1100,2],"attributes":{"low":[0,0],"high":[0,1],"interior":[0,0],"word":"3f800000"}},
         {"op":"max","inputs":[5],"output":6,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true}},
         {"op":"sub","inputs":[5,6],"output":7,"dtype":"f32","shape":[1100,2],"attributes":{}},
         {"op":"sum","inputs":[7],"output":8,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true,"panel":256}},
         {"op":"add","inputs":[8,1],"output":9,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"transpose","inputs":[9],"output":10,"dtype":"f32","shape":[70,1100],"attributes":{"axes":[1,0]}})",
      R"({"name":"columns","value":4},{"name":"turned","value":10})"));
}

// An array whose first row is read for every row, and whose place the result of the last step might take, which reads
// the array itself, or does not. The same of a state.
void keep_the_old_array() {
  const auto operations = [](int old, int minuend) {
    const int first = old + 1;
    return join(R"({"op":"slice","inputs":[)", old, R"(],"output":)", first,
                R"(,"dtype":"f32","shape":[1,70],"attributes":{"start":[0,0],"stop":[1,70],"step":[1,1]}},
         {"op":"add","inputs":[)",
                old, ",", first, R"(],"output":)", first + 1,
                R"(,"dtype":"f32","shape":[1100,70],"attributes":{}},
         {"op":"sum","inputs":[)",
                first + 1, R"(],"output":)", first + 2,
                R"(,"dtype":"f32","shape":[1100,1],"attributes":{"axes":[1],"keepdims":true,"panel":256}},
         {"op":"sub","inputs":[)",
                minuend, ",", first + 2, R"(],"output":)", first + 3,
                R"(,"dtype":"f32","shape":[1100,70],"attributes":{}})");
  };
  for (const int minuend : {0, 2}) {
    hold_everywhere(make("", R"({"name":"w","dtype":"f32","shape":[1100,70]})", operations(0, minuend),
                         R"({"name":"sums","value":3})", R"({"state":"w","value":4})"));
    hold_everywhere(make(
        R"({"name":"x","dtype":"f32","shape":[1100,69]})", "",
        join(
            R"({"op":"pad","inputs":[0],"output":1,"dtype":"f32","shape":[1100,70],"attributes":{"low":[0,0],"high":[0,1],"interior":[0,0],"word":"3f800000"}},)",
            operations(1, minuend + 1),
            R"(,{"op":"transpose","inputs":[5],"output":6,"dtype":"f32","shape":[70,1100],"attributes":{"axes":[1,0]}})"),
        R"({"name":"turned","value":6})"));
  }
}

std::string softmax(std::size_t rows, std::size_t columns) {
  const std::string shape = join("\"dtype\":\"f32\",\"shape\":[", rows, ",", columns, "]");
  const std::string column = join("\"dtype\":\"f32\",\"shape\":[", rows, ",1]");
  return join(R"({"op":"max","inputs":[0],"output":2,)", column, R"(,"attributes":{"axes":[1],"keepdims":true}},
         {"op":"sub","inputs":[0,2],"output":3,)",
              shape, R"(,"attributes":{}},
         {"op":"exp","inputs":[3],"output":4,)",
              shape, R"(,"attributes":{}},
         {"op":"sum","inputs":[4],"output":5,)",
              column, R"(,"attributes":{"axes":[1],"keepdims":true,"panel":256}},
         {"op":"div","inputs":[4,5],"output":6,)",
              shape, R"(,"attributes":{}})");
}

// The memory of a softmax, and of a state beside it, with strips and without.
void save_memory() {
  const auto bytes = [](std::size_t rows, std::size_t columns, std::size_t threads, const StripSizes& strips) {
    const std::string inputs = join(R"({"name":"x","dtype":"f32","shape":[)", rows, ",", columns, "]}");
    const auto program =
        make(inputs.c_str(), R"({"name":"w","dtype":"f32","shape":[4096,1024]})",
             softmax(rows, columns) +
                 R"(,{"op":"add","inputs":[1,1],"output":7,"dtype":"f32","shape":[4096,1024],"attributes":{}})",
             R"({"name":"softmax","value":6})", R"({"state":"w","value":7})");
    return Session(program, {"", threads, 0, strips}).bytes();
  };
  const StripSizes never{SIZE_MAX, 1, 1};
  const std::size_t by_strips = bytes(1024, 1024, 1, {}), whole = bytes(1024, 1024, 1, never);
  const std::size_t array = 1024 * 1024 * sizeof(Word);
  CHECK(by_strips < 4 * array + array / 2 && whole > 5 * array, "%zu bytes, %zu without strips", by_strips, whole);
  for (const auto& [rows, columns] : {std::pair{2, 300000}, {16, 20000}, {100, 4000}}) {
    const auto r = static_cast<std::size_t>(rows), c = static_cast<std::size_t>(columns);
    CHECK(bytes(r, c, 16, {}) == bytes(r, c, 16, never), "few rows, %d of %d, and 16 threads", rows, columns);
  }
}

}  // namespace

int main() {
  norm_and_softmax();
  keep_what_later_rows_read();
  keep_the_old_array();
  save_memory();
  return finish("test_strips");
}
