// Softmax, (N, classes) → (N, classes), and the loss that trains through it: as src/engine/loss.ts,
// in double.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "layers/chain.h"
#include "tiles/elementwise.h"

namespace alexnet {

namespace {

struct Row {
  double largest, sum;
};

Row normaliser(const float* logits, int64_t classes) {
  double largest = -std::numeric_limits<double>::infinity();
  // A NaN must come through, as Math.max lets it.
  for (int64_t j = 0; j < classes; j++)
    largest = std::isnan(logits[j]) || logits[j] > largest ? logits[j] : largest;
  double sum = 0;
  for (int64_t j = 0; j < classes; j++) sum += std::exp(logits[j] - largest);
  return {largest, sum};
}

void softmax(const float* logits, int64_t count, int64_t classes, float* out) {
#pragma omp parallel for schedule(static) if (worthSharing(count * classes * 8))
  for (int64_t n = 0; n < count; n++) {
    const float* row = logits + n * classes;
    const Row whole = normaliser(row, classes);
    for (int64_t j = 0; j < classes; j++)
      out[n * classes + j] = static_cast<float>(std::exp(row[j] - whole.largest) / whole.sum);
  }
}

// How many classes stand before `label`; more than there are where its own value is no number.
int64_t labelRank(const float* values, int64_t classes, int64_t label) {
  const float own = values[label];
  if (std::isnan(own)) return std::numeric_limits<int64_t>::max();
  int64_t rank = 0;
  for (int64_t j = 0; j < classes; j++) rank += values[j] > own || (values[j] == own && j < label);
  return rank;
}

// Writes (p − t)/divisor and returns −Σ t·log p of one image.
double imageLoss(const float* logits, int64_t classes, int64_t label, double smoothing,
                 double divisor, float* gradient) {
  const Row whole = normaliser(logits, classes);
  const double logSum = whole.largest + std::log(whole.sum);
  const double everywhere = smoothing / static_cast<double>(classes);
  double loss = 0;
  for (int64_t j = 0; j < classes; j++) {
    const double logP = logits[j] - logSum;
    const double target = everywhere + (j == label ? 1 - smoothing : 0);
    if (target > 0) loss -= target * logP;
    gradient[j] = static_cast<float>((std::exp(logP) - target) / divisor);
  }
  return loss;
}

StepResult crossEntropy(const Pass& pass, const float* logits, int64_t count, int64_t classes,
                        float* gradient) {
  std::vector<double> losses(static_cast<size_t>(count));
  std::vector<int64_t> ranks(static_cast<size_t>(count));
#pragma omp parallel for schedule(static) if (worthSharing(count * classes * 8))
  for (int64_t n = 0; n < count; n++) {
    const float* row = logits + n * classes;
    losses[static_cast<size_t>(n)] = imageLoss(row, classes, pass.labels[n], pass.labelSmoothing,
                                               pass.divisor, gradient + n * classes);
    ranks[static_cast<size_t>(n)] = labelRank(row, classes, pass.labels[n]);
  }
  StepResult result;
  for (int64_t n = 0; n < count; n++) {
    result.lossSum += losses[static_cast<size_t>(n)];
    result.correct += ranks[static_cast<size_t>(n)] < 1;
    result.correct5 += ranks[static_cast<size_t>(n)] < 5;
  }
  return result;
}

// Of a network that begins with its logits, which are not for markBroken() to change.
Slot* copyOfLogits(Chain& chain, const Slot* given, const Desc& desc) {
  Slot* copy = chain.output(0, desc, DataType::f32);
  copy->life.death = std::max(copy->life.death, 1);
  chain.forwardWork(1).push_back([given, copy] {
    std::memcpy(copy->numbers<float>(), given->numbers<float>(), copy->desc.get_size());
  });
  return copy;
}

}  // namespace

void buildSoftmax(Chain& chain, int index) {
  auto& work = chain.forwardWork(index);
  const bool lasting = chain.hasBackward();
  const int64_t classes = chain.layer(index).output.channels;
  Slot* logits =
      chain.asPlain(chain.activation(index - 1), DataType::f32, lasting ? always : at(index), work);
  const Desc desc(chain.outputDims(index), DataType::f32, Tag::nchw);
  if (index == 1) logits = copyOfLogits(chain, logits, desc);
  Slot* output = chain.activation(index) = chain.output(index, desc, DataType::f32);
  work.push_back([&chain, logits, output, classes] {
    chain.markBroken(logits->numbers<float>(), classes);
    softmax(logits->numbers<float>(), chain.count, classes, output->numbers<float>());
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, desc, logits, classes] {
    Slot* below = chain.gradient(index - 1) = chain.gradientSlot(index - 1, desc, DataType::f32);
    chain.backwardWork(index).push_back([&chain, logits, below, classes] {
      chain.pass.result = crossEntropy(chain.pass, logits->numbers<float>(), chain.count, classes,
                                       below->numbers<float>());
    });
  };
}

}  // namespace alexnet
