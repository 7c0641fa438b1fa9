// The decoder, as one writes it in PyTorch: B sequences, T positions, D model width, H heads of queries, K of keys and
// values, S head size. Matrices are [inputs, outputs] and queries, keys and values one of them, as in Afterstate.
#pragma once

#include "task.h"

#include <cmath>

using torch::Tensor;
using torch::indexing::None;
using torch::indexing::Slice;

// Of one layer, both [B, K, capacity, S]; filled up to the position that is decoded.
struct Cache {
  Tensor keys, values;
};

class Model {
 public:
  explicit Model(const Task& task)
      : layers(task["layers"]), heads(task["heads"]), kvHeads(task["kvHeads"]), headSize(task["headSize"]),
        tiedHead(task["tiedHead"] != 0), epsilon(task.numbers.at("normEpsilon")) {
    for (const auto& [name, values] : task.parameters) named[name] = values.requires_grad_();
    const int64_t positions = std::max(task["time"], task["promptTokens"] + task["newTokens"]);
    const Tensor exponents = torch::arange(0, headSize, 2, torch::kDouble) / static_cast<double>(headSize);
    const Tensor frequencies = torch::pow(task.numbers.at("ropeBase"), -exponents);
    const Tensor angles = torch::outer(torch::arange(positions, torch::kDouble), frequencies);
    // Half-split: dimension i turns with i + S / 2, by the same angle.
    const Tensor both = torch::cat({angles, angles}, 1);
    cos = both.cos().to(torch::kFloat);
    sin = both.sin().to(torch::kFloat);
    later = torch::full({positions, positions}, -INFINITY).triu(1);
  }

  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all;
    for (const auto& [name, values] : named) all.push_back(values);
    return all;
  }

  // tokens [B, T] to hidden states [B, T, D] after the last norm. With a cache, `from` positions are in it already.
  Tensor hidden(const Tensor& tokens, std::vector<Cache>* caches = nullptr, int64_t from = 0) const {
    Tensor x = torch::embedding(named.at("embedding"), tokens);
    for (int64_t layer = 0; layer < layers; layer++) {
      const std::string name = "layers." + std::to_string(layer);
      const auto of = [&](const char* part) -> const Tensor& { return named.at(name + "." + part); };
      x = x + attention(norm(x, of("attention.norm")), of("attention.qkv"), of("attention.out"),
                        caches ? &(*caches)[layer] : nullptr, from);
      const Tensor y = norm(x, of("feedforward.norm"));
      const Tensor gated = torch::silu(torch::matmul(y, of("feedforward.gate"))) * torch::matmul(y, of("feedforward.up"));
      x = x + torch::matmul(gated, of("feedforward.down"));
    }
    return norm(x, named.at("norm"));
  }

  Tensor logits(const Tensor& hidden) const {
    return torch::matmul(hidden, tiedHead ? named.at("embedding").t() : named.at("head"));
  }

  std::vector<Cache> emptyCaches(int64_t batch, int64_t capacity) const {
    std::vector<Cache> caches;
    for (int64_t layer = 0; layer < layers; layer++)
      caches.push_back({torch::empty({batch, kvHeads, capacity, headSize}), torch::empty({batch, kvHeads, capacity, headSize})});
    return caches;
  }

 private:
  Tensor norm(const Tensor& x, const Tensor& weight) const {
    return x * torch::rsqrt(x.pow(2).mean(-1, true) + epsilon) * weight;
  }

  // x [B, heads, T, S], whose first position is `from`.
  Tensor rotate(const Tensor& x, int64_t from) const {
    const auto halves = x.chunk(2, -1);
    const Slice span(from, from + x.size(2));
    return x * cos.index({span}) + torch::cat({-halves[1], halves[0]}, -1) * sin.index({span});
  }

  Tensor attention(const Tensor& x, const Tensor& qkv, const Tensor& out, Cache* cache, int64_t from) const {
    const int64_t batch = x.size(0), time = x.size(1), until = from + time;
    const auto all = torch::matmul(x, qkv).view({batch, time, heads + 2 * kvHeads, headSize}).transpose(1, 2);
    const auto parts = all.split_with_sizes({heads, kvHeads, kvHeads}, 1);
    const Tensor q = rotate(parts[0], from);
    Tensor k = rotate(parts[1], from), v = parts[2];
    if (cache) {
      cache->keys.index_put_({Slice(), Slice(), Slice(from, until)}, k);
      cache->values.index_put_({Slice(), Slice(), Slice(from, until)}, v);
      k = cache->keys.index({Slice(), Slice(), Slice(0, until)});
      v = cache->values.index({Slice(), Slice(), Slice(0, until)});
    }
    if (heads != kvHeads) {
      // Each head of keys beside the queries that share it.
      const auto repeat = [&](const Tensor& part) {
        return part.unsqueeze(2).expand({batch, kvHeads, heads / kvHeads, until, headSize}).reshape({batch, heads, until, headSize});
      };
      k = repeat(k);
      v = repeat(v);
    }
    Tensor scores = torch::matmul(q, k.transpose(2, 3)) * (1 / std::sqrt(static_cast<double>(headSize)));
    if (time > 1) scores = scores + later.index({Slice(from, until), Slice(0, until)});
    const Tensor attended = torch::matmul(torch::softmax(scores, -1), v);
    return torch::matmul(attended.transpose(1, 2).reshape({batch, time, heads * headSize}), out);
  }

  int64_t layers, heads, kvHeads, headSize;
  bool tiedHead;
  double epsilon;
  std::map<std::string, Tensor> named;
  Tensor cos, sin;  // [positions, S]
  Tensor later;     // [positions, positions]: 0, and -infinity where the key comes after the query
};
