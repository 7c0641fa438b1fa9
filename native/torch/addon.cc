// A TensorFlow.js backend over libtorch, as a Node addon: a table of tensors, and one function that runs an operation.
//
// JavaScript names tensors by number and passes arguments in two shared arrays, so that a call costs one crossing and
// every count is checked in one place. Anything that goes wrong is a JavaScript error that names operation and shapes.
// The state belongs to one Node environment: each worker thread has its own.
//
// One compilation unit: including libtorch's headers is most of the time that the build takes.
#include <node_api.h>

#include "common.h"
#include "elementwise.cc"
#include "reduce.cc"
#include "shape.cc"
#include "index.cc"
#include "product.cc"
#include "attention.cc"
#include "fused.cc"
#include "output.cc"
#include "decode.cc"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <malloc.h>

#include <cstring>
#include <memory>
#include <sstream>

namespace afterstate {
namespace {

class State {
 public:
  Settings settings;
  // Handles of inputs, numbers of the call, and the reply: kOutputInts for each output.
  int32_t inputs[kMaxInputs];
  double attributes[kMaxAttributes];
  int32_t reply[kMaxOutputs * kOutputInts];

  int32_t put(Tensor tensor) {
    live_++;
    if (free_.empty()) {
      slots_.push_back(std::move(tensor));
      return static_cast<int32_t>(slots_.size() - 1);
    }
    const int32_t handle = free_.back();
    free_.pop_back();
    slots_[handle] = std::move(tensor);
    return handle;
  }
  const Tensor& get(int64_t handle) const {
    if (handle < 0 || handle >= static_cast<int64_t>(slots_.size()) || !slots_[handle].defined())
      throw std::out_of_range("there is no tensor " + std::to_string(handle));
    return slots_[handle];
  }
  void drop(int64_t handle) {
    get(handle);
    slots_[handle] = Tensor();
    free_.push_back(static_cast<int32_t>(handle));
    live_--;
  }
  size_t live() const { return live_; }
  // Bytes held: of storages, each once however many tensors share it.
  double bytes() const {
    std::vector<const void*> seen;
    double sum = 0;
    for (const Tensor& tensor : slots_) {
      if (!tensor.defined() || !tensor.has_storage()) continue;
      seen.push_back(tensor.storage().unsafeGetStorageImpl());
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const void* storage : seen) sum += static_cast<const c10::StorageImpl*>(storage)->nbytes();
    return sum;
  }

 private:
  Tensors slots_;
  std::vector<int32_t> free_;
  size_t live_ = 0;
};

const std::vector<const Operation*>& operations() {
  static const std::vector<const Operation*> all = [] {
    std::vector<const Operation*> list;
    for (const auto* table : {&elementwise, &reductions, &shapes, &indexing, &products, &attentions, &fused, &outputs, &decoding})
      for (const Operation& operation : *table) list.push_back(&operation);
    return list;
  }();
  return all;
}

int32_t codeOf(const Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kInt: return 1;
    case at::kBool: return 2;
    default: return 0;
  }
}

// What libtorch computes in wider types comes back as the type that TensorFlow.js knows.
Tensor narrowed(const Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kLong: return tensor.to(at::kInt);
    case at::kDouble: return tensor.to(at::kFloat);
    default: return tensor;
  }
}

std::string shapesOf(const Tensors& tensors) {
  std::ostringstream text;
  for (size_t i = 0; i < tensors.size() && i < 8; i++) {
    text << (i == 0 ? "" : ", ") << "[";
    for (int64_t axis = 0; axis < tensors[i].dim(); axis++) text << (axis == 0 ? "" : ",") << tensors[i].size(axis);
    text << "]" << (codeOf(tensors[i]) == 1 ? " int32" : codeOf(tensors[i]) == 2 ? " bool" : "");
  }
  if (tensors.size() > 8) text << " and " << tensors.size() - 8 << " more";
  return text.str();
}

// libtorch's messages carry a stack below the first line.
std::string firstLine(const char* what) {
  const char* end = std::strchr(what, '\n');
  return end == nullptr ? std::string(what) : std::string(what, end);
}

void writeReply(State& state, size_t at, const Tensor& tensor) {
  if (tensor.dim() > static_cast<int64_t>(kMaxRank)) throw std::length_error("a result of more than 8 axes");
  int32_t* out = state.reply + at * kOutputInts;
  for (int64_t axis = 0; axis < tensor.dim(); axis++) {
    if (tensor.size(axis) > INT32_MAX) throw std::length_error("a result with an axis of more than 2^31 elements");
    out[3 + axis] = static_cast<int32_t>(tensor.size(axis));
  }
  out[1] = codeOf(tensor);
  out[2] = static_cast<int32_t>(tensor.dim());
  out[0] = state.put(tensor);
}

