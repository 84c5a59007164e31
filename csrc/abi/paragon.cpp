// The C interface over the program layer: exceptions become error texts, nothing else happens here.
#include "include/paragon.h"

#include <cstring>
#include <new>

#include "cpu/dispatch.h"
#include "program/error.h"
#include "program/formats/check.h"
#include "program/formats/fingerprint.h"
#include "program/formats/parse.h"
#include "program/formats/validate.h"
#include "program/runtime/run_files.h"

struct pg_model {
  paragon::Model model;
};
struct pg_session {
  std::unique_ptr<paragon::Session> session;
};

namespace {

using paragon::fail;
using paragon::Program;

thread_local std::string last_error;

// Runs fn; an exception becomes a status and a text.
template <class Fn>
pg_status guard(const Fn& fn) noexcept {
  std::string& text = last_error;  // made before anything is thrown: in a handler, WebAssembly's first use of it traps
  try {
    try {
      fn();
      return PG_OK;
    } catch (const std::bad_alloc&) {
      text = "out of memory";
      return PG_OUT_OF_MEMORY;
    } catch (const std::exception& error) {
      text = error.what();
      return PG_ERROR;
    }
  } catch (...) {  // not even the text could be kept
    text.clear();
    return PG_OUT_OF_MEMORY;
  }
}

template <class T, class Fn>
T* guard_new(const Fn& fn) noexcept {
  T* made = nullptr;
  guard([&] { made = fn().release(); });
  return made;
}

void require(const void* pointer, const char* what) {
  if (pointer == nullptr) fail("the argument \"", what, "\" is null");
}

paragon::SessionOptions convert(const pg_options* options) {
  if (options == nullptr) return {};
  return {options->isa == nullptr ? "" : options->isa, options->threads, options->memory_limit};
}

std::unique_ptr<pg_model> wrap(paragon::Model model) {
  return std::unique_ptr<pg_model>(new pg_model{std::move(model)});
}

std::size_t length(const Program& program, pg_list list) {
  switch (list) {
    case PG_INPUT: return program.inputs.size();
    case PG_STATE: return program.state.size();
    case PG_OUTPUT: return program.outputs.size();
    case PG_VALUE: return program.values();
  }
  return 0;
}

pg_tensor describe(const Program& program, pg_list list, std::size_t index) {
  const std::size_t inputs = program.inputs.size();
  std::size_t value = index;
  const char* name = "";
  if (list == PG_STATE) value += inputs;
  if (list == PG_OUTPUT) {
    value = program.outputs[index].value;
    name = program.outputs[index].name.c_str();
  } else if (value < inputs) {
    name = program.inputs[value].name.c_str();
  } else if (value < program.first_operation()) {
    name = program.state[value - inputs].name.c_str();
  }
  const paragon::Shape& shape = program.shape(value);
  pg_tensor tensor{name, static_cast<pg_dtype>(program.dtype(value)), shape.size(), {}, paragon::count(shape)};
  std::copy(shape.begin(), shape.end(), tensor.shape);
  return tensor;
}

void hand_out(const std::string& text, char* out) { std::memcpy(out, text.c_str(), PG_FINGERPRINT_SIZE); }

}  // namespace

const char* pg_version(void) { return PARAGON_VERSION; }
int pg_contract_version(void) { return 1; }
const char* pg_last_error(void) { return last_error.c_str(); }

size_t pg_isa_count(void) {
  size_t count = 0;
  guard([&] { count = paragon::cpu::available_kernels().size(); });
  return count;
}

const char* pg_isa_name(size_t index) {
  const char* name = nullptr;
  guard([&] {
    const auto& available = paragon::cpu::available_kernels();
    if (index >= available.size()) fail("there is no instruction set number ", index);
    name = available[index]->isa;
  });
  return name;
}

const char* pg_default_isa(void) {
  const char* name = nullptr;
  guard([&] { name = paragon::cpu::default_kernels().isa; });
  return name;
}

size_t pg_threads(void) {
  size_t threads = 0;
  guard([&] { threads = paragon::default_threads(); });
  return threads;
}

pg_status pg_set_threads(size_t threads) {
  return guard([&] { paragon::set_default_threads(threads); });
}

pg_model* pg_model_from_json(const char* text, size_t length) {
  return guard_new<pg_model>([&] {
    require(text, "text");
    return wrap({std::make_shared<Program>(paragon::parse({text, length})), {}});
  });
}

pg_model* pg_model_open(const char* path, const char* program) {
  return guard_new<pg_model>([&] {
    require(path, "path");
    return wrap(paragon::load_model(std::string(path), program == nullptr ? "" : program));
  });
}

pg_model* pg_model_from_memory(const void* bytes, size_t size, const char* program) {
  return guard_new<pg_model>([&] {
    require(bytes, "bytes");
    return wrap(paragon::load_model(paragon::TensorFile::view(bytes, size), program == nullptr ? "" : program));
  });
}

void pg_model_free(pg_model* model) { delete model; }

size_t pg_model_count(const pg_model* model, pg_list list) {
  return model == nullptr ? 0 : length(*model->model.program, list);
}

