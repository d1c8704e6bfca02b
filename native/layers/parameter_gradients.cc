#include "layers/parameter_gradients.h"

#include "tiles/elementwise.h"

namespace alexnet {

namespace {
size_t rounded(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}
}  // namespace

ParameterGradients::ParameterGradients(Chain& chain, Weights& weight, const Desc& weightProduced,
                                       Weights& bias, const Desc& biasProduced)
    : chain_(chain) {
  size_t end = 0;
  const auto place = [&](Weights& weights, const Desc& produced) {
    const size_t offset = end, arranged = offset + rounded(produced.get_size());
    end = arranged + (produced == weights.storage() ? 0 : rounded(weights.storage().get_size()));
    return Target{
        .weights = &weights, .produced = produced, .offset = offset, .arrangedOffset = arranged};
  };
  targets_[0] = place(weight, weightProduced);
  targets_[1] = place(bias, biasProduced);
  bytes_ = end;
}

dnnl::memory ParameterGradients::at(const Desc& desc, size_t offset) {
  return dnnl::memory(desc, chain_.shared.engine,
                      static_cast<char*>(chain_.shared.added.data()) + offset);
}

void ParameterGradients::begin(std::unordered_map<int, dnnl::memory>& arguments) {
  if (!direct(targets_[0]) || !direct(targets_[1]))
    chain_.shared.reserve(chain_.shared.added, bytes_);
  const int names[] = {DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS};
  for (int i = 0; i < 2; i++) {
    const Target& target = targets_[i];
    arguments[names[i]] =
        direct(target) ? target.weights->gradient() : at(target.produced, target.offset);
  }
}

void ParameterGradients::finish() {
  for (Target& target : targets_) {
    if (!direct(target)) finish(target);
  }
}

void ParameterGradients::finish(Target& target) {
  dnnl::stream& stream = chain_.shared.stream;
  dnnl::memory from = at(target.produced, target.offset);
  dnnl::memory to = target.weights->gradient();
  if (!chain_.pass.accumulate) {
    dnnl::reorder(from, to).execute(stream, from, to);
    return;
  }
  if (target.produced != target.weights->storage()) {
    dnnl::memory arranged = at(target.weights->storage(), target.arrangedOffset);
    dnnl::reorder(from, arranged).execute(stream, from, arranged);
    from = arranged;
  }
  stream.wait();
  addTo(target.weights->values(Part::gradient), static_cast<const float*>(from.get_data_handle()),
        target.weights->elements());
}

}  // namespace alexnet
