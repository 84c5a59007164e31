// paragon._core: the compiled executor for Python. Thin: arrays are checked and handed on without a copy, the
// interpreter lock is released while a program runs, and every paragon::Error becomes a paragon._core.Error.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>

#include "cpu/dispatch.h"
#include "program/error.h"
#include "program/formats/fingerprint.h"
#include "program/formats/json.h"
#include "program/formats/parse.h"
#include "program/program.h"
#include "program/runtime/batches.h"
#include "program/runtime/session.h"
#include "python/released.h"

namespace py = pybind11;

namespace {

using paragon::Dtype;
using paragon::fail;
using paragon::Program;
using paragon::Session;
using paragon::Shape;
using paragon::Tensor;
using paragon::python::Released;

py::dtype numpy_dtype(Dtype dtype) {
  static constexpr const char* kNames[] = {"float32", "int32", "uint32"};
  return py::dtype(kNames[static_cast<int>(dtype)]);
}

// One dtype object of each kind, made once: making one costs more than a small run.
const py::dtype& cached_dtype(Dtype dtype) {
  static const auto* dtypes =
      new py::dtype[3]{numpy_dtype(Dtype::f32), numpy_dtype(Dtype::i32), numpy_dtype(Dtype::u32)};
  return dtypes[static_cast<int>(dtype)];
}

py::array fresh(Dtype dtype, const Shape& shape) { return py::array(cached_dtype(dtype), shape, nullptr); }

std::string describe(const py::array& array) {
  Shape shape(array.shape(), array.shape() + array.ndim());
  return std::string(py::str(array.dtype())) + " " + paragon::to_text(shape);
}

// The address of the words of an array of exactly this dtype and shape, C-contiguous and in the machine's byte order.
const void* words(const py::handle& object, const Tensor& wanted, const char* what) {
  if (!py::isinstance<py::array>(object)) fail(what, " ", paragon::json::quote(wanted.name), ": must be a NumPy array");
  const auto array = py::reinterpret_borrow<py::array>(object);
  const bool fits = array.dtype().is(cached_dtype(wanted.dtype)) || array.dtype().equal(cached_dtype(wanted.dtype));
  const auto rank = static_cast<std::size_t>(array.ndim());
  if (!fits || rank != wanted.shape.size() || !std::equal(wanted.shape.begin(), wanted.shape.end(), array.shape())) {
    fail(what, " ", paragon::json::quote(wanted.name), ": must be ", paragon::name(wanted.dtype), " ",
         paragon::to_text(wanted.shape), ", not ", describe(array));
  }
  if ((array.flags() & py::array::c_style) == 0) {
    fail(what, " ", paragon::json::quote(wanted.name), ": must be C-contiguous; use numpy.ascontiguousarray");
  }
  return array.data();
}

class PySession {
 public:
  PySession(std::shared_ptr<Program> program, const std::string& isa, std::size_t threads, std::size_t memory_limit)
      : session_(program, {isa, threads, memory_limit}), program_(*program) {
    for (const Tensor& input : program_.inputs) input_names_.emplace_back(py::str(input.name));
    for (const Tensor& state : program_.state) state_names_.emplace_back(py::str(state.name));
    for (const auto& output : program_.outputs) output_names_.emplace_back(py::str(output.name));
  }

  const Session& session() const { return session_; }

  // Outputs by name, or, for a list of inputs, a list.
  py::object run(const py::object& inputs) {
    const Bound in = bind(inputs);
    std::vector<void*> out;
    std::vector<py::array> arrays;
    for (const auto& output : program_.outputs) {
      arrays.push_back(fresh(program_.dtype(output.value), program_.shape(output.value)));
      out.push_back(arrays.back().mutable_data());
    }
    {
      const Released release;
      session_.run(in.addresses.data(), out.data());
    }
    if (!py::isinstance<py::dict>(inputs)) {
      py::list list(arrays.size());
      for (std::size_t i = 0; i < arrays.size(); ++i) list[i] = std::move(arrays[i]);
      return list;
    }
    py::dict dict;
    for (std::size_t i = 0; i < arrays.size(); ++i) dict[output_names_[i]] = std::move(arrays[i]);
    return dict;
  }

  py::list observe(const py::object& inputs, const std::vector<std::uint32_t>& values) {
    const Bound in = bind(inputs);
    std::vector<void*> out;
    py::list arrays;
    for (const std::uint32_t value : values) {
      if (value >= program_.values()) fail("there is no value ", value, "; the program has ", program_.values());
      py::array array = fresh(program_.dtype(value), program_.shape(value));
      out.push_back(array.mutable_data());
      arrays.append(std::move(array));
    }
    {
      const Released release;
      session_.observe(in.addresses.data(), values.data(), values.size(), out.data());
    }
    return arrays;
  }

