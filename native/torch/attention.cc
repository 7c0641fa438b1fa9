// Causal attention with rotary positions and grouped queries: forward and backward in one operation each.
//
// B sequences, T positions, H query heads, K key and value heads (K divides H, G = H / K), S the head size.
// Query heads of one group stand as G*T rows over the group's keys, so that no key is ever copied for them.
#include "common.h"
#include "vector-math.h"

#include <ATen/Parallel.h>

namespace afterstate {
namespace {

struct Sizes {
  int64_t batch, time, heads, keyHeads, headSize;
  int64_t groups() const { return heads / keyHeads; }
  int64_t columns() const { return (heads + 2 * keyHeads) * headSize; }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(headSize)); }
};

// Attributes: batch, time, heads, kvHeads.
Sizes sizesOf(const Call& call, int64_t columns) {
  Sizes s{call.integer(0), call.integer(1), call.integer(2), call.integer(3), 0};
  require(s.batch > 0 && s.time > 0 && s.heads > 0 && s.keyHeads > 0 && s.heads % s.keyHeads == 0,
          "attention: batch, time, heads and kvHeads must be positive, and kvHeads divide heads");
  s.headSize = columns / (s.heads + 2 * s.keyHeads);
  require(s.headSize * (s.heads + 2 * s.keyHeads) == columns && s.headSize % 2 == 0,
          "attention: columns are not (heads + 2 kvHeads) even head sizes");
  return s;
}

void checkTables(const Sizes& s, const Tensor& cos, const Tensor& sin) {
  require(cos.dim() == 2 && cos.sizes() == sin.sizes() && cos.size(0) >= s.time && cos.size(1) == s.headSize / 2,
          "attention: cos and sin must be [time or more, headSize / 2]");
}

// One head's half-split rotation by the angles of a position; the inverse turns the other way.
inline void rotate(const float* from, float* to, const float* cos, const float* sin, int64_t half, float direction) {
  for (int64_t i = 0; i < half; i++) {
    const float x = from[i];
    const float y = from[half + i];
    const float s = sin[i] * direction;
    to[i] = x * cos[i] - y * s;
    to[half + i] = x * s + y * cos[i];
  }
}

// qkv [B*T, columns] to one block [B, H+2K, T, S], queries and keys rotated.
Tensor splitHeads(const Sizes& s, const Tensor& qkv, const Tensor& cos, const Tensor& sin) {
  const int64_t all = s.heads + 2 * s.keyHeads;
  const int64_t rotated = s.heads + s.keyHeads;
  const int64_t half = s.headSize / 2;
  if (!qkv.device().is_cpu()) {
    const Tensor heads = qkv.reshape({s.batch, s.time, all, s.headSize}).transpose(1, 2);
    const Tensor turning = heads.narrow(1, 0, rotated);
    const Tensor c = cos.narrow(0, 0, s.time), n = sin.narrow(0, 0, s.time);
    const Tensor low = turning.narrow(3, 0, half), high = turning.narrow(3, half, half);
    const Tensor turned = at::cat({low * c - high * n, low * n + high * c}, 3);
    return at::cat({turned, heads.narrow(1, rotated, s.keyHeads)}, 1);
  }
  Tensor out = at::empty({s.batch, all, s.time, s.headSize}, qkv.options());
  const Tensor dense = qkv.contiguous(), c = cos.contiguous(), n = sin.contiguous();
  const float *from = dense.data_ptr<float>(), *cs = c.data_ptr<float>(), *sn = n.data_ptr<float>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, s.batch * s.time, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const int64_t b = row / s.time, t = row % s.time;
      for (int64_t h = 0; h < all; h++) {
        const float* source = from + row * s.columns() + h * s.headSize;
        float* target = to + ((b * all + h) * s.time + t) * s.headSize;
        if (h < rotated) rotate(source, target, cs + t * half, sn + t * half, half, 1.0f);
        else std::memcpy(target, source, s.headSize * sizeof(float));
      }
    }
  });
  return out;
}

