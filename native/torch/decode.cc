// Decoding with a cache of keys and values for each sequence: what only new tokens have to be computed for.
//
// N sequences with R new rows in all, each sequence's rows one after the other and at consecutive positions; H query heads,
// K key and value heads, S head size, D model width, V vocabulary. Caches are changed in place: who passes one owns it.
#include "common.h"
#include "vector-math.h"

#include <ATen/Parallel.h>

namespace afterstate {
namespace {

// A sequence's new rows: positions first, first + 1, … of it, in rows from, from + 1, … of the batch.
struct Run {
  int64_t from, first, count;
  int64_t length() const { return first + count; }
};

// Attributes from `at`: first position and count of each sequence, in order.
std::vector<Run> runsOf(const Call& call, size_t at, int64_t rows) {
  std::vector<Run> runs;
  int64_t from = 0;
  for (size_t i = at; i + 1 < call.attributeCount; i += 2) {
    runs.push_back({from, call.integer(i), call.integer(i + 1)});
    require(runs.back().first >= 0 && runs.back().count > 0, "a sequence without new rows");
    from += runs.back().count;
  }
  require(from == rows, "the sequences' rows are not all rows");
  return runs;
}

void checkCache(const Tensor& cache, int64_t rank, int64_t capacityAxis, const Run& run, int64_t width) {
  require(cache.dim() == rank && cache.size(-1) == width && cache.is_contiguous(), "a cache of another shape");
  require(run.length() <= cache.size(capacityAxis), "a sequence longer than its cache");
}

constexpr int64_t kFewRows = 8;

struct HeadSizes {
  int64_t heads, keyHeads, size;
  int64_t group() const { return heads / keyHeads; }
  int64_t width() const { return keyHeads * size; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(size)); }
};

// One new token: its row of the batch, its position, and its sequence's keys and values [capacity, K*S].
struct Row {
  int64_t row, position;
  float *keys, *values;
};

// All of a run's rows at once, on any device. `cache` [2, capacity, K*S]; the result goes to the run's rows of `out`.
void attendAll(const HeadSizes& s, const Run& run, const Tensor& qkv, const Tensor& cos, const Tensor& sin,
               const Tensor& cache, Tensor& out) {
  const int64_t half = s.size / 2;
  const Tensor rows = qkv.narrow(0, run.from, run.count).view({run.count, s.heads + 2 * s.keyHeads, s.size});
  const Tensor c = cos.narrow(0, run.first, run.count).unsqueeze(1);
  const Tensor n = sin.narrow(0, run.first, run.count).unsqueeze(1);
  const Tensor turning = rows.narrow(1, 0, s.heads + s.keyHeads);
  const Tensor low = turning.narrow(2, 0, half), high = turning.narrow(2, half, half);
  const Tensor turned = at::cat({low * c - high * n, low * n + high * c}, 2);
  Tensor keys = cache[0], values = cache[1];
  keys.narrow(0, run.first, run.count).copy_(turned.narrow(1, s.heads, s.keyHeads).reshape({run.count, s.width()}));
  values.narrow(0, run.first, run.count)
      .copy_(rows.narrow(1, s.heads + s.keyHeads, s.keyHeads).reshape({run.count, s.width()}));
  const auto seen = [&](const Tensor& all) {
    return all.narrow(0, 0, run.length()).view({run.length(), s.keyHeads, s.size}).transpose(0, 1);
  };
  const Tensor q = turned.narrow(1, 0, s.heads).transpose(0, 1).reshape({s.keyHeads, s.group() * run.count, s.size});
  Tensor scores = at::bmm(q, seen(keys).transpose(1, 2)).mul_(s.scale()).view({s.heads, run.count, run.length()});
  if (run.count > 1) {
    const Tensor later = at::ones({run.count, run.length()}, scores.options().dtype(at::kBool)).triu(run.first + 1);
    scores.masked_fill_(later, -INFINITY);
  }
  const Tensor p = at::softmax(scores, -1).view({s.keyHeads, s.group() * run.count, run.length()});
  const Tensor attended = at::bmm(p, seen(values)).view({s.heads, run.count, s.size});
  out.narrow(0, run.from, run.count).copy_(attended.transpose(0, 1).reshape({run.count, s.heads * s.size}));
}

// One head of one row: `q` [S] against rows 0 to seen - 1 of keys and values, `width` apart. `scores` [seen] is scratch.
void attendOne(const float* __restrict q, const float* __restrict keys, const float* __restrict values, int64_t seen,
               int64_t width, int64_t size, float scale, float* __restrict scores, float* __restrict result) {
  float greatest = -INFINITY;
  for (int64_t j = 0; j < seen; j++) {
    float sum = 0;
    const float* __restrict key = keys + j * width;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < size; i++) sum += q[i] * key[i];
    scores[j] = sum;
    greatest = sum > greatest ? sum : greatest;
  }
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < seen; j++) {
    const float e = exponential((scores[j] - greatest) * scale);
    scores[j] = e;
    total += e;
  }
  for (int64_t i = 0; i < size; i++) result[i] = 0;
  for (int64_t j = 0; j < seen; j++) {
    const float p = scores[j] / total;
    const float* __restrict value = values + j * width;
#pragma omp simd
    for (int64_t i = 0; i < size; i++) result[i] += p * value[i];
  }
}

