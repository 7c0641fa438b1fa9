// Operations along axes. Attributes: keepDims, then the axes; none means all.
#include "common.h"

namespace afterstate {
namespace {

std::vector<int64_t> axesOf(const Call& call, size_t from) {
  std::vector<int64_t> axes = call.integers(from);
  if (axes.empty())
    for (int64_t i = 0; i < call.in[0].dim(); i++) axes.push_back(i);
  return axes;
}

// One axis at a time, from the last: for the reductions that libtorch has for a single axis only.
template <typename F>
Tensor eachAxis(const Call& call, F reduce) {
  Tensor x = call.in[0];
  std::vector<int64_t> axes = axesOf(call, 1);
  for (int64_t& axis : axes) axis = axis < 0 ? axis + x.dim() : axis;
  std::sort(axes.rbegin(), axes.rend());
  for (int64_t axis : axes) x = reduce(x, axis, call.flag(0));
  return x;
}

Tensors extreme(const Call& call, bool greatest) {
  const std::vector<int64_t> axes = axesOf(call, 1);
  const Tensor& x = call.in[0];
  if (axes.empty()) return {x.clone()};
  return {greatest ? at::amax(x, axes, call.flag(0)) : at::amin(x, axes, call.flag(0))};
}

// Sums along one axis, seen from either end, with or without the element itself.
Tensors running(const Call& call, bool product) {
  const int64_t axis = call.integer(0);
  Tensor x = call.in[0];
  const bool exclusive = call.flag(1);
  const bool reverse = call.flag(2);
  const at::ScalarType type = x.scalar_type();
  if (reverse) x = x.flip({axis});
  Tensor y = product ? x.cumprod(axis) : x.cumsum(axis);
  if (exclusive && x.size(axis) > 0) {
    const Tensor first = product ? at::ones_like(y.narrow(axis, 0, 1)) : at::zeros_like(y.narrow(axis, 0, 1));
    y = at::cat({first, y.narrow(axis, 0, y.size(axis) - 1)}, axis);
  }
  if (reverse) y = y.flip({axis});
  return {y.to(type == at::kBool ? at::kInt : type)};
}

const std::vector<Operation> reductions = {
    {"Sum", 1, 1, 1,
     [](const Call& call) -> Tensors {
       const std::vector<int64_t> axes = axesOf(call, 1);
       return {axes.empty() ? call.in[0].clone() : call.in[0].sum(axes, call.flag(0))};
     }},
    {"Mean", 1, 1, 1,
     [](const Call& call) -> Tensors {
       const std::vector<int64_t> axes = axesOf(call, 1);
       const Tensor x = call.in[0].to(at::kFloat);
       return {axes.empty() ? x.clone() : x.mean(axes, call.flag(0))};
     }},
    {"Max", 1, 1, 1, [](const Call& call) -> Tensors { return extreme(call, true); }},
    {"Min", 1, 1, 1, [](const Call& call) -> Tensors { return extreme(call, false); }},
    {"Prod", 1, 1, 1,
     [](const Call& call) -> Tensors {
       return {eachAxis(call, [](const Tensor& x, int64_t axis, bool keep) { return x.prod(axis, keep); })};
     }},
    {"All", 1, 1, 1,
     [](const Call& call) -> Tensors {
       return {eachAxis(call, [](const Tensor& x, int64_t axis, bool keep) { return x.all(axis, keep); })};
     }},
    {"Any", 1, 1, 1,
     [](const Call& call) -> Tensors {
       return {eachAxis(call, [](const Tensor& x, int64_t axis, bool keep) { return x.any(axis, keep); })};
     }},
    // Attributes: axis.
    {"ArgMax", 1, 1, 1, [](const Call& call) -> Tensors { return {call.in[0].argmax(call.integer(0))}; }},
    {"ArgMin", 1, 1, 1, [](const Call& call) -> Tensors { return {call.in[0].argmin(call.integer(0))}; }},
    // Attributes: axis, exclusive, reverse.
    {"Cumsum", 1, 1, 3, [](const Call& call) -> Tensors { return running(call, false); }},
    {"Cumprod", 1, 1, 3, [](const Call& call) -> Tensors { return running(call, true); }},
    // Over the last axis.
    {"Softmax", 1, 1, 0, [](const Call& call) -> Tensors { return {at::softmax(call.in[0].to(at::kFloat), -1)}; }},
    // Attributes: k. The earlier of equal values first, so the sort has to be stable.
    {"TopK", 1, 1, 1,
     [](const Call& call) -> Tensors {
       const auto [values, indices] = call.in[0].sort(/*stable=*/true, -1, /*descending=*/true);
       return {values.narrow(-1, 0, call.integer(0)), indices.narrow(-1, 0, call.integer(0))};
     }},
};

}  // namespace
}  // namespace afterstate
