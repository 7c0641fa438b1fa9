// RMSNorm, SwiGLU, AdamW and a gradient's norm, each in one pass over memory.
//
// Shapes: N rows, D width. On a CPU plain loops, which the compiler vectorises; elsewhere the same from libtorch's own.
#include "common.h"
#include "vector-math.h"

#include <ATen/Parallel.h>

namespace afterstate {
namespace {

constexpr int64_t kRowsPerTask = 32;

// Inputs x [N,D], weight [D]; attributes: epsilon. Outputs y [N,D], inverse root mean square [N].
Tensors rmsNorm(const Call& call) {
  const Tensor x = call.in[0].contiguous(), weight = call.in[1].contiguous();
  require(x.dim() == 2 && weight.dim() == 1 && weight.size(0) == x.size(1), "rmsNorm wants x [N,D] and weight [D]");
  const double epsilon = call.number(0);
  const int64_t rows = x.size(0), width = x.size(1);
  if (!x.device().is_cpu()) {
    const Tensor inverse = at::rsqrt(at::mean(x * x, -1) + epsilon);
    return {x * inverse.unsqueeze(1) * weight, inverse};
  }
  Tensor y = at::empty_like(x), inverse = at::empty({rows}, x.options());
  const float *xs = x.data_ptr<float>(), *ws = weight.data_ptr<float>();
  float *ys = y.data_ptr<float>(), *rs = inverse.data_ptr<float>();
  at::parallel_for(0, rows, kRowsPerTask, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const float* in = xs + row * width;
      float* out = ys + row * width;
      float squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < width; i++) squares += in[i] * in[i];
      const float r = static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(width) + epsilon));
      rs[row] = r;
      for (int64_t i = 0; i < width; i++) out[i] = in[i] * r * ws[i];
    }
  });
  return {y, inverse};
}

// Inputs dy, x, weight, inverse. Outputs dx = r (w dy - x r^2 mean(w dy x)), dweight = sum over rows of dy x r.
Tensors rmsNormGrad(const Call& call) {
  const Tensor dy = call.in[0].contiguous(), x = call.in[1].contiguous();
  const Tensor weight = call.in[2].contiguous(), inverse = call.in[3].contiguous();
  require(x.dim() == 2 && dy.sizes() == x.sizes() && weight.numel() == x.size(1) && inverse.numel() == x.size(0),
          "rmsNormGrad: shapes differ");
  const int64_t rows = x.size(0), width = x.size(1);
  if (!x.device().is_cpu()) {
    const Tensor r = inverse.unsqueeze(1), wd = dy * weight;
    return {r * (wd - x * r * r * at::mean(wd * x, -1, true)), at::sum(dy * x * r, 0)};
  }
  Tensor dx = at::empty_like(x), dweight = at::zeros({width}, x.options());
  const float *dys = dy.data_ptr<float>(), *xs = x.data_ptr<float>();
  const float *ws = weight.data_ptr<float>(), *rs = inverse.data_ptr<float>();
  float *dxs = dx.data_ptr<float>(), *dws = dweight.data_ptr<float>();
  at::parallel_for(0, rows, kRowsPerTask, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const float *d = dys + row * width, *in = xs + row * width;
      float* out = dxs + row * width;
      const float r = rs[row];
      float dot = 0;
#pragma omp simd reduction(+ : dot)
      for (int64_t i = 0; i < width; i++) dot += ws[i] * d[i] * in[i];
      const float pull = dot * r * r / static_cast<float>(width);
      for (int64_t i = 0; i < width; i++) out[i] = r * (ws[i] * d[i] - in[i] * pull);
    }
  });
  // By columns, so that no two threads add to the same sum and the order is the same whatever their number.
  at::parallel_for(0, width, std::max<int64_t>(16, width / 8), [&](int64_t first, int64_t last) {
    for (int64_t row = 0; row < rows; row++) {
      const float *d = dys + row * width, *in = xs + row * width;
      const float r = rs[row];
      for (int64_t i = first; i < last; i++) dws[i] += d[i] * in[i] * r;
    }
  });
  return {dx, dweight};
}

// Inputs gate, up. Output silu(gate) * up.
Tensors swiglu(const Call& call) {
  const Tensor gate = call.in[0].contiguous(), up = call.in[1].contiguous();
  require(gate.sizes() == up.sizes(), "swiglu: shapes differ");
  if (!gate.device().is_cpu()) return {gate * gate.sigmoid() * up};
  Tensor y = at::empty_like(gate);
  const float *gs = gate.data_ptr<float>(), *us = up.data_ptr<float>();
  float* ys = y.data_ptr<float>();
  at::parallel_for(0, gate.numel(), 4096, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) ys[i] = gs[i] * us[i] / (1.0f + exponential(-gs[i]));
  });
  return {y};
}

