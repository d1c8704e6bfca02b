// The network for one number of images: every primitive, every activation's memory, the order of
// work forward and backward.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/description.h"
#include "base/dims.h"
#include "layers/weights.h"

namespace alexnet {

// What the chains of one session share: description, parameters, scratch.
struct Shared {
  SessionDescription description;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<std::unique_ptr<Weights>> parameters;
  // oneDNN's scratchpad, and room for gradients that are to be added to others: as large as the
  // largest user wants.
  Buffer scratchpad, added;
  // Called before each layer's work; throws to give it up.
  std::function<void()> checkpoint = [] {};

  void* reserve(Buffer& buffer, size_t bytes) {
    if (buffer.bytes() < bytes) buffer = Buffer(bytes);
    return buffer.data();
  }
  // Of parameters and scratch.
  size_t bytes() const {
    size_t sum = scratchpad.bytes() + added.bytes();
    for (const auto& weights : parameters) sum += weights->bytes();
    return sum;
  }
};

// What changes from call to call.
struct Pass {
  Draw draw;
  ReluRule rule = ReluRule::plain;
  bool accumulate = false;
  double labelSmoothing = 0, divisor = 1;
  const int32_t* labels = nullptr;
  StepResult result;  // out
};

using Work = std::function<void()>;
// Told the index of a parameter whose gradient is final.
using OnFinal = std::function<void(int)>;

class Chain {
 public:
  Chain(Shared& shared, int64_t count);
  // With ALEXNET_ONEDNN_TIMES in the environment it tells standard error where the time went.
  ~Chain();

  // All layers forward; `output`, written, is the last one's, canonical.
  void forward(const float* images, const Pass& pass, float* output);
  // Forward, and from the loss backward to the gradient of layer `lowest`'s output.
  StepResult gradients(const float* images, const Pass& pass, int lowest, const OnFinal& onFinal);
  // From the gradient of a layer's output, canonical, backward to that of `options.lowest`'s.
  void backward(int layer, const float* gradient, const BackwardOptions& options,
                const OnFinal& onFinal);
  void readActivation(int layer, float* canonical);
  void readGradient(int layer, float* canonical);
  size_t bytes() const;

  // For the layers' files, while the chain is built: each appends its own work.
  Shared& shared;
  const int64_t count;
  Pass pass;

  const LayerDescription& layer(int index) const {
    return shared.description.layers[static_cast<size_t>(index)];
  }
  int layers() const { return static_cast<int>(shared.description.layers.size()); }
  bool hasBackward() const { return shared.description.mode != Mode::inference; }
  bool training() const { return shared.description.mode == Mode::training; }
  // Whether gradients of layer index's parameters are computed.
  bool trains(int index) const { return training() && !layer(index).frozen; }
  DataType numbers() const { return shared.description.bf16 ? DataType::bf16 : DataType::f32; }
  Dims inputDims(int index) const;
  Dims outputDims(int index) const;
  int backwardTime(int index) const { return 2 * layers() - index; }

  Slot*& activation(int index) { return activations_[static_cast<size_t>(index)]; }
  Slot*& gradient(int index) { return gradients_[static_cast<size_t>(index)]; }
  // A place for layer index's output, alive as long as it is needed.
  Slot* output(int index, const Desc& desc, DataType type);
  // A place for the gradient of layer index's output.
  Slot* gradientSlot(int index, const Desc& desc, DataType type);
  // The input's own place where layer index may overwrite it with its output, else a new one like
  // it.
  Slot* inPlaceOrNew(int index, Slot* input);
  Slot* inPlace(int index, Slot* input);
  // The same for gradients: `gradient` of layer index's output (or a copy of it) becomes that of
  // its input.
  Slot* gradientInPlaceOrNew(int index, Slot* gradient);
  bool isLast(int index) const { return index + 1 == layers(); }
  // Makes the outputs (count, size) of images that are no numbers NaN, and all of them where a
  // parameter is none: oneDNN's ReLU and max-pooling take what is no number for 0 or pass it over.
  void markBroken(float* outputs, int64_t size) const;
  // Whether a ReLU right above layer index may be part of it.
  bool fusesRelu(int index) const;
  // `slot` as `wanted`: itself, or a copy that `work` makes first, which lives for `life`.
  Slot* as(Slot* slot, const Desc& wanted, DataType type, const Life& life,
           std::vector<Work>& work);
  // The same in plain f32 or bf16, or in whatever layout our own loops understand.
  Slot* asPlain(Slot* slot, DataType type, const Life& life, std::vector<Work>& work);
  Slot* asKnown(Slot* slot, const Life& life, std::vector<Work>& work);

  dnnl::primitive_attr attributes(bool relu = false);
  dnnl::memory scratchpad(const Desc& desc);
  Weights& weights(int index, int offset = 0) {
    return *shared.parameters[static_cast<size_t>(layer(index).parameter + offset)];
  }

  std::vector<Work>& forwardWork(int index) { return forwardWork_[static_cast<size_t>(index)]; }
  std::vector<Work>& backwardWork(int index) { return backwardWork_[static_cast<size_t>(index)]; }
  std::vector<Work>& gradientWork(int index) { return gradientWork_[static_cast<size_t>(index)]; }
  // Called when gradient(index) is known, from the top layer down: sets gradient(index − 1) and
  // fills backwardWork(index) and gradientWork(index).
  std::function<void()>& buildBackward(int index) { return builders_[static_cast<size_t>(index)]; }

 private:
  void build();
  void ensureFits(size_t bytes) const;
  void named(int index, const char* what, const std::function<void()>& body) const;
  enum class Stage { forward, gradients, backward };
  const std::vector<Work>& workOf(int index, Stage stage);
  void run(int index, Stage stage);
  void read(Slot* slot, float* canonical);

  Arena arena_;
  void forwardLayers();
  void backwardLayers(int from, int lowest, bool parameters, const OnFinal& onFinal);

  Slot* images_ = nullptr;  // the caller's own memory, or in imageCopy_
  Buffer imageCopy_;        // for a backward() that comes when the caller has changed them
  std::vector<Slot*> activations_, gradients_;
  std::vector<std::vector<Work>> forwardWork_, backwardWork_, gradientWork_;
  std::vector<std::array<double, 3>> seconds_;  // by layer and stage, all calls together
  int calls_ = 0;
  std::vector<std::function<void()>> builders_;
};

// One file per layer: each reads activation(index − 1), sets activation(index) and, where there is
// a backward pass, buildBackward(index).
void buildConvolution(Chain& chain, int index);
void buildDense(Chain& chain, int index);
void buildRelu(Chain& chain, int index);
void buildTanh(Chain& chain, int index);
void buildLrn(Chain& chain, int index);
void buildPool(Chain& chain, int index);
void buildAdaptivePool(Chain& chain, int index);
void buildDropout(Chain& chain, int index);
// Its backward pass starts at the loss: cross-entropy in chain.pass.result, its gradient in
// gradient(index − 1).
void buildSoftmax(Chain& chain, int index);

}  // namespace alexnet
