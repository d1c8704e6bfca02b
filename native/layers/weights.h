// One parameter tensor: its f32 master, gradient and velocity in the layout that the step likes,
// and copies for those who want another.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.h"
#include "base/description.h"
#include "base/dnnl_compat.h"

namespace alexnet {

class Weights {
 public:
  // A weight in another layout or number type than the master; brought up to date where it is used.
  struct Copy {
    Desc desc;
    Buffer buffer;
    dnnl::memory memory;
    dnnl::reorder reorder;
    uint64_t version = 0;
  };

  // canonical: plain f32, as JavaScript gives and takes it.
  Weights(const dnnl::engine& engine, const Desc& canonical)
      : engine_(engine), canonical_(canonical) {}

  bool settled() const { return settled_; }
  // Decides the master's layout. Called once, before anything else.
  void settle(const Desc& storage, bool trained);
  const Desc& storage() const { return storage_; }
  const Desc& canonical() const { return canonical_; }
  // What the first forward primitive read, so that those for other numbers of images read the same.
  std::optional<Desc> forwardLayout;
  bool trained() const { return trained_; }

  // What a primitive reads; the master itself where it wants exactly that.
  Copy* copy(const Desc& wanted);
  dnnl::memory& fresh(Copy* copy, dnnl::stream& stream);

  const dnnl::memory& value() const { return value_; }
  const dnnl::memory& gradient() const { return gradient_; }
  // The memory that gradients lie in, for whoever shows it: it may outlive the session.
  std::shared_ptr<const Buffer> gradientMemory() const { return gradientBuffer_; }
  float* values(Part part) const;
  int64_t elements() const { return static_cast<int64_t>(storage_.get_size() / sizeof(float)); }
  void read(Part part, float* canonical, dnnl::stream& stream) const;
  void write(Part part, const float* canonical, dnnl::stream& stream);
  // The master has been written, and whether all its numbers are finite.
  void changed(bool finite) {
    version_++;
    finite_ = finite;
  }
  bool finite() const { return finite_; }
  size_t bytes() const;

 private:
  const dnnl::memory& part(Part part) const;

  dnnl::engine engine_;
  Desc canonical_, storage_;
  bool settled_ = false, trained_ = false, finite_ = true;
  Buffer valueBuffer_, velocityBuffer_;
  std::shared_ptr<Buffer> gradientBuffer_;
  dnnl::memory value_, gradient_, velocity_;
  Copy master_;
  std::vector<std::unique_ptr<Copy>> copies_;
  uint64_t version_ = 1;
};

}  // namespace alexnet
