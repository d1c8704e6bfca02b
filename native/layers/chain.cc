#include "layers/chain.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "tiles/elementwise.h"

namespace alexnet {

namespace {

using Builder = void (*)(Chain&, int);

Builder builderOf(LayerType type) {
  switch (type) {
    case LayerType::convolution:
      return buildConvolution;
    case LayerType::dense:
      return buildDense;
    case LayerType::relu:
      return buildRelu;
    case LayerType::tanh:
      return buildTanh;
    case LayerType::lrn:
      return buildLrn;
    case LayerType::maxPool:
    case LayerType::averagePool:
      return buildPool;
    case LayerType::adaptiveAveragePool:
      return buildAdaptivePool;
    case LayerType::dropout:
      return buildDropout;
    case LayerType::softmax:
      return buildSoftmax;
    case LayerType::input:
      break;
  }
  throw std::logic_error("the input layer comes first and computes nothing");
}

// By Stage, for errors.
constexpr const char* stageNames[] = {"forward", "gradients of the parameters", "backward"};

}  // namespace

Chain::Chain(Shared& shared, int64_t count)
    : shared(shared),
      count(count),
      activations_(shared.description.layers.size()),
      gradients_(activations_.size()),
      forwardWork_(activations_.size()),
      backwardWork_(activations_.size()),
      gradientWork_(activations_.size()),
      seconds_(activations_.size()),
      builders_(activations_.size()) {
  build();
  ensureFits(arena_.plan());
  arena_.bind(shared.engine);
}

// Nothing has been written yet, so that too large a plan costs nothing.
void Chain::ensureFits(size_t bytes) const {
  const double limit = shared.description.memoryLimit, fixed = static_cast<double>(shared.bytes()),
               needed = fixed + static_cast<double>(bytes);
  if (limit == 0 || needed <= limit) return;
  const int64_t largest = static_cast<int64_t>(
      (limit - fixed) / (static_cast<double>(bytes) / static_cast<double>(count)));
  char text[256];
  std::snprintf(
      text, sizeof text, "A batch of %lld needs %.1f GB but %.1f GB of memory are free. %s%s",
      static_cast<long long>(count), needed / 1e9, limit / 1e9,
      largest > 0 ? "The largest batch that fits is about " : "Not even a single image fits",
      largest > 0 ? (std::to_string(largest) + ".").c_str() : ".");
  throw std::runtime_error(text);
}

void Chain::build() {
  const Dims dims = outputDims(0);
  images_ = activation(0) =
      arena_.external(Desc(dims, DataType::f32, Tag::nchw), dims, DataType::f32);
  if (layer(0).kept) {
    activation(0) = output(0, images_->desc, DataType::f32);
    forwardWork(0).push_back([this] {
      std::memcpy(activation(0)->memory.get_data_handle(), images_->memory.get_data_handle(),
                  images_->desc.get_size());
    });
  }
  for (int index = 1; index < layers(); index++) {
    Slot* input = activation(index - 1);
    input->life.death = std::max(input->life.death, index);
    named(index, "preparing forward", [&] { builderOf(layer(index).type)(*this, index); });
  }
  if (!hasBackward()) return;
  const int last = layers() - 1;
  if (layer(last).type != LayerType::softmax)
    gradient(last) = gradientSlot(last, activation(last)->desc, activation(last)->type);
  for (int index = last; index > 0; index--) {
    named(index, "preparing backward", builders_[static_cast<size_t>(index)]);
    Slot* below = gradient(index - 1);
    below->life.death = std::max(below->life.death, backwardTime(index - 1));
  }
}

Dims Chain::inputDims(int index) const {
  return mapDims(count, layer(index).input);
}
Dims Chain::outputDims(int index) const {
  return mapDims(count, layer(index).output);
}

Slot* Chain::output(int index, const Desc& desc, DataType type) {
  const bool lasting = hasBackward() || layer(index).kept;
  return arena_.slot(desc, outputDims(index), type, lasting ? always : at(index));
}

Slot* Chain::gradientSlot(int index, const Desc& desc, DataType type) {
  const Life passing{.birth = backwardTime(index + 1), .death = backwardTime(index)};
  return arena_.slot(desc, outputDims(index), type, layer(index).kept ? always : passing);
}

Slot* Chain::inPlaceOrNew(int index, Slot* input) {
  const bool mine = input != activation(index - 1);
  // Unlike ReLU's, tanh's backward needs its output's very numbers.
  const bool needed = layer(index - 1).kept || index == 1 ||
                      (hasBackward() && layer(index - 1).type == LayerType::tanh);
  if (!mine && needed) return output(index, input->desc, input->type);
  return inPlace(index, input);
}

Slot* Chain::inPlace(int index, Slot* input) {
  if (layer(index).kept || hasBackward()) input->life = always;
  return input;
}

Slot* Chain::gradientInPlaceOrNew(int index, Slot* slot) {
  if (slot == gradient(index) && layer(index).kept)
    return gradientSlot(index - 1, slot->desc, slot->type);
  if (layer(index - 1).kept) slot->life = always;
  return slot;
}

bool Chain::fusesRelu(int index) const {
  return !isLast(index) && layer(index + 1).type == LayerType::relu && !layer(index).kept;
}

Slot* Chain::as(Slot* slot, const Desc& wanted, DataType type, const Life& life,
                std::vector<Work>& work) {
  if (slot->desc == wanted) return slot;
  Slot* copy = arena_.slot(wanted, slot->dims, type, life);
  const dnnl::reorder reorder(
      dnnl::reorder::primitive_desc(shared.engine, slot->desc, shared.engine, wanted));
  work.push_back(
      [this, reorder, slot, copy] { reorder.execute(shared.stream, slot->memory, copy->memory); });
  return copy;
}

Slot* Chain::asPlain(Slot* slot, DataType type, const Life& life, std::vector<Work>& work) {
  return as(slot, Desc(slot->dims, type, Tag::nchw), type, life, work);
}

Slot* Chain::asKnown(Slot* slot, const Life& life, std::vector<Work>& work) {
  return slot->layout() ? slot : asPlain(slot, slot->type, life, work);
}

dnnl::primitive_attr Chain::attributes(bool relu) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops ops;
    appendRelu(ops);
    attr.set_post_ops(ops);
  }
  return attr;
}