// Runs operation `index` on the arguments in the shared arrays and leaves its results in the reply.
size_t run(State& state, int64_t index, int64_t inputCount, int64_t attributeCount) {
  if (index < 0 || index >= static_cast<int64_t>(operations().size())) throw std::out_of_range("unknown operation");
  const Operation& operation = *operations()[index];
  Tensors inputs;
  try {
    if (inputCount < static_cast<int64_t>(operation.minInputs) || inputCount > static_cast<int64_t>(operation.maxInputs))
      throw std::invalid_argument("it takes " + std::to_string(operation.minInputs) + " to " +
                                  std::to_string(operation.maxInputs) + " tensors, not " + std::to_string(inputCount));
    if (attributeCount < static_cast<int64_t>(operation.minAttributes) ||
        attributeCount > static_cast<int64_t>(kMaxAttributes))
      throw std::invalid_argument("it takes " + std::to_string(operation.minAttributes) + " attributes or more, not " +
                                  std::to_string(attributeCount));
    inputs.reserve(inputCount);
    for (int64_t i = 0; i < inputCount; i++) inputs.push_back(state.get(state.inputs[i]));
    // No gradients are libtorch's business here: TensorFlow.js keeps the tape.
    c10::InferenceMode guard;
    const Call call{inputs, state.attributes, static_cast<size_t>(attributeCount), state.settings};
    Tensors outputs = operation.run(call);
    if (outputs.size() > kMaxOutputs) throw std::length_error("more than 1024 results");
    for (Tensor& output : outputs) {
      output = narrowed(output);
      // One tensor object for each handle: what counts its holders counts objects that share memory.
      for (const Tensor& input : inputs)
        if (output.is_same(input)) {
          output = output.alias();
          break;
        }
    }
    for (size_t i = 0; i < outputs.size(); i++) writeReply(state, i, outputs[i]);
    return outputs.size();
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string(operation.name) + " of " + shapesOf(inputs) + ": " + firstLine(error.what()));
  }
}

// ---- Node ----

// Calls `body` and turns whatever it throws into a JavaScript error.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    napi_throw_error(env, "ERR_TORCH", firstLine(error.what()).c_str());
  } catch (...) {
    napi_throw_error(env, "ERR_TORCH", "unknown failure");
  }
  return nullptr;
}

void check(napi_status status, const char* what) {
  if (status != napi_ok) throw std::invalid_argument(what);
}

template <size_t N>
struct Arguments {
  napi_env env;
  napi_value values[N];
  State* state;

  Arguments(napi_env env, napi_callback_info info) : env(env) {
    size_t count = N;
    check(napi_get_cb_info(env, info, &count, values, nullptr, nullptr), "cannot read the arguments");
    if (count < N) throw std::invalid_argument("too few arguments");
    void* data = nullptr;
    check(napi_get_instance_data(env, &data), "the addon has no state");
    state = static_cast<State*>(data);
  }
  int64_t integer(size_t i) const {
    int64_t value = 0;
    check(napi_get_value_int64(env, values[i], &value), "a number was expected");
    return value;
  }
  std::string text(size_t i) const {
    char buffer[64];
    size_t length = 0;
    check(napi_get_value_string_utf8(env, values[i], buffer, sizeof buffer, &length), "a string was expected");
    return std::string(buffer, length);
  }
};

napi_value number(napi_env env, double value) {
  napi_value result;
  check(napi_create_double(env, value, &result), "cannot make a number");
  return result;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(napi_set_named_property(env, object, name, value), "cannot set a property");
}

napi_value string(napi_env env, const std::string& text) {
  napi_value result;
  check(napi_create_string_utf8(env, text.data(), text.size(), &result), "cannot make a string");
  return result;
}

// configure(device, threads, precision): "cpu", "cuda" or "cuda:1"; "float32", "tf32" or "bf16".
napi_value configure(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> arguments(env, info);
    const at::Device device(arguments.text(0));
    if (device.is_cuda() && !at::hasCUDA()) throw std::invalid_argument("this libtorch sees no CUDA device");
    const std::string precision = arguments.text(2);
    if (precision != "float32" && precision != "tf32" && precision != "bf16")
      throw std::invalid_argument("unknown precision");
    const int64_t threads = arguments.integer(1);
    if (threads < 1 || threads > 1024) throw std::invalid_argument("threads must be from 1 to 1024");
    at::set_num_threads(static_cast<int>(threads));
    at::globalContext().setAllowTF32CuBLAS(precision == "tf32");
    arguments.state->settings = Settings{device, precision == "bf16"};
    return nullptr;
  });
}

