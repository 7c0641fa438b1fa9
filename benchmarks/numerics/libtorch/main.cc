// Pure libtorch as a program under measurement (../program.ts): the same model and the same step as Afterstate's, without
// it. `libtorch-peer DIRECTORY`, on one thread.
#include "model.h"

#include <iostream>

namespace {

std::string list(const std::vector<double>& values) {
  std::ostringstream text;
  text.precision(9);
  for (size_t i = 0; i < values.size(); i++) text << (i ? "," : "") << values[i];
  return "[" + text.str() + "]";
}

// Of the whole gradient, summed in double precision: libtorch's own sum is good for four digits of ten million.
double exactNorm(const Model& model) {
  double squares = 0;
  for (const Tensor& parameter : model.parameters()) squares += parameter.grad().to(torch::kDouble).square().sum().item<double>();
  return std::sqrt(squares);
}

// Forward, cross-entropy, backward, clip of the global norm to 1, AdamW.
std::string train(const Task& task, const Model& model, torch::optim::AdamW& optimizer, int64_t steps, bool exact) {
  std::vector<double> losses, norms;
  const Tensor inputs = task.training.index({Slice(), Slice(None, -1)}).contiguous();
  const Tensor targets = task.training.index({Slice(), Slice(1, None)}).reshape(-1);
  for (int64_t step = 0; step < steps; step++) {
    optimizer.zero_grad();
    const Tensor logits = model.logits(model.hidden(inputs));
    const Tensor loss = torch::nn::functional::cross_entropy(logits.view({targets.size(0), -1}), targets);
    loss.backward();
    const double norm = exact ? exactNorm(model) : 0;
    const double clipped = torch::nn::utils::clip_grad_norm_(model.parameters(), 1.0);
    norms.push_back(exact ? norm : clipped);
    optimizer.step();
    losses.push_back(loss.item<double>());
  }
  return "\"losses\":" + list(losses) + ",\"gradientNorms\":" + list(norms);
}

// Greedy, with the log-probability of each choice, as a policy needs it.
std::string decode(const Task& task, const Model& model, int64_t batch, int64_t first) {
  const torch::NoGradGuard guard;
  const int64_t promptTokens = task["promptTokens"], newTokens = task["newTokens"];
  std::vector<Cache> caches = model.emptyCaches(batch, promptTokens + newTokens);
  Tensor input = task.prompts.index({Slice(first, first + batch)});
  std::vector<Tensor> tokens, logprobs;
  int64_t from = 0;
  for (int64_t i = 0; i < newTokens; i++) {
    const Tensor last = model.hidden(input, &caches, from).index({Slice(), -1});
    from += input.size(1);
    const auto [best, token] = torch::log_softmax(model.logits(last), -1).max(-1);
    tokens.push_back(token);
    logprobs.push_back(best);
    input = token.unsqueeze(1);
  }
  const Tensor all = torch::stack(tokens, 1);
  torch::stack(logprobs, 1);
  std::string text;
  for (int64_t b = 0; b < batch; b++) {
    text += b ? ",[" : "[";
    for (int64_t i = 0; i < newTokens; i++) text += (i ? "," : "") + std::to_string(all[b][i].item<int64_t>());
    text += "]";
  }
  return "\"tokens\":[" + text + "]";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: libtorch-peer DIRECTORY\n";
    return 2;
  }
  torch::set_num_threads(1);
  // As it would be after an import in Python: the library is there, no model.
  torch::ones({1}).sum().item<float>();
  const int64_t runtimeBytes = statusBytes("VmRSS:");
  const Task task = readTask(argv[1]);
  const Model model(task);
  torch::optim::AdamW optimizer(
      model.parameters(),
      torch::optim::AdamWOptions(task.numbers.at("learningRate")).betas({0.9, 0.98}).eps(1e-8).weight_decay(0));
  std::cout << "{\"ready\":\"libtorch " << TORCH_VERSION << " from C++\",\"runtimeBytes\":" << runtimeBytes << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    int64_t count = 1, first = 0;
    words >> command >> count >> first;
    const double wall = wallSeconds(), cpu = cpuSeconds();
    const std::string result =
        command == "decode" ? decode(task, model, count, first) : train(task, model, optimizer, count, command == "check");
    std::cout << "{\"seconds\":" << wallSeconds() - wall << ",\"cpuSeconds\":" << cpuSeconds() - cpu
              << ",\"peakBytes\":" << statusBytes("VmHWM:") << "," << result << "}" << std::endl;
  }
}