// Inputs dy, gate, up. Outputs dgate, dup. The sigmoid is made again: it costs less than a quarter of what a layer keeps.
Tensors swigluGrad(const Call& call) {
  const Tensor dy = call.in[0].contiguous(), gate = call.in[1].contiguous();
  const Tensor up = call.in[2].contiguous();
  require(dy.sizes() == gate.sizes() && up.sizes() == gate.sizes(), "swigluGrad: shapes differ");
  if (!gate.device().is_cpu()) {
    const Tensor sigmoid = gate.sigmoid();
    return {dy * up * sigmoid * (gate * (1 - sigmoid) + 1), dy * gate * sigmoid};
  }
  Tensor dgate = at::empty_like(gate), dup = at::empty_like(gate);
  const float *ds = dy.data_ptr<float>(), *gs = gate.data_ptr<float>();
  const float* us = up.data_ptr<float>();
  float *dgs = dgate.data_ptr<float>(), *dus = dup.data_ptr<float>();
  at::parallel_for(0, gate.numel(), 4096, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) {
      const float s = 1.0f / (1.0f + exponential(-gs[i]));
      dgs[i] = ds[i] * us[i] * s * (1.0f + gs[i] * (1.0f - s));
      dus[i] = ds[i] * gs[i] * s;
    }
  });
  return {dgate, dup};
}

// The same memory where nobody else looks at it, else a copy: a tensor never changes under who holds it.
Tensor owned(const Tensor& x, bool soleHandle) {
  return soleHandle && x.is_contiguous() && x.storage().use_count() == 1 ? x : x.clone(at::MemoryFormat::Contiguous);
}

// Inputs parameters, first and second moments, gradient, all of one shape. Attributes: learning rate, beta1, beta2,
// epsilon, weight decay, 1 - beta1^step, 1 - beta2^step, gradient's factor, then for each of the first three inputs
// whether its handle is the only one. Outputs parameters, first, second. Formula and source: src/rl/losses/adamw.ts.
Tensors adamw(const Call& call) {
  for (size_t i = 1; i < 4; i++)
    require(call.in[i].sizes() == call.in[0].sizes(), "parameters, moments and gradient differ in shape");
  Tensor parameters = owned(call.in[0], call.flag(8));
  Tensor first = owned(call.in[1], call.flag(9)), second = owned(call.in[2], call.flag(10));
  const Tensor gradient = call.in[3].contiguous();
  const double rate = call.number(0), beta1 = call.number(1), beta2 = call.number(2), epsilon = call.number(3);
  const double decay = call.number(4), correction1 = call.number(5), correction2 = call.number(6);
  const double factor = call.number(7);
  if (!parameters.device().is_cpu()) {
    const Tensor g = gradient * factor;
    first.mul_(beta1).add_(g, 1 - beta1);
    second.mul_(beta2).addcmul_(g, g, 1 - beta2);
    if (decay != 0) parameters.mul_(1 - rate * decay);
    parameters.addcdiv_(first, at::sqrt(second / correction2).add_(epsilon), -rate / correction1);
    return {parameters, first, second};
  }
  float *ps = parameters.data_ptr<float>(), *ms = first.data_ptr<float>(), *vs = second.data_ptr<float>();
  const float* gs = gradient.data_ptr<float>();
  const float b1 = beta1, c1 = 1 - beta1, b2 = beta2, c2 = 1 - beta2, f = factor, e = epsilon;
  const float stepSize = rate / correction1, inverse2 = 1 / correction2, kept = 1 - rate * decay;
  at::parallel_for(0, parameters.numel(), 16384, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float g = gs[i] * f;
      const float m = ms[i] * b1 + g * c1;
      const float v = vs[i] * b2 + g * g * c2;
      ms[i] = m;
      vs[i] = v;
      ps[i] = ps[i] * kept - stepSize * m / (std::sqrt(v * inverse2) + e);
    }
  });
  return {parameters, first, second};
}

// One or more gradients of any shape; output: the sum of all squares, added up in double precision.
Tensors sumOfSquares(const Call& call) {
  double sum = 0;
  for (const Tensor& x : call.in) {
    if (!x.device().is_cpu() || x.scalar_type() != at::kFloat) {
      sum += at::sum(at::square(x.to(at::kDouble))).item<double>();
      continue;
    }
    const Tensor dense = x.contiguous();
    const float* values = dense.data_ptr<float>();
    // Blocks of float32 sums: exact enough, and vectors wide.
    for (int64_t from = 0; from < dense.numel(); from += 4096) {
      const int64_t to = std::min<int64_t>(from + 4096, dense.numel());
      float block[16] = {};
      int64_t i = from;
      for (; i + 16 <= to; i += 16)
        for (int64_t lane = 0; lane < 16; lane++) block[lane] += values[i + lane] * values[i + lane];
      for (; i < to; i++) block[0] += values[i] * values[i];
      for (const float part : block) sum += part;
    }
  }
  return {at::full({}, sum, call.options(at::kFloat))};
}

const std::vector<Operation> fused = {
    {"AfterstateRmsNorm", 2, 2, 1, rmsNorm},
    {"AfterstateRmsNormGrad", 4, 4, 0, rmsNormGrad},
    {"AfterstateSwiglu", 2, 2, 0, swiglu},
    {"AfterstateSwigluGrad", 3, 3, 0, swigluGrad},
    {"AfterstateAdamW", 4, 4, 11, adamw},
    {"AfterstateSumOfSquares", 1, kMaxInputs, 0, sumOfSquares},
};

}  // namespace
}  // namespace afterstate
