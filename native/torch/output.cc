// Log-probabilities of chosen tokens, and what a copy head mixes into them: nothing of the vocabulary's width is kept.
//
// Shapes: L loss positions (B sequences of M), V vocabulary, T context positions.
#include "common.h"
#include "vector-math.h"

#include <ATen/Parallel.h>

namespace afterstate {
namespace {

// log(sum(exp(x * scale))) of a row, and sum of p * x * scale with p its softmax. [width]
struct RowSums {
  float logSum, expected;
};
inline RowSums sumsOf(const float* x, int64_t width, float scale) {
  float greatest = x[0];
#pragma omp simd reduction(max : greatest)
  for (int64_t i = 1; i < width; i++) greatest = x[i] > greatest ? x[i] : greatest;
  float sum = 0, weighted = 0;
#pragma omp simd reduction(+ : sum, weighted)
  for (int64_t i = 0; i < width; i++) {
    const float e = exponential((x[i] - greatest) * scale);
    sum += e;
    weighted += e * x[i];
  }
  return {greatest * scale + std::log(sum), weighted / sum * scale};
}

// Inputs logits [N,V], targets [N], inverse temperatures [N].
// Outputs: log-probability of each target [N], entropy [N], log of the sum of exponentials [N]. Nothing else of size V.
Tensors tokenLogprobs(const Call& call) {
  const Tensor logits = call.in[0].contiguous(), targets = call.in[1].to(at::kInt).contiguous();
  const Tensor inverse = call.in[2].contiguous();
  require(logits.dim() == 2 && logits.size(1) > 0 && targets.numel() == logits.size(0) &&
              inverse.numel() == logits.size(0),
          "tokenLogprobs wants logits [N,V], targets [N] and inverse temperatures [N]");
  const int64_t rows = logits.size(0), width = logits.size(1);
  if (!logits.device().is_cpu()) {
    const Tensor scaled = logits * inverse.unsqueeze(1);
    const Tensor logSum = at::logsumexp(scaled, std::vector<int64_t>{1});
    const Tensor chosen = scaled.gather(1, targets.to(at::kLong).unsqueeze(1)).squeeze(1);
    const Tensor expected = (at::exp(scaled - logSum.unsqueeze(1)) * scaled).sum(1);
    return {chosen - logSum, logSum - expected, logSum};
  }
  Tensor logprobs = at::empty({rows}, logits.options()), entropy = at::empty_like(logprobs);
  Tensor logSums = at::empty_like(logprobs);
  const float *xs = logits.data_ptr<float>(), *scales = inverse.data_ptr<float>();
  const int32_t* chosen = targets.data_ptr<int32_t>();
  float *ls = logprobs.data_ptr<float>(), *es = entropy.data_ptr<float>(), *sums = logSums.data_ptr<float>();
  for (int64_t row = 0; row < rows; row++)
    if (chosen[row] < 0 || chosen[row] >= width) throw std::out_of_range("tokenLogprobs: a target is no column");
  at::parallel_for(0, rows, 8, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const RowSums s = sumsOf(xs + row * width, width, scales[row]);
      ls[row] = xs[row * width + chosen[row]] * scales[row] - s.logSum;
      es[row] = s.logSum - s.expected;
      sums[row] = s.logSum;
    }
  });
  return {logprobs, entropy, logSums};
}