  py::dict state() const {
    py::dict dict;
    for (std::size_t s = 0; s < program_.state.size(); ++s) {
      py::array array = fresh(program_.state[s].dtype, program_.state[s].shape);
      void* to = array.mutable_data();
      {
        const Released release;
        session_.get_state(s, to);
      }
      dict[state_names_[s]] = std::move(array);
    }
    return dict;
  }

  // Checks everything before it changes anything.
  void set_state(const py::dict& values) {
    std::vector<std::pair<std::size_t, py::object>> found;
    for (std::size_t s = 0; s < program_.state.size(); ++s) {
      if (!values.contains(state_names_[s])) continue;
      found.emplace_back(s, values[state_names_[s]]);
      words(found.back().second, program_.state[s], "state");
    }
    if (found.size() != values.size()) refuse_unknown(values, program_.state, "state");
    for (const auto& [s, array] : found) {
      const void* from = words(array, program_.state[s], "state");
      const Released release;
      session_.set_state(s, from);
    }
  }

  std::string fingerprint() const {
    const Released release;
    return session_.fingerprint();
  }

 private:
  // The addresses of the inputs, and the arrays, which must live while the interpreter lock is released.
  struct Bound {
    std::vector<py::object> arrays;
    std::vector<const void*> addresses;
    void add(py::object array, const Tensor& input) {
      addresses.push_back(words(array, input, "input"));
      arrays.push_back(std::move(array));
    }
  };

  Bound bind(const py::object& inputs) const {
    const std::size_t count = program_.inputs.size();
    Bound bound;
    if (PyDict_Check(inputs.ptr())) {
      for (std::size_t i = 0; i < count; ++i) {
        const py::handle value = PyDict_GetItemWithError(inputs.ptr(), input_names_[i].ptr());
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        if (!value) fail("input ", paragon::json::quote(program_.inputs[i].name), ": missing");
        bound.add(py::reinterpret_borrow<py::object>(value), program_.inputs[i]);
      }
      if (py::len(inputs) != count) refuse_unknown(py::reinterpret_borrow<py::dict>(inputs), program_.inputs, "input");
      return bound;
    }
    if (!PyList_Check(inputs.ptr()) && !PyTuple_Check(inputs.ptr())) fail("inputs must be a dict, a list or a tuple");
    const auto sequence = py::reinterpret_borrow<py::sequence>(inputs);
    if (sequence.size() != count) fail("the program takes ", count, " inputs, not ", sequence.size());
    for (std::size_t i = 0; i < count; ++i) bound.add(sequence[i], program_.inputs[i]);
    return bound;
  }

  [[noreturn]] static void refuse_unknown(const py::dict& values, const std::vector<Tensor>& known, const char* what) {
    for (const auto& [key, value] : values) {
      const std::string name = py::str(key);
      const auto same = [&](const Tensor& tensor) { return tensor.name == name; };
      if (std::none_of(known.begin(), known.end(), same)) fail("there is no ", what, " ", paragon::json::quote(name));
    }
    fail("two keys name the same ", what);
  }

  mutable Session session_;
  const Program& program_;
  std::vector<py::object> input_names_, state_names_, output_names_;
};

// The rows of contract/operations.def: name, number of operands (None: one or more), names of the attributes.
py::list operations() {
  py::list list;
  for (const paragon::Declaration& row : paragon::kDeclarations) {
    py::list attributes;
    for (const paragon::Key key : row.attributes) attributes.append(paragon::name(key));
    const py::object operands = row.operands == paragon::kOneOrMore ? py::object(py::none()) : py::int_(row.operands);
    list.append(py::make_tuple(row.name, operands, py::tuple(attributes)));
  }
  return list;
}

py::list describe_tensors(const std::vector<Tensor>& tensors) {
  py::list list;
  for (const Tensor& t : tensors) {
    list.append(py::make_tuple(t.name, paragon::name(t.dtype), py::tuple(py::cast(t.shape))));
  }
  return list;
}

py::array_t<std::int64_t> permutation(std::size_t n, std::uint64_t seed, std::uint32_t stream) {
  const std::uint32_t words[2] = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  std::vector<std::uint32_t> order;
  {
    const Released release;
    order = paragon::permutation(n, words, stream);
  }
  py::array_t<std::int64_t> found(static_cast<py::ssize_t>(n));
  std::copy(order.begin(), order.end(), found.mutable_data());
  return found;
}

// out[i] = source[rows[i]]; both C-contiguous, of the same dtype and row shape.
void take_rows(const py::array& source, const py::array_t<std::int64_t, py::array::c_style>& rows, py::array& out) {
  const auto contiguous = [](const py::array& a) { return (a.flags() & py::array::c_style) != 0 && a.ndim() > 0; };
  if (!contiguous(source) || !contiguous(out) || !source.dtype().equal(out.dtype()) || rows.ndim() != 1 ||
      out.shape(0) != rows.shape(0) || source.ndim() != out.ndim() ||
      !std::equal(source.shape() + 1, source.shape() + source.ndim(), out.shape() + 1)) {
    fail("take_rows: source and out must be C-contiguous, of one dtype and row shape, out with a row for each number");
  }
  const auto* chosen = rows.data();
  const auto count = static_cast<std::size_t>(rows.shape(0));
  for (std::size_t i = 0; i < count; ++i) {
    if (chosen[i] < 0 || chosen[i] >= source.shape(0)) fail("take_rows: there is no row ", chosen[i]);
  }
  if (count == 0) return;
  void* to = out.mutable_data();
  const void* from = source.data();
  const std::size_t row_bytes = static_cast<std::size_t>(out.nbytes()) / count;
  const Released release;
  paragon::take_rows(from, row_bytes, chosen, count, to);
}

std::string fingerprint(const py::dict& arrays) {
  std::vector<Tensor> tensors;
  std::vector<py::array> kept;
  for (const auto& [key, value] : arrays) {
    const auto array = py::array::ensure(value, py::array::c_style);
    Tensor tensor{py::str(key), Dtype::f32, Shape(array.shape(), array.shape() + array.ndim())};
    bool found = false;
    for (const Dtype dtype : {Dtype::f32, Dtype::i32, Dtype::u32}) {
      if (array.dtype().equal(cached_dtype(dtype))) {
        tensor.dtype = dtype;
        found = true;
      }
    }
    if (!found) fail("tensor ", paragon::json::quote(tensor.name), ": must be f32, i32 or u32, not ", describe(array));
    tensors.push_back(std::move(tensor));
    kept.push_back(array);
  }
  std::vector<paragon::NamedWords> named;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    named.push_back({&tensors[i], static_cast<const paragon::Word*>(kept[i].data())});
  }
  const Released release;
  return paragon::fingerprint(std::move(named));
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled executor of Paragon: programs, sessions, instruction sets, threads.";
  py::register_exception<paragon::Error>(m, "Error", PyExc_ValueError);

