// What a task's directory holds (../task.ts), and the clocks.
#pragma once

#include <torch/torch.h>

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Task {
  std::map<std::string, double> numbers;
  std::vector<std::pair<std::string, torch::Tensor>> parameters;
  torch::Tensor training;  // [sequences, time + 1]
  torch::Tensor prompts;   // [prompts, promptTokens]

  int64_t operator[](const std::string& key) const { return static_cast<int64_t>(numbers.at(key)); }
};

inline std::ifstream openFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return file;
}

inline torch::Tensor readTokens(const std::string& path, int64_t width) {
  std::ifstream file = openFile(path);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const int64_t rows = static_cast<int64_t>(bytes.size()) / 4 / width;
  return torch::from_blob(const_cast<char*>(bytes.data()), {rows, width}, torch::kInt).to(torch::kLong);
}

inline Task readTask(const std::string& directory) {
  Task task;
  std::ifstream text = openFile(directory + "/task.txt");
  std::ifstream weights = openFile(directory + "/weights.f32");
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key != "parameter") {
      words >> task.numbers[key];
      continue;
    }
    std::string name;
    words >> name;
    std::vector<int64_t> shape;
    for (int64_t size; words >> size;) shape.push_back(size);
    torch::Tensor values = torch::empty(shape);
    weights.read(static_cast<char*>(values.data_ptr()), 4 * values.numel());
    if (!weights) throw std::runtime_error("weights.f32 ends early");
    task.parameters.emplace_back(name, values);
  }
  task.training = readTokens(directory + "/train.i32", task["time"] + 1);
  task.prompts = readTokens(directory + "/prompts.i32", task["promptTokens"]);
  return task;
}

inline double wallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of the process, all threads.
inline double cpuSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Bytes of a line of /proc/self/status: "VmHWM:" or "VmRSS:".
inline int64_t statusBytes(const std::string& wanted) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(wanted, 0) == 0) return 1024 * std::stoll(line.substr(wanted.size()));
  }
  return 0;
}