// The way back: the gradient of the block to the gradient of qkv.
Tensor joinHeads(const Sizes& s, const Tensor& block, const Tensor& cos, const Tensor& sin) {
  const int64_t all = s.heads + 2 * s.keyHeads;
  const int64_t rotated = s.heads + s.keyHeads;
  const int64_t half = s.headSize / 2;
  if (!block.device().is_cpu()) {
    const Tensor turned = block.narrow(1, 0, rotated);
    const Tensor c = cos.narrow(0, 0, s.time), n = sin.narrow(0, 0, s.time);
    const Tensor low = turned.narrow(3, 0, half), high = turned.narrow(3, half, half);
    const Tensor back = at::cat({low * c + high * n, high * c - low * n}, 3);
    return at::cat({back, block.narrow(1, rotated, s.keyHeads)}, 1)
        .transpose(1, 2)
        .reshape({s.batch * s.time, s.columns()});
  }
  Tensor out = at::empty({s.batch * s.time, s.columns()}, block.options());
  const Tensor c = cos.contiguous(), n = sin.contiguous();
  const float *from = block.data_ptr<float>(), *cs = c.data_ptr<float>(), *sn = n.data_ptr<float>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, s.batch * s.time, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const int64_t b = row / s.time, t = row % s.time;
      for (int64_t h = 0; h < all; h++) {
        float* target = to + row * s.columns() + h * s.headSize;
        const float* source = from + ((b * all + h) * s.time + t) * s.headSize;
        if (h < rotated) rotate(source, target, cs + t * half, sn + t * half, half, -1.0f);
        else std::memcpy(target, source, s.headSize * sizeof(float));
      }
    }
  });
  return out;
}

// The three parts of a block [B, H+2K, T, S], as [B*K, rows, S].
struct Parts {
  Tensor q, k, v;
};
Parts partsOf(const Sizes& s, const Tensor& block) {
  const auto part = [&](int64_t from, int64_t count, int64_t rows) {
    return block.narrow(1, from, count).reshape({s.batch * s.keyHeads, rows, s.headSize});
  };
  return {part(0, s.heads, s.groups() * s.time), part(s.heads, s.keyHeads, s.time),
          part(s.heads + s.keyHeads, s.keyHeads, s.time)};
}

// Scores [B*K, G*T, T] to probabilities in place: position t sees positions 0 to t.
void causalSoftmax(const Sizes& s, Tensor& scores) {
  const float scale = static_cast<float>(s.scale());
  if (!scores.device().is_cpu()) {
    const Tensor later = at::ones({s.time, s.time}, scores.options().dtype(at::kBool)).triu(1);
    Tensor rows = scores.view({-1, s.time, s.time});
    rows.mul_(scale).masked_fill_(later, -INFINITY);
    scores = at::softmax(rows, -1).view(scores.sizes());
    return;
  }
  float* all = scores.data_ptr<float>();
  at::parallel_for(0, scores.numel() / s.time, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      float* p = all + row * s.time;
      const int64_t seen = row % s.time + 1;
      float greatest = p[0];
#pragma omp simd reduction(max : greatest)
      for (int64_t j = 1; j < seen; j++) greatest = p[j] > greatest ? p[j] : greatest;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < seen; j++) {
        const float e = exponential((p[j] - greatest) * scale);
        p[j] = e;
        sum += e;
      }
      const float inverse = 1.0f / sum;
      for (int64_t j = 0; j < seen; j++) p[j] *= inverse;
      for (int64_t j = seen; j < s.time; j++) p[j] = 0;
    }
  });
}

// Gradient of the probabilities to that of the scores, in place: p * (d - sum(p * d)) * scale.
void softmaxBackward(const Sizes& s, const Tensor& probabilities, Tensor& gradient) {
  const float scale = static_cast<float>(s.scale());
  if (!gradient.device().is_cpu()) {
    gradient = (gradient - (gradient * probabilities).sum(-1, true)) * probabilities * scale;
    return;
  }
  const float* all = probabilities.data_ptr<float>();
  float* gradients = gradient.data_ptr<float>();
  at::parallel_for(0, gradient.numel() / s.time, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const float* p = all + row * s.time;
      float* d = gradients + row * s.time;
      const int64_t seen = row % s.time + 1;
      float dot = 0;
#pragma omp simd reduction(+ : dot)
      for (int64_t j = 0; j < seen; j++) dot += p[j] * d[j];
      for (int64_t j = 0; j < seen; j++) d[j] = p[j] * (d[j] - dot) * scale;
      for (int64_t j = seen; j < s.time; j++) d[j] = 0;
    }
  });
}