// Inputs dy [N], logits, targets, inverse temperatures, log sums. Output: dy * inverse * (one-hot - softmax) [N,V].
Tensors tokenLogprobsGrad(const Call& call) {
  const Tensor dy = call.in[0].contiguous(), logits = call.in[1].contiguous();
  const Tensor targets = call.in[2].to(at::kInt).contiguous();
  const Tensor inverse = call.in[3].contiguous(), logSums = call.in[4].contiguous();
  const int64_t rows = logits.size(0), width = logits.size(1);
  require(dy.numel() == rows && targets.numel() == rows && inverse.numel() == rows && logSums.numel() == rows,
          "tokenLogprobsGrad: shapes differ");
  if (!logits.device().is_cpu()) {
    const Tensor factor = (dy * inverse).unsqueeze(1);
    Tensor gradient = at::exp(logits * inverse.unsqueeze(1) - logSums.unsqueeze(1)).mul_(-factor);
    return {gradient.scatter_add_(1, targets.to(at::kLong).unsqueeze(1), factor)};
  }
  Tensor gradient = at::empty_like(logits);
  const float *ds = dy.data_ptr<float>(), *xs = logits.data_ptr<float>(), *scales = inverse.data_ptr<float>();
  const float* sums = logSums.data_ptr<float>();
  const int32_t* chosen = targets.data_ptr<int32_t>();
  float* gs = gradient.data_ptr<float>();
  at::parallel_for(0, rows, 8, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const float *x = xs + row * width, scale = scales[row], sum = sums[row], factor = ds[row] * scale;
      float* g = gs + row * width;
      for (int64_t i = 0; i < width; i++) g[i] = -factor * exponential(x[i] * scale - sum);
      if (chosen[row] >= 0 && chosen[row] < width) g[chosen[row]] += factor;
    }
  });
  return {gradient};
}

// Added to a mixed probability before its logarithm, as in src/rl/model/forward.ts.
constexpr float kFloor = 1e-20f;

struct CopySizes {
  int64_t batch, positions, time, width;
};

// Inputs from 0: logits [L,V], scores or attention [B,M,T], gates [L], tokens [B,T], rows [L], targets [L], inverse [L].
CopySizes copySizes(const Call& call, size_t from) {
  const Tensor &logits = call.in[from], &scores = call.in[from + 1];
  require(logits.dim() == 2 && logits.size(1) > 0 && scores.dim() == 3, "copy head: logits [L,V] and scores [B,M,T]");
  const CopySizes s{scores.size(0), scores.size(1), scores.size(2), logits.size(1)};
  const int64_t rows = s.batch * s.positions;
  require(logits.size(0) == rows && call.in[from + 2].numel() == rows && call.in[from + 3].numel() == s.batch * s.time &&
              call.in[from + 4].numel() == rows && call.in[from + 5].numel() == rows && call.in[from + 6].numel() == rows,
          "copy head: shapes differ");
  return s;
}

// Ids in [0, size), or an error: they index plain memory below.
void checkIds(const Tensor& ids, int64_t size, const char* what) {
  const int32_t* values = ids.data_ptr<int32_t>();
  for (int64_t i = 0; i < ids.numel(); i++)
    if (values[i] < 0 || values[i] >= size) throw std::out_of_range(what);
}

// One row's mixture g softmax(logits) + (1 - g) copies + floor, into `mixed` [V]; `softmax` [V] keeps the first part.
void mixRow(const float* logits, const float* attention, const int32_t* tokens, int64_t seen, float gate, int64_t width,
            float* softmax, float* mixed) {
  float greatest = logits[0];
#pragma omp simd reduction(max : greatest)
  for (int64_t v = 1; v < width; v++) greatest = logits[v] > greatest ? logits[v] : greatest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t v = 0; v < width; v++) {
    const float e = exponential(logits[v] - greatest);
    softmax[v] = e;
    sum += e;
  }
  const float inverse = 1.0f / sum;
  for (int64_t v = 0; v < width; v++) {
    softmax[v] *= inverse;
    mixed[v] = gate * softmax[v] + kFloor;
  }
  for (int64_t j = 0; j < seen; j++) mixed[tokens[j]] += (1.0f - gate) * attention[j];
}