// Rows of any sequences, on a CPU. Puts their keys and values into the caches first: a row may see one before it.
void attendRows(const HeadSizes& s, const std::vector<Row>& rows, const Tensor& qkv, const Tensor& cos,
                const Tensor& sin, Tensor& out) {
  if (rows.empty()) return;
  const int64_t half = s.size / 2, columns = qkv.size(1);
  const float *all = qkv.data_ptr<float>(), *cs = cos.data_ptr<float>(), *sn = sin.data_ptr<float>();
  const int64_t count = static_cast<int64_t>(rows.size());
  std::vector<float> queries(count * s.heads * s.size);
  const auto turn = [&](const float* __restrict from, float* __restrict to, int64_t position) {
    const float *__restrict c = cs + position * half, *__restrict n = sn + position * half;
    for (int64_t i = 0; i < half; i++) {
      to[i] = from[i] * c[i] - from[half + i] * n[i];
      to[half + i] = from[i] * n[i] + from[half + i] * c[i];
    }
  };
  for (int64_t r = 0; r < count; r++) {
    const Row& row = rows[r];
    const float* source = all + row.row * columns;
    for (int64_t h = 0; h < s.heads; h++)
      turn(source + h * s.size, queries.data() + (r * s.heads + h) * s.size, row.position);
    float* keys = row.keys + row.position * s.width();
    for (int64_t h = 0; h < s.keyHeads; h++) turn(source + (s.heads + h) * s.size, keys + h * s.size, row.position);
    std::memcpy(row.values + row.position * s.width(), source + (s.heads + s.keyHeads) * s.size,
                s.width() * sizeof(float));
  }
  float* results = out.data_ptr<float>();
  at::parallel_for(0, count * s.heads, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> scores;
    for (int64_t item = begin; item < end; item++) {
      const Row& row = rows[item / s.heads];
      const int64_t head = item % s.heads, column = head / s.group() * s.size;
      scores.resize(row.position + 1);
      attendOne(queries.data() + item * s.size, row.keys + column, row.values + column, row.position + 1, s.width(),
                s.size, s.scale(), scores.data(), results + (row.row * s.heads + head) * s.size);
    }
  });
}

// Inputs qkv [R, (H+2K)*S], cos and sin [C, S/2], then each sequence's cache [layers, 2, capacity, K*S].
// Attributes: layer, heads, kvHeads, runs. Output [R, H*S]; the rows' keys and values are then in the caches.
Tensors cachedAttention(const Call& call) {
  const Tensor qkv = call.in[0].contiguous(), cos = call.in[1].contiguous(), sin = call.in[2].contiguous();
  const int64_t layer = call.integer(0), heads = call.integer(1), keyHeads = call.integer(2);
  require(qkv.dim() == 2 && heads > 0 && keyHeads > 0 && heads % keyHeads == 0, "qkv, heads or kvHeads are wrong");
  const int64_t size = qkv.size(1) / (heads + 2 * keyHeads), half = size / 2, width = keyHeads * size;
  require(size * (heads + 2 * keyHeads) == qkv.size(1) && size % 2 == 0, "columns are not even head sizes");
  require(cos.dim() == 2 && cos.size(1) == half && cos.sizes() == sin.sizes(), "cos and sin must be [C, S/2]");
  const std::vector<Run> runs = runsOf(call, 3, qkv.size(0));
  require(runs.size() + 3 == call.in.size(), "one cache for each sequence");
  for (size_t n = 0; n < runs.size(); n++) {
    const Tensor& cache = call.in[3 + n];
    checkCache(cache, 4, 2, runs[n], width);
    require(layer >= 0 && layer < cache.size(0) && runs[n].length() <= cos.size(0), "layer or position out of range");
  }
  const bool onCpu = qkv.device().is_cpu();
  Tensor out = at::empty({qkv.size(0), heads * size}, qkv.options());
  std::vector<Row> rows;
  for (size_t n = 0; n < runs.size(); n++) {
    const Run& run = runs[n];
    float* plane = onCpu ? call.in[3 + n].data_ptr<float>() + layer * 2 * call.in[3 + n].size(2) * width : nullptr;
    // Few rows are read off the cache one by one; a whole prompt is a matrix product.
    if (onCpu && run.count < kFewRows)
      for (int64_t i = 0; i < run.count; i++)
        rows.push_back({run.from + i, run.first + i, plane, plane + call.in[3 + n].size(2) * width});
    else
      attendAll({heads, keyHeads, size}, run, qkv, cos, sin, call.in[3 + n][layer], out);
  }
  attendRows({heads, keyHeads, size}, rows, qkv, cos, sin, out);
  return {out};
}

