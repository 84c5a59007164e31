// Programs written as the JSON of docs/program.md.
#pragma once

#include <cstdio>
#include <string>

#include "program/error.h"
#include "program/formats/json.h"
#include "program/program.h"

namespace paragon::tests {

inline std::string attribute_text(const Attribute& attribute) {
  const Form form = form_of(attribute.key);
  const std::int64_t n = attribute.number;
  if (const auto words = choices(form); !words.empty()) return join('"', words[static_cast<std::size_t>(n)], '"');
  char word[12];
  switch (form) {
    case Form::word: std::snprintf(word, sizeof word, "\"%08x\"", static_cast<unsigned>(n)); return word;
    case Form::flag: return n != 0 ? "true" : "false";
    case Form::panel: return n == kNoPanel ? "null" : std::to_string(n);
    default: return attribute.is_list ? to_text(attribute.list) : std::to_string(n);
  }
}

inline std::string program_text(const Program& program) {
  const auto list = [](const auto& items, const auto& text) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() > 1 ? "," : "") + text(item);
    return out + "]";
  };
  const auto tensor = [](const Tensor& t) {
    return join("{\"name\":", json::quote(t.name), ",\"dtype\":\"", name(t.dtype), "\",\"shape\":", to_text(t.shape),
                "}");
  };
  std::size_t id = program.first_operation();
  const auto operation = [&](const Operation& o) {
    std::string attributes = "{";
    for (const Attribute& a : o.attributes) {
      attributes += join(attributes.size() > 1 ? "," : "", '"', name(a.key), "\":", attribute_text(a));
    }
    return join("{\"op\":\"", name(o.op),
                "\",\"inputs\":", list(o.inputs, [](std::uint32_t v) { return std::to_string(v); }),
                ",\"output\":", id++, ",\"dtype\":\"", name(o.dtype), "\",\"shape\":", to_text(o.shape),
                ",\"attributes\":", attributes, "}}");
  };
  const auto output = [](const Output& o) {
    return join("{\"name\":", json::quote(o.name), ",\"value\":", o.value, "}");
  };
  const auto update = [&](const Update& u) {
    return join("{\"state\":", json::quote(program.state[u.state].name), ",\"value\":", u.value, "}");
  };
  return join("{\"format\":\"paragon-program\",\"version\":1,\"contract\":1,\"inputs\":", list(program.inputs, tensor),
              ",\"state\":", list(program.state, tensor), ",\"operations\":", list(program.operations, operation),
              ",\"outputs\":", list(program.outputs, output), ",\"updates\":", list(program.updates, update), "}");
}

}  // namespace paragon::tests
