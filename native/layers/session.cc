#include "layers/session.h"

#include <omp.h>

#include <cmath>
#include <stdexcept>

#include "tiles/elementwise.h"

namespace alexnet {

namespace {

// Chains for other numbers of images than the batch that are kept for the next time.
constexpr size_t maximumChains = 4;

bool hasParameters(const LayerDescription& layer) {
  return layer.parameter >= 0;
}

Desc canonicalWeight(const LayerDescription& layer) {
  const Dims dims = weightDims(layer);
  if (dims.size() == 2) return Desc(dims, DataType::f32, Tag::oi);
  return Desc(dims, DataType::f32, dims.size() == 4 ? Tag::oihw : Tag::goihw);
}

}  // namespace

Session::Session(SessionDescription description, const std::atomic<bool>& cancelled) {
  shared_.description = std::move(description);
  shared_.checkpoint = [&cancelled] {
    if (cancelled) throw std::runtime_error("The process is ending.");
  };
  enter();
  for (const LayerDescription& layer : shared_.description.layers) {
    if (!hasParameters(layer)) continue;
    shared_.parameters.push_back(std::make_unique<Weights>(shared_.engine, canonicalWeight(layer)));
    shared_.parameters.push_back(std::make_unique<Weights>(
        shared_.engine, Desc(Dims{layer.output.channels}, DataType::f32, Tag::x)));
  }
  chainFor(shared_.description.batch);
}

// The team of OpenMP belongs to the calling thread; another session may have set another size.
void Session::enter() const {
  omp_set_num_threads(shared_.description.threads);
}

Chain& Session::chainFor(int64_t count) {
  auto& chain = chains_[count];
  if (!chain) {
    try {
      chain = std::make_unique<Chain>(shared_, count);
    } catch (...) {
      chains_.erase(count);
      throw;
    }
    for (auto old = chains_.begin(); chains_.size() > maximumChains;) {
      const bool needed = old->first == count || old->first == shared_.description.batch ||
                          old->second.get() == last_;
      old = needed ? std::next(old) : chains_.erase(old);
    }
  }
  return *chains_[count];
}

Chain& Session::last() {
  if (last_ == nullptr) throw std::logic_error("nothing has been computed yet");
  return *last_;
}

void Session::forward(const float* images, int64_t count, const Draw& draw, float* output) {
  enter();
  Chain& chain = chainFor(count);
  last_ = &chain;
  Pass pass;
  pass.draw = draw;
  chain.forward(images, pass, output);
}

StepResult Session::gradients(const float* images, const int32_t* labels, int64_t count,
                              const GradientOptions& options, const OnFinal& onFinal) {
  enter();
  Chain& chain = chainFor(count);
  last_ = &chain;
  Pass pass;
  pass.draw = options.draw;
  pass.accumulate = options.accumulate;
  pass.labelSmoothing = options.labelSmoothing;
  pass.divisor = options.divisor;
  pass.labels = labels;
  return chain.gradients(images, pass, options.lowest, onFinal);
}

void Session::update(const UpdateOptions& options) {
  enter();
  for (const ParameterUpdate& each : options.parameters) {
    Weights& weights = parameter(each.index);
    const bool finite =
        updateParameters(weights.values(Part::value), weights.values(Part::velocity),
                         weights.values(Part::gradient), weights.elements(),
                         {.momentum = options.momentum,
                          .decay = each.rate * each.decay,
                          .gradient = each.rate * options.gradientScale});
    weights.changed(finite);
  }
}

double Session::gradientNorm() {
  enter();
  double sum = 0;
  for (const auto& weights : shared_.parameters) {
    if (weights->trained()) sum += squareSum(weights->values(Part::gradient), weights->elements());
  }
  return std::sqrt(sum);
}

void Session::backward(int layer, const float* gradient, const BackwardOptions& options,
                       const OnFinal& onFinal) {
  enter();
  last().backward(layer, gradient, options, onFinal);
}

void Session::readActivation(int layer, float* out) {
  enter();
  last().readActivation(layer, out);
}

void Session::readActivationGradient(int layer, float* out) {
  enter();
  last().readGradient(layer, out);
}

void Session::readParameter(int index, Part part, float* out) {
  enter();
  parameter(index).read(part, out, shared_.stream);
}

void Session::writeParameter(int index, Part part, const float* values) {
  enter();
  parameter(index).write(part, values, shared_.stream);
}

size_t Session::bytes() const {
  size_t sum = shared_.bytes();
  for (const auto& [count, chain] : chains_) sum += chain->bytes();
  return sum;
}

}  // namespace alexnet