// upload(bytes: TypedArray, dtype code, ...sizes in the shared attributes, their count): handle.
napi_value upload(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> arguments(env, info);
    State& state = *arguments.state;
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    check(napi_get_typedarray_info(env, arguments.values[0], &type, &length, &data, nullptr, nullptr),
          "a typed array was expected");
    const at::ScalarType scalar = typeOf(arguments.integer(1));
    const int64_t rank = arguments.integer(2);
    if (rank < 0 || rank > static_cast<int64_t>(kMaxRank)) throw std::length_error("more than 8 axes");
    const bool fits = (scalar == at::kFloat && type == napi_float32_array) ||
                      (scalar == at::kInt && type == napi_int32_array) ||
                      (scalar == at::kBool && type == napi_uint8_array);
    if (!fits) throw std::invalid_argument("the array's type is not the tensor's");
    std::vector<int64_t> sizes;
    double elements = 1;
    for (int64_t i = 0; i < rank; i++) {
      const int64_t size = static_cast<int64_t>(state.attributes[i]);
      if (size < 0) throw std::invalid_argument("a negative size");
      elements *= static_cast<double>(size);
      sizes.push_back(size);
    }
    if (elements != static_cast<double>(length))
      throw std::invalid_argument("the array has " + std::to_string(length) + " elements, its shape " +
                                  std::to_string(static_cast<int64_t>(elements)));
    c10::InferenceMode guard;
    Tensor tensor = at::empty(sizes, at::TensorOptions().dtype(scalar));
    if (length > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    if (!state.settings.device.is_cpu()) tensor = tensor.to(state.settings.device);
    return number(env, state.put(tensor));
  });
}

// download(handle): a new Float32Array, Int32Array or Uint8Array.
napi_value download(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> arguments(env, info);
    const Tensor& held = arguments.state->get(arguments.integer(0));
    c10::InferenceMode guard;
    Tensor tensor = held.to(at::kCPU).contiguous();
    napi_typedarray_type type = napi_float32_array;
    if (tensor.scalar_type() == at::kInt) type = napi_int32_array;
    else if (tensor.scalar_type() == at::kBool) type = napi_uint8_array;
    else if (tensor.scalar_type() != at::kFloat) tensor = tensor.to(at::kFloat);
    void* data = nullptr;
    napi_value buffer, result;
    check(napi_create_arraybuffer(env, tensor.nbytes(), &data, &buffer), "no memory for the values");
    if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
    check(napi_create_typedarray(env, type, tensor.numel(), buffer, 0, &result), "cannot make an array");
    return result;
  });
}

napi_value dispose(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> arguments(env, info);
    arguments.state->drop(arguments.integer(0));
    return nullptr;
  });
}

// run(operation's index, inputs, attributes): number of results, which lie in the reply.
napi_value runOperation(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> arguments(env, info);
    return number(env, static_cast<double>(run(*arguments.state, arguments.integer(0), arguments.integer(1),
                                               arguments.integer(2))));
  });
}

napi_value memory(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<0> arguments(env, info);
    napi_value result;
    check(napi_create_object(env, &result), "cannot make an object");
    set(env, result, "tensors", number(env, static_cast<double>(arguments.state->live())));
    set(env, result, "bytes", number(env, arguments.state->bytes()));
    return result;
  });
}

// A typed array over memory of the state, which lives as long as the environment.
template <typename T>
napi_value shared(napi_env env, napi_typedarray_type type, T* data, size_t length) {
  napi_value buffer, result;
  check(napi_create_external_arraybuffer(env, data, length * sizeof(T), nullptr, nullptr, &buffer),
        "cannot share memory with JavaScript");
  check(napi_create_typedarray(env, type, length, buffer, 0, &result), "cannot make an array");
  return result;
}

napi_value initialise(napi_env env, napi_value exports) {
  return guarded(env, [&]() -> napi_value {
    // A step frees and takes the same megabytes again and again: kept, they need not be mapped and cleared each time.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    State* state = new State();
    check(napi_set_instance_data(
              env, state, [](napi_env, void* data, void*) { delete static_cast<State*>(data); }, nullptr),
          "cannot keep the state");
    const struct {
      const char* name;
      napi_callback callback;
    } functions[] = {{"configure", configure}, {"upload", upload},    {"download", download},
                     {"dispose", dispose},     {"run", runOperation}, {"memory", memory}};
    for (const auto& [name, callback] : functions) {
      napi_value function;
      check(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function), "cannot make a function");
      set(env, exports, name, function);
    }
    napi_value names;
    check(napi_create_array_with_length(env, operations().size(), &names), "cannot make an array");
    for (size_t i = 0; i < operations().size(); i++)
      check(napi_set_element(env, names, static_cast<uint32_t>(i), string(env, operations()[i]->name)),
            "cannot set an element");
    set(env, exports, "operations", names);
    set(env, exports, "inputs", shared(env, napi_int32_array, state->inputs, kMaxInputs));
    set(env, exports, "attributes", shared(env, napi_float64_array, state->attributes, kMaxAttributes));
    set(env, exports, "reply", shared(env, napi_int32_array, state->reply, kMaxOutputs * kOutputInts));
    set(env, exports, "version", string(env, TORCH_VERSION));
    napi_value cuda;
    check(napi_get_boolean(env, at::hasCUDA(), &cuda), "cannot make a boolean");
    set(env, exports, "cuda", cuda);
    return exports;
  });
}

}  // namespace
}  // namespace afterstate

NAPI_MODULE_INIT() { return afterstate::initialise(env, exports); }
