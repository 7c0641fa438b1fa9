// Operations on each element: one tensor, two broadcast ones, or three.
#include "common.h"

namespace afterstate {
namespace {

#define UNARY(NAME, EXPRESSION) \
  Operation { NAME, 1, 1, 0, [](const Call& call) -> Tensors { const Tensor& x = call.in[0]; return {EXPRESSION}; } }
#define BINARY(NAME, EXPRESSION)                                     \
  Operation {                                                        \
    NAME, 2, 2, 0, [](const Call& call) -> Tensors {                 \
      const Tensor& a = call.in[0];                                  \
      const Tensor& b = call.in[1];                                  \
      return {EXPRESSION};                                           \
    }                                                                \
  }

constexpr double kSeluAlpha = 1.7580993408473768;  // scale * alpha, as TensorFlow.js has it
constexpr double kSeluScale = 1.0507009873554805;

Tensor floats(const Tensor& x) { return at::isFloatingType(x.scalar_type()) ? x : x.to(at::kFloat); }

// Towards zero, and 0 for what no integer stands for: a plain conversion of those is undefined in C++.
Tensor cast(const Tensor& x, at::ScalarType type) {
  if (type == at::kInt && at::isFloatingType(x.scalar_type())) 
    return at::where(x.abs() < 2147483648.0, x, at::zeros({}, x.options())).to(at::kInt);
  return x.to(type);
}

const std::vector<Operation> elementwise = {
    UNARY("Abs", x.abs()),
    UNARY("Acos", x.acos()),
    UNARY("Acosh", x.acosh()),
    UNARY("Asin", x.asin()),
    UNARY("Asinh", x.asinh()),
    UNARY("Atan", x.atan()),
    UNARY("Atanh", x.atanh()),
    UNARY("Ceil", x.ceil()),
    UNARY("Cos", x.cos()),
    UNARY("Cosh", x.cosh()),
    UNARY("Elu", at::elu(x)),
    UNARY("Erf", x.erf()),
    UNARY("Exp", x.exp()),
    UNARY("Expm1", x.expm1()),
    UNARY("Floor", x.floor()),
    UNARY("IsFinite", x.isfinite()),
    UNARY("IsInf", x.isinf()),
    UNARY("IsNan", x.isnan()),
    UNARY("Log", x.log()),
    // libtorch 1.13's vectorised log1p of more than 1e38 is infinite, later ones' is not.
    UNARY("Log1p", at::where(x > 1e30, x.log(), x.log1p())),
    UNARY("LogicalNot", x.logical_not()),
    UNARY("Neg", x.neg()),
    UNARY("Reciprocal", floats(x).reciprocal()),
    UNARY("Relu", x.clamp_min(0)),
    UNARY("Relu6", x.clamp(0, 6)),
    UNARY("Round", x.round()),
    UNARY("Rsqrt", x.rsqrt()),
    UNARY("Selu", at::where(x >= 0, x * kSeluScale, at::expm1(x) * kSeluAlpha)),
    UNARY("Sigmoid", x.sigmoid()),
    UNARY("Sign", x.sign()),
    UNARY("Sin", x.sin()),
    UNARY("Sinh", x.sinh()),
    UNARY("Softplus", at::softplus(x)),
    UNARY("Sqrt", x.sqrt()),
    UNARY("Square", x * x),
    UNARY("Tan", x.tan()),
    UNARY("Tanh", x.tanh()),
    BINARY("Add", a + b),
    BINARY("Atan2", at::atan2(a, b)),
    BINARY("BitwiseAnd", at::bitwise_and(a, b)),
    BINARY("Equal", a == b),
    // dy, y: where y is the result, its derivative is y + 1 below zero.
    BINARY("EluGrad", at::where(b >= 0, a, a * (b + 1))),
    BINARY("FloorDiv", at::isFloatingType(a.scalar_type()) ? cast(at::floor(a / b), at::kInt) : at::div(a, b, "floor")),
    BINARY("Greater", a > b),
    BINARY("GreaterEqual", a >= b),
    BINARY("Less", a < b),
    BINARY("LessEqual", a <= b),
    BINARY("LogicalAnd", at::logical_and(a, b)),
    BINARY("LogicalOr", at::logical_or(a, b)),
    BINARY("Maximum", at::maximum(a, b)),
    BINARY("Minimum", at::minimum(a, b)),
    BINARY("Mod", at::remainder(a, b)),
    BINARY("Multiply", a * b),
    BINARY("NotEqual", a != b),
    BINARY("Pow", at::pow(a, b)),
    BINARY("Prelu", at::where(a < 0, a * b, a)),
    BINARY("RealDiv", at::isFloatingType(a.scalar_type()) ? a / b : at::div(a, b, "trunc")),
    BINARY("SquaredDifference", at::square(a - b)),
    BINARY("Sub", a - b),
    {"AddN", 1, kMaxInputs, 0,
     [](const Call& call) -> Tensors {
       Tensor sum = call.in[0].clone();
       for (size_t i = 1; i < call.in.size(); i++) sum.add_(call.in[i]);
       return {sum};
     }},
    // Attributes: dtype code.
    {"Cast", 1, 1, 1, [](const Call& call) -> Tensors { return {cast(call.in[0], typeOf(call.integer(0)))}; }},
    // Attributes: least, greatest.
    {"ClipByValue", 1, 1, 2,
     [](const Call& call) -> Tensors { return {call.in[0].clamp(call.number(0), call.number(1))}; }},
    // Attributes: slope below zero.
    {"LeakyRelu", 1, 1, 1,
     [](const Call& call) -> Tensors { return {at::leaky_relu(floats(call.in[0]), call.number(0))}; }},
    // Attributes: value at and below zero, times x.
    {"Step", 1, 1, 1,
     [](const Call& call) -> Tensors {
       const Tensor& x = call.in[0];
       return {at::where(x.isnan(), x, at::where(x > 0, at::ones_like(x), at::full_like(x, call.number(0))))};
     }},
    // Condition, values where it holds, values where not. A condition of rank 1 chooses whole rows.
    {"Select", 3, 3, 0,
     [](const Call& call) -> Tensors {
       Tensor condition = call.in[0].to(at::kBool);
       const Tensor& yes = call.in[1];
       if (condition.dim() == 1 && yes.dim() > 1) {
         std::vector<int64_t> shape(yes.dim(), 1);
         shape[0] = condition.size(0);
         condition = condition.reshape(shape);
       }
       return {at::where(condition, yes, call.in[2])};
     }},
};

#undef UNARY
#undef BINARY

}  // namespace
}  // namespace afterstate
