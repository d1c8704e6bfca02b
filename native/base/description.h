// What a session is to be, as JavaScript described it: plain structs that any thread may read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alexnet {

enum class LayerType {
  input,
  convolution,
  relu,
  tanh,
  lrn,
  maxPool,
  averagePool,
  adaptiveAveragePool,
  dense,
  dropout,
  softmax
};
enum class Mode { inference, inspection, training };
enum class ReluRule { plain, deconvnet, guided };
enum class Part { value, gradient, velocity };

// Channels, height, width.
struct Shape {
  int64_t channels = 0, height = 0, width = 0;
  int64_t volume() const { return channels * height * width; }
};

struct LayerDescription {
  LayerType type;
  std::string name;
  Shape input, output;
  int64_t kernel[2] = {1, 1}, stride[2] = {1, 1};
  // Leading and trailing: top and left, bottom and right; resolved, so that the last window ends
  // exactly there. Trailing may be negative.
  int64_t before[2] = {0, 0}, after[2] = {0, 0};
  int64_t groups = 1;
  // LRN: b = a / (k + alpha·Σ a²)^beta over `size` channels, or size×size places of the same map.
  bool acrossChannels = true;
  int64_t size = 0;
  float alpha = 0, beta = 0, k = 0;
  // Dropout: words below `threshold` drop; `ordinal` is the layer's place among the dropout layers.
  double rate = 0;
  bool scaleInTraining = false;
  uint32_t threshold = 0;
  uint32_t ordinal = 0;
  bool kept = false;
  bool frozen = false;
  // Position of the weight among all parameters (the bias follows it); -1 where there is none.
  int parameter = -1;
};

struct SessionDescription {
  std::vector<LayerDescription> layers;
  int64_t batch = 1;
  Mode mode = Mode::inference;
  bool bf16 = false;
  int threads = 1;
  // Memory that may be used, in bytes; 0: no limit known.
  double memoryLimit = 0;
};

struct Draw {
  bool present = false;
  uint64_t seed = 0;
  uint32_t step = 0;
  uint64_t firstImage = 0;
};

struct GradientOptions {
  Draw draw;
  double labelSmoothing = 0;
  double divisor = 1;
  bool accumulate = false;
  // The lowest layer whose output's gradient is wanted.
  int lowest = 0;
};

struct BackwardOptions {
  ReluRule rule = ReluRule::plain;
  // Whether the parameters' gradients are filled too, and whether they are added to.
  bool parameters = false;
  bool accumulate = false;
  int lowest = 0;
};

struct StepResult {
  double lossSum = 0;
  int64_t correct = 0, correct5 = 0;
};

struct ParameterUpdate {
  int index;
  float rate, decay;
};

struct UpdateOptions {
  float momentum = 0, gradientScale = 1;
  std::vector<ParameterUpdate> parameters;
};

}  // namespace alexnet