dnnl::memory Chain::scratchpad(const Desc& desc) {
  const size_t bytes = desc.get_size();
  return dnnl::memory(desc, shared.engine,
                      bytes == 0 ? DNNL_MEMORY_NONE : shared.reserve(shared.scratchpad, bytes));
}

// Runs `body`; whatever it throws comes out with the layer's name.
void Chain::named(int index, const char* what, const std::function<void()>& body) const {
  const auto prefix = [&] { return "Layer \"" + layer(index).name + "\", " + what + ": "; };
  try {
    body();
  } catch (const dnnl::error& error) {
    throw std::runtime_error(prefix() + "oneDNN says \"" + error.message + "\" (status " +
                             std::to_string(static_cast<int>(error.status)) + ").");
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(prefix() + "there is not enough memory.");
  }
}

const std::vector<Work>& Chain::workOf(int index, Stage stage) {
  switch (stage) {
    case Stage::forward:
      return forwardWork(index);
    case Stage::gradients:
      return gradientWork(index);
    default:
      return backwardWork(index);
  }
}

void Chain::run(int index, Stage stage) {
  const std::vector<Work>& work = workOf(index, stage);
  if (work.empty()) return;
  shared.checkpoint();
  const auto start = std::chrono::steady_clock::now();
  named(index, stageNames[static_cast<size_t>(stage)], [&] {
    for (const Work& piece : work) piece();
    shared.stream.wait();
  });
  seconds_[static_cast<size_t>(index)][static_cast<size_t>(stage)] +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Chain::~Chain() {
  if (std::getenv("ALEXNET_ONEDNN_TIMES") == nullptr || calls_ == 0) return;
  std::fprintf(stderr,
               "milliseconds a call, %lld images, %d calls:    forward  parameters    backward\n",
               static_cast<long long>(count), calls_);
  for (int index = 0; index < layers(); index++) {
    const auto& [forward, gradients, backward] = seconds_[static_cast<size_t>(index)];
    std::fprintf(stderr, "%-30s %20.3f %11.3f %11.3f\n", layer(index).name.c_str(),
                 1e3 * forward / calls_, 1e3 * gradients / calls_, 1e3 * backward / calls_);
  }
}

void Chain::forwardLayers() {
  calls_++;
  for (int index = 0; index < layers(); index++) run(index, Stage::forward);
}

// From the gradient of layer `from`'s output, which is there, to that of layer `lowest`'s.
void Chain::backwardLayers(int from, int lowest, bool parameters, const OnFinal& onFinal) {
  for (int index = from; index >= std::max(1, lowest); index--) {
    if (parameters && layer(index).parameter >= 0 && trains(index)) {
      run(index, Stage::gradients);
      onFinal(layer(index).parameter);
      onFinal(layer(index).parameter + 1);
    }
    if (index > lowest) run(index, Stage::backward);
  }
}

void Chain::forward(const float* images, const Pass& given, float* output) {
  pass = given;
  if (hasBackward()) {
    if (imageCopy_.bytes() == 0) imageCopy_ = Buffer(images_->desc.get_size());
    std::memcpy(imageCopy_.data(), images, imageCopy_.bytes());
    images = imageCopy_.floats();
  }
  images_->memory.set_data_handle(const_cast<float*>(images));
  forwardLayers();
  const int last = layers() - 1;
  readActivation(last, output);
  if (layer(last).type != LayerType::softmax) markBroken(output, layer(last).output.volume());
}

StepResult Chain::gradients(const float* images, const Pass& given, int lowest,
                            const OnFinal& onFinal) {
  pass = given;
  images_->memory.set_data_handle(const_cast<float*>(images));
  forwardLayers();
  run(layers() - 1, Stage::backward);
  backwardLayers(layers() - 2, lowest, true, onFinal);
  return pass.result;
}

void Chain::backward(int from, const float* canonical, const BackwardOptions& options,
                     const OnFinal& onFinal) {
  pass.rule = options.rule;
  pass.accumulate = options.accumulate;
  Slot* start = gradient(from);
  dnnl::memory given(Desc(start->dims, DataType::f32, Tag::nchw), shared.engine,
                     const_cast<float*>(canonical));
  dnnl::reorder(given, start->memory).execute(shared.stream, given, start->memory);
  shared.stream.wait();
  backwardLayers(from, options.lowest, options.parameters, onFinal);
}

void Chain::markBroken(float* outputs, int64_t size) const {
  bool sound = true;
  for (const auto& weights : shared.parameters) sound = sound && weights->finite();
  const float* images = images_->numbers<float>();
  const int64_t imageSize = layer(0).output.volume();
#pragma omp parallel for schedule(static) if (worthSharing(count * imageSize / 16))
  for (int64_t n = 0; n < count; n++) {
    if (sound && allFinite(images + n * imageSize, imageSize)) continue;
    std::fill_n(outputs + n * size, size, std::numeric_limits<float>::quiet_NaN());
  }
}

void Chain::read(Slot* slot, float* canonical) {
  dnnl::memory out(Desc(slot->dims, DataType::f32, Tag::nchw), shared.engine, canonical);
  dnnl::reorder(slot->memory, out).execute(shared.stream, slot->memory, out);
  shared.stream.wait();
}

void Chain::readActivation(int index, float* canonical) {
  read(activation(index), canonical);
}

void Chain::readGradient(int index, float* canonical) {
  read(gradient(index), canonical);
}

size_t Chain::bytes() const {
  return arena_.bytes() + imageCopy_.bytes();
}

}  // namespace alexnet
