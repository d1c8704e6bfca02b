// Where a backward-weights primitive writes: the gradients themselves, or, where those have another
// layout or are to be added to, a scratch that finish() brings there.
#pragma once

#include <unordered_map>

#include "layers/chain.h"

namespace alexnet {

class ParameterGradients {
 public:
  // The layouts that the primitive produces.
  ParameterGradients(Chain& chain, Weights& weight, const Desc& weightProduced, Weights& bias,
                     const Desc& biasProduced);
  void begin(std::unordered_map<int, dnnl::memory>& arguments);
  void finish();

 private:
  struct Target {
    Weights* weights;
    Desc produced;
    size_t offset, arrangedOffset;  // in the scratch: as produced, and in the gradient's layout
  };
  bool direct(const Target& target) const {
    return target.produced == target.weights->storage() && !chain_.pass.accumulate;
  }
  dnnl::memory at(const Desc& desc, size_t offset);
  void finish(Target& target);

  Chain& chain_;
  Target targets_[2];
  size_t bytes_;
};

}  // namespace alexnet
