// Operations that move elements or make them: mostly views, which share memory and copy nothing.
#include "common.h"

namespace afterstate {
namespace {

const std::vector<Operation> shapes = {
    {"Identity", 1, 1, 0, [](const Call& call) -> Tensors { return {call.in[0]}; }},
    // Attributes: the new sizes.
    {"Reshape", 1, 1, 0, [](const Call& call) -> Tensors { return {call.in[0].reshape(call.integers(0))}; }},
    // Attributes: the permutation.
    {"Transpose", 1, 1, 0, [](const Call& call) -> Tensors { return {call.in[0].permute(call.integers(0))}; }},
    // Attributes: first index of each axis, then the sizes.
    {"Slice", 1, 1, 0,
     [](const Call& call) -> Tensors {
       Tensor x = call.in[0];
       const int64_t rank = x.dim();
       require(call.attributeCount == static_cast<size_t>(2 * rank), "Slice wants a start and a size for each axis");
       for (int64_t axis = 0; axis < rank; axis++) x = x.narrow(axis, call.integer(axis), call.integer(rank + axis));
       return {x};
     }},
    // Attributes: for each axis its first index, its stride (not 0) and its size.
    {"StridedSlice", 1, 1, 0,
     [](const Call& call) -> Tensors {
       Tensor x = call.in[0];
       for (int64_t axis = 0; axis < x.dim(); axis++) {
         const int64_t begin = call.integer(3 * axis);
         const int64_t stride = call.integer(3 * axis + 1);
         const int64_t size = call.integer(3 * axis + 2);
         const Tensor index = at::arange(size, call.options(at::kLong)) * stride + begin;
         x = x.index_select(axis, index);
       }
       return {x};
     }},
    // Attributes: axis.
    {"Concat", 1, kMaxInputs, 1, [](const Call& call) -> Tensors { return {at::cat(call.in, call.integer(0))}; }},
    // Attributes: axis.
    {"Pack", 1, kMaxInputs, 1, [](const Call& call) -> Tensors { return {at::stack(call.in, call.integer(0))}; }},
    // Attributes: axis.
    {"Unpack", 1, 1, 1, [](const Call& call) -> Tensors { return call.in[0].unbind(call.integer(0)); }},
    // Attributes: axis, then the size of each part.
    {"SplitV", 1, 1, 1,
     [](const Call& call) -> Tensors { return call.in[0].split_with_sizes(call.integers(1), call.integer(0)); }},
    // Attributes: repetitions of each axis.
    {"Tile", 1, 1, 0, [](const Call& call) -> Tensors { return {call.in[0].repeat(call.integers(0))}; }},
    // Attributes: the axes.
    {"Reverse", 1, 1, 0, [](const Call& call) -> Tensors { return {call.in[0].flip(call.integers(0))}; }},
    // Attributes: value, then before and after for each axis.
    {"PadV2", 1, 1, 1,
     [](const Call& call) -> Tensors {
       const Tensor& x = call.in[0];
       const std::vector<int64_t> around = call.integers(1);
       require(around.size() == static_cast<size_t>(2 * x.dim()), "PadV2 wants two numbers for each axis");
       // libtorch counts from the last axis.
       std::vector<int64_t> pads;
       for (int64_t axis = x.dim() - 1; axis >= 0; axis--) {
         pads.push_back(around[2 * axis]);
         pads.push_back(around[2 * axis + 1]);
       }
       return {at::constant_pad_nd(x, pads, call.number(0))};
     }},
    // Attributes: 1 where the edge is repeated (symmetric), then before and after for each axis.
    {"MirrorPad", 1, 1, 1,
     [](const Call& call) -> Tensors {
       Tensor x = call.in[0];
       const int64_t offset = call.flag(0) ? 0 : 1;
       const std::vector<int64_t> around = call.integers(1);
       require(around.size() == static_cast<size_t>(2 * x.dim()), "MirrorPad wants two numbers for each axis");
       for (int64_t axis = 0; axis < x.dim(); axis++) {
         const int64_t before = around[2 * axis];
         const int64_t after = around[2 * axis + 1];
         const int64_t size = x.size(axis);
         require(before + offset <= size && after + offset <= size, "MirrorPad pads by more than there is");
         std::vector<int64_t> index;
         for (int64_t i = before - 1 + offset; i >= offset; i--) index.push_back(i);
         for (int64_t i = 0; i < size; i++) index.push_back(i);
         for (int64_t i = 0; i < after; i++) index.push_back(size - 1 - offset - i);
         x = x.index_select(axis, at::tensor(index, call.options(at::kLong)));
       }
       return {x};
     }},
    // Attributes: dtype code, value, then the sizes.
    {"Fill", 0, 0, 2,
     [](const Call& call) -> Tensors {
       return {at::full(call.integers(2), call.number(1), call.options(typeOf(call.integer(0))))};
     }},
    {"OnesLike", 1, 1, 0, [](const Call& call) -> Tensors { return {at::ones_like(call.in[0])}; }},
    {"ZerosLike", 1, 1, 0, [](const Call& call) -> Tensors { return {at::zeros_like(call.in[0])}; }},
    // Attributes: start, stop, count.
    {"LinSpace", 0, 0, 3,
     [](const Call& call) -> Tensors {
       return {at::linspace(call.number(0), call.number(1), call.integer(2), call.options(at::kFloat))};
     }},
    // Attributes: dtype code, start, step, count.
    {"Range", 0, 0, 4,
     [](const Call& call) -> Tensors {
       const Tensor index = at::arange(call.integer(3), call.options(at::kDouble));
       return {(index * call.number(2) + call.number(1)).to(typeOf(call.integer(0)))};
     }},
    {"Diag", 1, 1, 0,
     [](const Call& call) -> Tensors {
       const Tensor& x = call.in[0];
       std::vector<int64_t> sizes(x.sizes().begin(), x.sizes().end());
       sizes.insert(sizes.end(), x.sizes().begin(), x.sizes().end());
       return {at::diag(x.reshape({-1})).reshape(sizes)};
     }},
};

}  // namespace
}  // namespace afterstate
