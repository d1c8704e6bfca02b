// One network prepared: its parameters and a chain for every number of images it is given. Used
// from the compute thread only.
#pragma once

#include <atomic>
#include <map>

#include "layers/chain.h"

namespace alexnet {

class Session {
 public:
  // Prepares the chain for the whole batch. `cancelled`: when it turns true, running work is given
  // up between two layers.
  Session(SessionDescription description, const std::atomic<bool>& cancelled);

  // `output`, written: the last layer's, canonical.
  void forward(const float* images, int64_t count, const Draw& draw, float* output);
  // `onFinal` is told the index of each parameter whose gradient is final.
  StepResult gradients(const float* images, const int32_t* labels, int64_t count,
                       const GradientOptions& options, const OnFinal& onFinal);
  void update(const UpdateOptions& options);
  double gradientNorm();
  // From the gradient of a layer's output in the last forward().
  void backward(int layer, const float* gradient, const BackwardOptions& options,
                const OnFinal& onFinal);
  void readActivation(int layer, float* out);
  void readActivationGradient(int layer, float* out);
  void readParameter(int index, Part part, float* out);
  void writeParameter(int index, Part part, const float* values);
  // Where a trained parameter's gradient lies, in the session's own layout.
  std::shared_ptr<const Buffer> gradientMemory(int index) {
    return parameter(index).gradientMemory();
  }
  size_t bytes() const;

 private:
  Chain& chainFor(int64_t count);
  Chain& last();
  Weights& parameter(int index) { return *shared_.parameters[static_cast<size_t>(index)]; }
  void enter() const;

  Shared shared_;
  std::map<int64_t, std::unique_ptr<Chain>> chains_;
  Chain* last_ = nullptr;  // whose activations are the newest
};

}  // namespace alexnet