Tensor multiply(const Call& call, const Tensor& a, const Tensor& b) {
  if (!call.settings.bf16) return at::bmm(a, b);
  return at::bmm(a.to(at::kBFloat16), b.to(at::kBFloat16)).to(at::kFloat);
}

// [B*K, G*T, S], which is [B, H, T, S], to rows [B*T, H*S], and back.
Tensor toRows(const Sizes& s, const Tensor& heads) {
  return heads.reshape({s.batch, s.heads, s.time, s.headSize})
      .transpose(1, 2)
      .reshape({s.batch * s.time, s.heads * s.headSize});
}
Tensor fromRows(const Sizes& s, const Tensor& rows) {
  return rows.reshape({s.batch, s.time, s.heads, s.headSize})
      .transpose(1, 2)
      .reshape({s.batch * s.keyHeads, s.groups() * s.time, s.headSize});
}

// Inputs qkv, cos, sin; outputs: result [B*T, H*S], probabilities [B*K, G*T, T], rotated block [B, H+2K, T, S].
Tensors attention(const Call& call) {
  const Tensor& qkv = call.in[0];
  require(qkv.dim() == 2, "attention: qkv must have two axes");
  const Sizes s = sizesOf(call, qkv.size(1));
  require(qkv.size(0) == s.batch * s.time, "attention: qkv must have batch * time rows");
  checkTables(s, call.in[1], call.in[2]);
  const Tensor block = splitHeads(s, qkv, call.in[1], call.in[2]);
  const Parts parts = partsOf(s, block);
  Tensor probabilities = multiply(call, parts.q, parts.k.transpose(1, 2));
  causalSoftmax(s, probabilities);
  return {toRows(s, multiply(call, probabilities, parts.v)), probabilities, block};
}

// Inputs dy, cos, sin, probabilities, rotated block; output: gradient of qkv.
Tensors attentionGrad(const Call& call) {
  const Tensor &cos = call.in[1], &sin = call.in[2], &probabilities = call.in[3], &block = call.in[4];
  require(block.dim() == 4, "attentionGrad: the rotated block must have four axes");
  const Sizes s = sizesOf(call, block.size(1) * block.size(3));
  require(call.in[0].dim() == 2 && call.in[0].size(0) == s.batch * s.time && call.in[0].size(1) == s.heads * s.headSize &&
              block.size(0) == s.batch && block.size(2) == s.time &&
              probabilities.numel() == s.batch * s.heads * s.time * s.time,
          "attentionGrad: shapes differ");
  checkTables(s, cos, sin);
  const Parts parts = partsOf(s, block);
  const Tensor dOut = fromRows(s, call.in[0]);
  const Tensor dV = multiply(call, probabilities.transpose(1, 2), dOut);
  Tensor dScores = multiply(call, dOut, parts.v.transpose(1, 2));
  softmaxBackward(s, probabilities, dScores);
  const Tensor dQ = multiply(call, dScores, parts.k);
  const Tensor dK = multiply(call, dScores.transpose(1, 2), parts.q);
  const auto part = [&](const Tensor& x, int64_t heads) { return x.reshape({s.batch, heads, s.time, s.headSize}); };
  const Tensor gradient = at::cat({part(dQ, s.heads), part(dK, s.keyHeads), part(dV, s.keyHeads)}, 1);
  return {joinHeads(s, gradient, cos, sin)};
}

const std::vector<Operation> attentions = {
    {"AfterstateAttention", 3, 3, 4, attention},
    {"AfterstateAttentionGrad", 5, 5, 4, attentionGrad},
};

}  // namespace
}  // namespace afterstate
