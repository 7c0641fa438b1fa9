// Operations whose positions are themselves values: gather, scatter, one-hot, sums by segment.
#include "common.h"

namespace afterstate {
namespace {

// Every position is checked here: a wild one would read past a tensor, and on a GPU ends the whole process's context.
void checkIndices(const Tensor& indices, int64_t size) {
  if (indices.numel() == 0) return;
  const int64_t least = indices.min().item<int64_t>();
  const int64_t greatest = indices.max().item<int64_t>();
  if (least < 0 || greatest >= size)
    throw std::out_of_range("index " + std::to_string(least < 0 ? least : greatest) + " is not in [0, " +
                            std::to_string(size) + ")");
}

// [batch..., outer..., axis, inner...] at [batch..., n...]. Attributes: axis, batchDims.
Tensors gather(const Call& call) {
  const Tensor& x = call.in[0];
  const Tensor indices = call.in[1].to(at::kLong);
  const int64_t axis = call.integer(0) < 0 ? call.integer(0) + x.dim() : call.integer(0);
  const int64_t batchDims = call.integer(1);
  require(axis >= 0 && axis < x.dim() && batchDims >= 0 && batchDims <= axis && batchDims <= indices.dim(),
          "GatherV2: axis or batchDims out of range");
  checkIndices(indices, x.size(axis));
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().begin() + axis);
  for (int64_t i = batchDims; i < indices.dim(); i++) shape.push_back(indices.size(i));
  for (int64_t i = axis + 1; i < x.dim(); i++) shape.push_back(x.size(i));
  if (batchDims == 0) return {x.index_select(axis, indices.reshape({-1})).reshape(shape)};
  int64_t batch = 1, outer = 1, inner = 1;
  for (int64_t i = 0; i < batchDims; i++) batch *= x.size(i);
  for (int64_t i = batchDims; i < axis; i++) outer *= x.size(i);
  for (int64_t i = axis + 1; i < x.dim(); i++) inner *= x.size(i);
  const int64_t count = batch == 0 ? 0 : indices.numel() / batch;
  const Tensor at4 = indices.reshape({batch, 1, count, 1}).expand({batch, outer, count, inner});
  return {x.reshape({batch, outer, x.size(axis), inner}).gather(2, at4).reshape(shape)};
}

// Positions [n, k] into the first k axes of `shape`, as positions in the flattened first k axes.
Tensor flatPositions(const Tensor& indices, at::IntArrayRef shape, int64_t k) {
  Tensor flat = at::zeros({indices.size(0)}, indices.options());
  for (int64_t i = 0; i < k; i++) {
    const Tensor column = indices.select(1, i);
    checkIndices(column, shape[i]);
    flat = flat * shape[i] + column;
  }
  return flat;
}

Tensors gatherNd(const Call& call) {
  const Tensor& x = call.in[0];
  const Tensor& given = call.in[1];
  require(given.dim() >= 1, "GatherNd wants indices of rank 1 or more");
  const int64_t k = given.size(-1);
  require(k <= x.dim(), "GatherNd: more coordinates than axes");
  std::vector<int64_t> shape(given.sizes().begin(), given.sizes().end() - 1);
  for (int64_t i = k; i < x.dim(); i++) shape.push_back(x.size(i));
  int64_t rows = 1, width = 1;
  for (int64_t i = 0; i < k; i++) rows *= x.size(i);
  for (int64_t i = k; i < x.dim(); i++) width *= x.size(i);
  const Tensor indices = given.to(at::kLong).reshape({-1, k});
  return {x.reshape({rows, width}).index_select(0, flatPositions(indices, x.sizes(), k)).reshape(shape)};
}

Tensor scatter(const Tensor& target, const Tensor& given, const Tensor& updates, bool accumulate) {
  const int64_t k = given.dim() == 0 ? 1 : given.size(-1);
  require(k <= target.dim(), "more coordinates than axes");
  int64_t rows = 1, width = 1;
  for (int64_t i = 0; i < k; i++) rows *= target.size(i);
  for (int64_t i = k; i < target.dim(); i++) width *= target.size(i);
  const Tensor indices = given.to(at::kLong).reshape({-1, k});
  const Tensor flat = flatPositions(indices, target.sizes(), k);
  Tensor out = target.reshape({rows, width}).clone();
  const Tensor values = updates.reshape({flat.size(0), width});
  out.index_put_({flat}, values, accumulate);
  return out.reshape(target.sizes());
}

// x [ids..., inner...] summed into [segments, inner...]; a negative id falls away.
Tensors segmentSum(const Call& call) {
  const Tensor& x = call.in[0];
  const Tensor& ids = call.in[1];
  const int64_t segments = call.integer(0);
  require(ids.dim() <= x.dim(), "UnsortedSegmentSum: ids of a higher rank than the values");
  std::vector<int64_t> shape = {segments};
  for (int64_t i = ids.dim(); i < x.dim(); i++) shape.push_back(x.size(i));
  const int64_t rows = ids.numel();
  const int64_t width = rows == 0 ? 0 : x.numel() / rows;
  Tensor out = at::zeros(shape, x.options());
  if (rows == 0 || width == 0) return {out};
  if (x.device().is_cpu() && x.scalar_type() == at::kFloat) {
    // A plain loop: index_add_ makes a tensor for every row.
    const Tensor values = x.contiguous();
    const Tensor at = ids.to(at::kInt).contiguous();
    const float* from = values.data_ptr<float>();
    const int32_t* id = at.data_ptr<int32_t>();
    float* to = out.data_ptr<float>();
    for (int64_t row = 0; row < rows; row++) {
      if (id[row] < 0 || id[row] >= segments) continue;
      float* sum = to + id[row] * width;
      const float* value = from + row * width;
      for (int64_t i = 0; i < width; i++) sum[i] += value[i];
    }
    return {out};
  }
  const Tensor flat = ids.to(at::kLong).reshape({-1});
  const Tensor valid = at::nonzero(at::logical_and(flat >= 0, flat < segments)).reshape({-1});
  out.reshape({segments, width}).index_add_(0, flat.index_select(0, valid), x.reshape({rows, width}).index_select(0, valid));
  return {out};
}

const std::vector<Operation> indexing = {
    {"GatherV2", 2, 2, 2, gather},
    {"GatherNd", 2, 2, 0, gatherNd},
    // Attributes: the sizes of the result.
    {"ScatterNd", 2, 2, 0,
     [](const Call& call) -> Tensors {
       const Tensor target = at::zeros(call.integers(0), call.in[1].options());
       return {scatter(target, call.in[0], call.in[1], true)};
     }},
    {"TensorScatterUpdate", 3, 3, 0,
     [](const Call& call) -> Tensors { return {scatter(call.in[0], call.in[1], call.in[2], false)}; }},
    // Attributes: number of segments.
    {"UnsortedSegmentSum", 2, 2, 1, segmentSum},
    // Attributes: dtype code, depth, value where on, value where off.
    {"OneHot", 1, 1, 4,
     [](const Call& call) -> Tensors {
       const at::TensorOptions options = call.options(typeOf(call.integer(0)));
       const Tensor places = at::arange(call.integer(1), call.options(at::kInt));
       const Tensor hot = call.in[0].to(at::kInt).unsqueeze(-1) == places;
       return {at::where(hot, at::full({}, call.number(2), options), at::full({}, call.number(3), options))};
     }},
    // Attributes: number of bins, 1 to say only whether there is any. Inputs: values, weights (may be empty).
    {"DenseBincount", 2, 2, 2,
     [](const Call& call) -> Tensors {
       const int64_t size = call.integer(0);
       const Tensor x = call.in[0].to(at::kLong);
       const bool rows = x.dim() == 2;
       const Tensor two = rows ? x : x.reshape({1, -1});
       const Tensor inside = at::logical_and(two >= 0, two < size);
       Tensor weights = call.in[1].numel() > 0 ? call.in[1].reshape(two.sizes()).to(at::kFloat)
                                               : at::ones(two.sizes(), call.options(at::kFloat));
       weights = at::where(inside, weights, at::zeros_like(weights));
       Tensor out = at::zeros({two.size(0), size}, call.options(at::kFloat));
       out.scatter_add_(1, two.clamp(0, std::max<int64_t>(0, size - 1)), weights);
       if (call.flag(1)) out = (out != 0).to(at::kFloat);
       return {rows ? out : out.reshape({size})};
     }},
    // Inputs: sorted [rows, n], values [rows, m]. Attributes: 1 for the upper bound.
    {"SearchSorted", 2, 2, 1,
     [](const Call& call) -> Tensors {
       return {at::searchsorted(call.in[0].contiguous(), call.in[1].contiguous(), /*out_int32=*/true, call.flag(0))};
     }},
};

}  // namespace
}  // namespace afterstate