pg_status pg_model_tensor(const pg_model* model, pg_list list, size_t index, pg_tensor* tensor) {
  return guard([&] {
    require(model, "model");
    require(tensor, "tensor");
    const std::size_t count = length(*model->model.program, list);
    if (index >= count) fail("index ", index, " is outside the list of ", count);
    *tensor = describe(*model->model.program, list, index);
  });
}

const char* pg_model_json(const pg_model* model) {
  return model == nullptr ? nullptr : model->model.program->text.c_str();
}

pg_session* pg_session_open(const pg_model* model, const pg_options* options) {
  return guard_new<pg_session>([&] {
    require(model, "model");
    return std::unique_ptr<pg_session>(new pg_session{paragon::open_session(model->model, convert(options))});
  });
}

void pg_session_free(pg_session* session) { delete session; }

const char* pg_session_isa(const pg_session* session) { return session == nullptr ? nullptr : session->session->isa(); }
size_t pg_session_threads(const pg_session* session) { return session == nullptr ? 0 : session->session->threads(); }

pg_status pg_session_run(pg_session* session, const void* const* inputs, void* const* outputs) {
  return guard([&] {
    require(session, "session");
    if (!session->session->program().inputs.empty()) require(inputs, "inputs");
    if (!session->session->program().outputs.empty()) require(outputs, "outputs");
    session->session->run(inputs, outputs);
  });
}

pg_status pg_session_observe(pg_session* session, const void* const* inputs, const uint32_t* values, size_t count,
                             void* const* arrays) {
  return guard([&] {
    require(session, "session");
    if (!session->session->program().inputs.empty()) require(inputs, "inputs");
    if (count > 0) {
      require(values, "values");
      require(arrays, "arrays");
    }
    session->session->observe(inputs, values, count, arrays);
  });
}

pg_status pg_session_get_state(const pg_session* session, size_t index, void* array) {
  return guard([&] {
    require(session, "session");
    session->session->get_state(index, array);
  });
}

pg_status pg_session_set_state(pg_session* session, size_t index, const void* array) {
  return guard([&] {
    require(session, "session");
    session->session->set_state(index, array);
  });
}

pg_status pg_session_fingerprint(const pg_session* session, char fingerprint[PG_FINGERPRINT_SIZE]) {
  return guard([&] {
    require(session, "session");
    require(fingerprint, "fingerprint");
    hand_out(session->session->fingerprint(), fingerprint);
  });
}

pg_status pg_session_save(const pg_session* session, const char* path) {
  return guard([&] {
    require(session, "session");
    require(path, "path");
    paragon::save_model(path, *session->session);
  });
}

pg_status pg_run_files(const char* model, const char* inputs, const char* outputs, int values,
                       const pg_options* options) {
  return guard([&] {
    require(model, "model");
    require(inputs, "inputs");
    require(outputs, "outputs");
    paragon::run_model(model, inputs, outputs, values != 0, convert(options));
  });
}

pg_status pg_train_file(const char* job, const char* out, const pg_options* options,
                        char fingerprint[PG_FINGERPRINT_SIZE]) {
  return guard([&] {
    require(job, "job");
    require(out, "out");
    require(fingerprint, "fingerprint");
    hand_out(paragon::train(job, out, convert(options)), fingerprint);
  });
}

pg_status pg_fingerprint_file(const char* path, char fingerprint[PG_FINGERPRINT_SIZE]) {
  return guard([&] {
    require(path, "path");
    require(fingerprint, "fingerprint");
    hand_out(paragon::fingerprint_file(path), fingerprint);
  });
}

pg_status pg_check_file(const char* path) {
  return guard([&] {
    require(path, "path");
    const paragon::TensorFile file = paragon::TensorFile::open(path);
    paragon::naming(path, [&] { paragon::check_file(file); });
  });
}

pg_status pg_check_memory(const void* bytes, size_t size) {
  return guard([&] {
    require(bytes, "bytes");
    paragon::check_file(paragon::TensorFile::view(bytes, size));
  });
}

pg_status pg_fingerprint(const pg_tensor* tensors, const void* const* arrays, size_t count,
                         char fingerprint[PG_FINGERPRINT_SIZE]) {
  return guard([&] {
    if (count > 0) {
      require(tensors, "tensors");
      require(arrays, "arrays");
    }
    require(fingerprint, "fingerprint");
    std::vector<paragon::Tensor> described;
    std::vector<paragon::NamedWords> named;
    for (std::size_t i = 0; i < count; ++i) {
      require(tensors[i].name, "name");
      if (tensors[i].rank > PG_MAX_RANK) fail("tensor ", i, " has more than ", PG_MAX_RANK, " axes");
      if (tensors[i].dtype < PG_F32 || tensors[i].dtype > PG_U32) fail("tensor ", i, " has an unknown dtype");
      described.push_back({tensors[i].name, static_cast<paragon::Dtype>(tensors[i].dtype),
                           paragon::Shape(tensors[i].shape, tensors[i].shape + tensors[i].rank)});
      paragon::check_shape(described.back().shape);
      if (paragon::elements(described.back().shape) > 0) require(arrays[i], "array");
    }
    for (std::size_t i = 0; i < count; ++i) {
      named.push_back({&described[i], static_cast<const paragon::Word*>(arrays[i])});
    }
    hand_out(paragon::fingerprint(std::move(named)), fingerprint);
  });
}