// Attributes: scale of the scores. Outputs: log-probability of each target [L], entropy [L], attention [B,M,T].
// A position sees the context up to its own row (rows[l] % T).
Tensors copyLogprobs(const Call& call) {
  const CopySizes s = copySizes(call, 0);
  const float scale = static_cast<float>(call.number(0));
  const int64_t rows = s.batch * s.positions;
  if (!call.in[0].device().is_cpu()) {
    const Tensor row = call.in[4].to(at::kLong).reshape({s.batch, s.positions, 1}).remainder(s.time);
    const Tensor later = at::arange(s.time, call.options(at::kLong)).reshape({1, 1, -1}) > row;
    const Tensor attention = at::softmax((call.in[1] * scale).masked_fill(later, -INFINITY), -1);
    const Tensor tokens = call.in[3].to(at::kLong).reshape({s.batch, 1, s.time}).expand({s.batch, s.positions, s.time});
    const Tensor copies = at::zeros({s.batch, s.positions, s.width}, attention.options()).scatter_add_(2, tokens, attention);
    const Tensor gate = call.in[2].reshape({rows, 1});
    const Tensor mixed = gate * at::softmax(call.in[0], -1) + (1 - gate) * copies.reshape({rows, s.width}) + kFloor;
    const Tensor logs = at::log_softmax(at::log(mixed) * call.in[6].reshape({rows, 1}), -1);
    const Tensor chosen = logs.gather(1, call.in[5].to(at::kLong).reshape({rows, 1})).squeeze(1);
    return {chosen, -(at::exp(logs) * logs).sum(1), attention};
  }
  const Tensor logits = call.in[0].contiguous(), scores = call.in[1].contiguous(), gates = call.in[2].contiguous();
  const Tensor tokens = call.in[3].to(at::kInt).contiguous(), at = call.in[4].to(at::kInt).contiguous();
  const Tensor targets = call.in[5].to(at::kInt).contiguous(), inverse = call.in[6].contiguous();
  checkIds(tokens, s.width, "copy head: a token is not in the vocabulary");
  checkIds(targets, s.width, "copy head: a target is not in the vocabulary");
  checkIds(at, s.batch * s.time, "copy head: a row is not in the batch");
  Tensor logprobs = at::empty({rows}, logits.options()), entropy = at::empty_like(logprobs);
  Tensor attention = at::zeros_like(scores);
  at::parallel_for(0, rows, 4, [&](int64_t first, int64_t last) {
    std::vector<float> softmax(s.width), mixed(s.width);
    for (int64_t l = first; l < last; l++) {
      const int64_t seen = at.data_ptr<int32_t>()[l] % s.time + 1;
      const float* score = scores.data_ptr<float>() + l * s.time;
      float* p = attention.data_ptr<float>() + l * s.time;
      float greatest = score[0];
      for (int64_t j = 1; j < seen; j++) greatest = score[j] > greatest ? score[j] : greatest;
      float sum = 0;
      for (int64_t j = 0; j < seen; j++) {
        p[j] = exponential((score[j] - greatest) * scale);
        sum += p[j];
      }
      for (int64_t j = 0; j < seen; j++) p[j] /= sum;
      mixRow(logits.data_ptr<float>() + l * s.width, p, tokens.data_ptr<int32_t>() + l / s.positions * s.time, seen,
             gates.data_ptr<float>()[l], s.width, softmax.data(), mixed.data());
      const float beta = inverse.data_ptr<float>()[l];
      for (int64_t v = 0; v < s.width; v++) mixed[v] = logarithm(mixed[v]);
      const RowSums sums = sumsOf(mixed.data(), s.width, beta);
      logprobs.data_ptr<float>()[l] = mixed[targets.data_ptr<int32_t>()[l]] * beta - sums.logSum;
      entropy.data_ptr<float>()[l] = sums.logSum - sums.expected;
    }
  });
  return {logprobs, entropy, attention};
}