  m.attr("version") = PARAGON_VERSION;
  m.def(
      "isas",
      [] {
        std::vector<std::string> names;
        for (const auto* kernels : paragon::cpu::available_kernels()) names.emplace_back(kernels->isa);
        return names;
      },
      "The instruction sets that this machine can run, best last.");
  m.def("default_isa", [] { return std::string(paragon::cpu::default_kernels().isa); });
  m.def("threads", &paragon::default_threads, "The number of threads of sessions that do not ask for one.");
  m.def("set_threads", &paragon::set_default_threads, py::arg("threads"));
  m.def("permutation", &permutation, py::arg("n"), py::arg("seed"), py::arg("stream"),
        "The contract's permutation (section 5).");
  m.def("take_rows", &take_rows, py::arg("source"), py::arg("rows"), py::arg("out"), "out[i] = source[rows[i]]");
  m.def("operations", &operations,
        "The operation table: (name, number of operands or None for one or more, attributes).");
  m.def("fingerprint", &fingerprint, py::arg("arrays"), "The fingerprint of named arrays (contract, section 8).");

  py::class_<Program, std::shared_ptr<Program>>(m, "Program", "A validated program.")
      .def(py::init([](const std::string& text) { return std::make_shared<Program>(paragon::parse(text)); }),
           py::arg("json"), py::call_guard<Released>())
      .def_property_readonly("inputs", [](const Program& p) { return describe_tensors(p.inputs); })
      .def_property_readonly("state", [](const Program& p) { return describe_tensors(p.state); })
      .def_property_readonly("outputs",
                             [](const Program& p) {
                               std::vector<Tensor> outputs;
                               for (const auto& o : p.outputs) {
                                 outputs.push_back({o.name, p.dtype(o.value), p.shape(o.value)});
                               }
                               return describe_tensors(outputs);
                             })
      .def_property_readonly("values", &Program::values, "How many values it has.")
      .def_property_readonly("json", [](const Program& p) { return p.text; });

  py::class_<PySession>(m, "Session", "A program ready to run, with its own state.")
      .def(py::init<std::shared_ptr<Program>, const std::string&, std::size_t, std::size_t>(), py::arg("program"),
           py::arg("isa") = "", py::arg("threads") = 0, py::arg("memory_limit") = 0)
      .def("run", &PySession::run, py::arg("inputs"), "Run once. A dict of arrays gives a dict, a list gives a list.")
      .def("observe", &PySession::observe, py::arg("inputs"), py::arg("values"),
           "Values of a run by number; no state changes.")
      .def("state", &PySession::state, "A copy of the state.")
      .def("set_state", &PySession::set_state, py::arg("values"))
      .def("fingerprint", &PySession::fingerprint)
      .def(
          "plan", [](const PySession& s) { return s.session().plan(); }, "The steps of a run in words, a line each.")
      .def_property_readonly("isa", [](const PySession& s) { return std::string(s.session().isa()); })
      .def_property_readonly("threads", [](const PySession& s) { return s.session().threads(); })
      .def_property_readonly("bytes", [](const PySession& s) { return s.session().bytes(); });
}
