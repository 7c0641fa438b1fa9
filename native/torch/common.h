// The words that all operations share: what one call carries, and the table that they are registered in.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace afterstate {

using Tensor = at::Tensor;
using Tensors = std::vector<Tensor>;

// More than any operation of a model needs; a longer list is refused, never written beyond.
constexpr size_t kMaxInputs = 1024;
constexpr size_t kMaxAttributes = 4096;
constexpr size_t kMaxOutputs = 1024;
constexpr size_t kMaxRank = 8;
// Of one output in the reply: handle, dtype, rank, then kMaxRank sizes.
constexpr size_t kOutputInts = 3 + kMaxRank;

struct Settings {
  at::Device device = at::kCPU;
  // Matrix products in bfloat16 with float32 sums and results, as autocast does.
  bool bf16 = false;
};

// One call: its tensors, and its numbers in the order that the TypeScript side documents.
struct Call {
  const Tensors& in;
  const double* attributes;
  size_t attributeCount;
  const Settings& settings;

  double number(size_t i) const {
    if (i >= attributeCount) throw std::invalid_argument("attribute " + std::to_string(i) + " is missing");
    return attributes[i];
  }
  int64_t integer(size_t i) const { return static_cast<int64_t>(number(i)); }
  bool flag(size_t i) const { return number(i) != 0; }
  // Attributes from i to the end.
  std::vector<int64_t> integers(size_t i) const {
    std::vector<int64_t> values;
    for (; i < attributeCount; i++) values.push_back(integer(i));
    return values;
  }
  at::TensorOptions options(at::ScalarType type) const { return at::TensorOptions().dtype(type).device(settings.device); }
};

struct Operation {
  const char* name;
  size_t minInputs;
  size_t maxInputs;
  size_t minAttributes;
  Tensors (*run)(const Call&);
};

inline void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

// float32, int32 and bool are what TensorFlow.js knows; the numbers are the wire's.
inline at::ScalarType typeOf(int64_t code) {
  switch (code) {
    case 0: return at::kFloat;
    case 1: return at::kInt;
    case 2: return at::kBool;
    default: throw std::invalid_argument("unknown dtype code " + std::to_string(code));
  }
}

}  // namespace afterstate
