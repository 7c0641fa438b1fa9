// Matrix products.
#include "common.h"

namespace afterstate {
namespace {

Tensor product(const Call& call, Tensor a, Tensor b, bool transposeA, bool transposeB) {
  if (transposeA) a = a.transpose(-2, -1);
  if (transposeB) b = b.transpose(-2, -1);
  if (call.settings.bf16 && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat)
    return at::matmul(a.to(at::kBFloat16), b.to(at::kBFloat16)).to(at::kFloat);
  return at::matmul(a, b);
}

Tensor activated(const Tensor& x, int64_t activation, double slope, const Tensor& alpha) {
  switch (activation) {
    case 0: return x;
    case 1: return x.clamp_min(0);
    case 2: return x.clamp(0, 6);
    case 3: return at::elu(x);
    case 4: return x.sigmoid();
    case 5: return at::leaky_relu(x, slope);
    case 6: return at::where(x < 0, x * alpha, x);
    default: throw std::invalid_argument("unknown activation");
  }
}

const std::vector<Operation> products = {
    // Attributes: transpose a, transpose b.
    {"BatchMatMul", 2, 2, 2,
     [](const Call& call) -> Tensors {
       return {product(call, call.in[0], call.in[1], call.flag(0), call.flag(1))};
     }},
    // Inputs: a, b, then a bias where there is one, then the slopes of a prelu.
    // Attributes: transpose a, transpose b, activation (see above), slope of a leaky relu, 1 where there is a bias.
    {"_FusedMatMul", 2, 4, 5,
     [](const Call& call) -> Tensors {
       Tensor y = product(call, call.in[0], call.in[1], call.flag(0), call.flag(1));
       const size_t slopes = call.flag(4) ? 3 : 2;
       if (call.flag(4)) {
         require(call.in.size() > 2, "_FusedMatMul: the bias is missing");
         y = y + call.in[2];
       }
       if (call.integer(2) == 6) require(call.in.size() > slopes, "_FusedMatMul: the slopes are missing");
       return {activated(y, call.integer(2), call.number(3), call.in.size() > slopes ? call.in[slopes] : y)};
     }},
    // Attributes: the equation's characters.
    {"Einsum", 1, kMaxInputs, 1,
     [](const Call& call) -> Tensors {
       std::string equation;
       for (size_t i = 0; i < call.attributeCount; i++) equation.push_back(static_cast<char>(call.integer(i)));
       return {at::einsum(equation, call.in)};
     }},
};

}  // namespace
}  // namespace afterstate