// Inputs logits [N,V], queries [N,D], gates [N], new keys [R,D], all sequences' tokens joined, then each sequence's cache
// [capacity, D]. Attributes: runs. Output [N,V]: log of gate * softmax(logits) + (1 - gate) * copies, at each last row.
Tensors cachedCopies(const Call& call) {
  const Tensor logits = call.in[0].contiguous(), queries = call.in[1].contiguous(), gates = call.in[2].contiguous();
  const Tensor keys = call.in[3].contiguous(), tokens = call.in[4].to(at::kInt).contiguous();
  require(logits.dim() == 2 && queries.dim() == 2 && keys.dim() == 2 && keys.size(1) == queries.size(1),
          "logits [N,V], queries [N,D] and keys [R,D]");
  const int64_t width = keys.size(1), vocabulary = logits.size(1);
  const std::vector<Run> runs = runsOf(call, 0, keys.size(0));
  const int64_t count = static_cast<int64_t>(runs.size());
  require(runs.size() + 5 == call.in.size() && logits.size(0) == count && queries.size(0) == count &&
              gates.numel() == count,
          "one cache, query and gate for each sequence");
  std::vector<int64_t> offsets;
  int64_t total = 0;
  for (size_t n = 0; n < runs.size(); n++) {
    checkCache(call.in[5 + n], 2, 0, runs[n], width);
    offsets.push_back(total);
    total += runs[n].length();
  }
  require(tokens.numel() == total, "one token for each position");
  const double scale = 1.0 / std::sqrt(static_cast<double>(width));
  std::vector<Tensor> results;
  if (logits.device().is_cpu()) checkIds(tokens, vocabulary, "a token is not in the vocabulary");
  Tensor out = at::empty_like(logits);
  for (int64_t n = 0; n < count; n++) {
    const Run& run = runs[n];
    Tensor cache = call.in[5 + n];
    cache.narrow(0, run.first, run.count).copy_(keys.narrow(0, run.from, run.count));
    const Tensor seen = cache.narrow(0, 0, run.length());
    const Tensor attention = at::softmax(at::mv(seen, queries[n]).mul_(scale), 0);
    if (logits.device().is_cpu()) {
      std::vector<float> softmax(vocabulary);
      float* mixed = out.data_ptr<float>() + n * vocabulary;
      mixRow(logits.data_ptr<float>() + n * vocabulary, attention.data_ptr<float>(),
             tokens.data_ptr<int32_t>() + offsets[n], run.length(), gates.data_ptr<float>()[n], vocabulary,
             softmax.data(), mixed);
      for (int64_t v = 0; v < vocabulary; v++) mixed[v] = logarithm(mixed[v]);
      continue;
    }
    const Tensor gate = gates.reshape({-1})[n];
    const Tensor copies = at::zeros({vocabulary}, logits.options())
                              .scatter_add_(0, tokens.narrow(0, offsets[n], run.length()).to(at::kLong), attention);
    out[n].copy_(at::log(gate * at::softmax(logits[n], -1) + (1 - gate) * copies + kFloor));
  }
  return {out};
}

// Inputs: a cache, and one whose first rows it takes over. Attributes: axis of the positions, how many rows.
Tensors cacheCopy(const Call& call) {
  const int64_t axis = call.integer(0), rows = call.integer(1);
  Tensor target = call.in[0];
  target.narrow(axis, 0, rows).copy_(call.in[1].narrow(axis, 0, rows));
  return {};
}

const std::vector<Operation> decoding = {
    {"AfterstateCachedAttention", 4, kMaxInputs, 5, cachedAttention},
    {"AfterstateCachedCopies", 6, kMaxInputs, 2, cachedCopies},
    {"AfterstateCacheCopy", 2, 2, 2, cacheCopy},
};

}  // namespace
}  // namespace afterstate