// Inputs dy [L], then those above with the attention for the scores; attributes: scale. Outputs dlogits, dscores, dgates.
//
// With q the tempered distribution, l = log mixed: dl_v = dy beta (1[v = target] - q_v), and dmixed = dl / mixed.
// At beta = 1 the mixture already sums to one, so that the second term's gradient vanishes and is left out.
Tensors copyLogprobsGrad(const Call& call) {
  const CopySizes s = copySizes(call, 1);
  const float scale = static_cast<float>(call.number(0));
  const int64_t rows = s.batch * s.positions;
  if (!call.in[1].device().is_cpu()) {
    const Tensor &attention = call.in[2];
    const Tensor tokens = call.in[4].to(at::kLong).reshape({s.batch, 1, s.time}).expand({s.batch, s.positions, s.time});
    const Tensor targets = call.in[6].to(at::kLong).reshape({rows, 1});
    const Tensor gate = call.in[3].reshape({rows, 1}), beta = call.in[7].reshape({rows, 1});
    const Tensor dy = call.in[0].reshape({rows, 1}) * beta;
    const Tensor softmax = at::softmax(call.in[1], -1);
    const Tensor copies = at::zeros({s.batch, s.positions, s.width}, attention.options())
                              .scatter_add_(2, tokens, attention).reshape({rows, s.width});
    const Tensor mixed = gate * softmax + (1 - gate) * copies + kFloor;
    Tensor d = at::softmax(at::log(mixed) * beta, -1).mul_(-dy).scatter_add_(1, targets, dy).div_(mixed);
    const Tensor dsoftmax = d * gate;
    const Tensor dlogits = softmax * (dsoftmax - (dsoftmax * softmax).sum(1, true));
    const Tensor da = (d * (1 - gate)).reshape({s.batch, s.positions, s.width}).gather(2, tokens);
    const Tensor dscores = attention * (da - (da * attention).sum(2, true)) * scale;
    return {dlogits, dscores, (d * (softmax - copies)).sum(1).reshape(call.in[3].sizes())};
  }
  const Tensor dy = call.in[0].contiguous(), logits = call.in[1].contiguous(), attention = call.in[2].contiguous();
  const Tensor gates = call.in[3].contiguous(), tokens = call.in[4].to(at::kInt).contiguous();
  const Tensor at = call.in[5].to(at::kInt).contiguous(), targets = call.in[6].to(at::kInt).contiguous();
  const Tensor inverse = call.in[7].contiguous();
  checkIds(tokens, s.width, "copy head: a token is not in the vocabulary");
  checkIds(targets, s.width, "copy head: a target is not in the vocabulary");
  checkIds(at, s.batch * s.time, "copy head: a row is not in the batch");
  Tensor dlogits = at::empty_like(logits), dscores = at::zeros_like(attention), dgates = at::empty_like(gates);
  at::parallel_for(0, rows, 4, [&](int64_t first, int64_t last) {
    std::vector<float> softmax(s.width), mixed(s.width), d(s.width);
    for (int64_t l = first; l < last; l++) {
      const int64_t seen = at.data_ptr<int32_t>()[l] % s.time + 1;
      const float* p = attention.data_ptr<float>() + l * s.time;
      const int32_t* token = tokens.data_ptr<int32_t>() + l / s.positions * s.time;
      const int32_t target = targets.data_ptr<int32_t>()[l];
      const float gate = gates.data_ptr<float>()[l], beta = inverse.data_ptr<float>()[l];
      const float up = dy.data_ptr<float>()[l] * beta;
      mixRow(logits.data_ptr<float>() + l * s.width, p, token, seen, gate, s.width, softmax.data(), mixed.data());
      if (beta == 1.0f) {
        std::fill(d.begin(), d.end(), 0.0f);
      } else {
        for (int64_t v = 0; v < s.width; v++) d[v] = logarithm(mixed[v]);
        const float logSum = sumsOf(d.data(), s.width, beta).logSum;
        for (int64_t v = 0; v < s.width; v++) d[v] = -up * exponential(d[v] * beta - logSum) / mixed[v];
      }
      d[target] += up / mixed[target];
      // d is now the gradient of the mixture.
      float dot = 0, dgate = 0;
#pragma omp simd reduction(+ : dot)
      for (int64_t v = 0; v < s.width; v++) dot += d[v] * softmax[v];
      float* out = dlogits.data_ptr<float>() + l * s.width;
      for (int64_t v = 0; v < s.width; v++) out[v] = gate * softmax[v] * (d[v] - dot);
      for (int64_t j = 0; j < seen; j++) dgate += d[token[j]] * p[j];
      float* ds = dscores.data_ptr<float>() + l * s.time;
      for (int64_t j = 0; j < seen; j++) ds[j] = (1.0f - gate) * p[j] * (d[token[j]] - dgate) * scale;
      dgates.data_ptr<float>()[l] = dot - dgate;
    }
  });
  return {dlogits, dscores, dgates};
}

const std::vector<Operation> outputs = {
    {"AfterstateTokenLogprobs", 3, 3, 0, tokenLogprobs},
    {"AfterstateTokenLogprobsGrad", 5, 5, 0, tokenLogprobsGrad},
    {"AfterstateCopyLogprobs", 7, 7, 1, copyLogprobs},
    {"AfterstateCopyLogprobsGrad", 8, 8, 1, copyLogprobsGrad},
};

}  // namespace
}  // namespace afterstate
