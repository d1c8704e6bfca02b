#include "layers/weights.h"

#include "tiles/elementwise.h"

namespace alexnet {

void Weights::settle(const Desc& storage, bool trained) {
  storage_ = storage;
  trained_ = trained;
  settled_ = true;
  const size_t size = storage_.get_size();
  valueBuffer_ = Buffer(size);
  value_ = dnnl::memory(storage_, engine_, valueBuffer_.data());
  if (trained) {
    gradientBuffer_ = std::make_shared<Buffer>(size);
    gradient_ = dnnl::memory(storage_, engine_, gradientBuffer_->data());
    velocityBuffer_ = Buffer(size);
    velocity_ = dnnl::memory(storage_, engine_, velocityBuffer_.data());
  }
  master_.desc = storage_;
  master_.memory = value_;
}

Weights::Copy* Weights::copy(const Desc& wanted) {
  if (wanted == storage_) return &master_;
  for (const auto& copy : copies_) {
    if (copy->desc == wanted) return copy.get();
  }
  auto copy = std::make_unique<Copy>();
  copy->desc = wanted;
  copy->buffer = Buffer(wanted.get_size());
  copy->memory = dnnl::memory(wanted, engine_, copy->buffer.data());
  copy->reorder = dnnl::reorder(value_, copy->memory);
  copies_.push_back(std::move(copy));
  return copies_.back().get();
}

dnnl::memory& Weights::fresh(Copy* copy, dnnl::stream& stream) {
  if (copy != &master_ && copy->version != version_) {
    copy->reorder.execute(stream, value_, copy->memory);
    copy->version = version_;
  }
  return copy->memory;
}

const dnnl::memory& Weights::part(Part part) const {
  if (part == Part::gradient) return gradient_;
  return part == Part::velocity ? velocity_ : value_;
}

float* Weights::values(Part which) const {
  return static_cast<float*>(part(which).get_data_handle());
}

void Weights::read(Part which, float* canonical, dnnl::stream& stream) const {
  dnnl::memory out(canonical_, engine_, canonical);
  dnnl::memory in = part(which);
  dnnl::reorder(in, out).execute(stream, in, out);
  stream.wait();
}

void Weights::write(Part which, const float* canonical, dnnl::stream& stream) {
  dnnl::memory in(canonical_, engine_, const_cast<float*>(canonical));
  dnnl::memory out = part(which);
  dnnl::reorder(in, out).execute(stream, in, out);
  stream.wait();
  if (which == Part::value) changed(allFinite(values(Part::value), elements()));
}

size_t Weights::bytes() const {
  size_t sum = valueBuffer_.bytes() + velocityBuffer_.bytes();
  if (gradientBuffer_) sum += gradientBuffer_->bytes();
  for (const auto& copy : copies_) sum += copy->buffer.bytes();
  return sum;
}

}  // namespace alexnet
