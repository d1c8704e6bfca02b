// Places tensors in one block of memory by the time they live: two that never live at once share
// their bytes.
#pragma once

#include <deque>
#include <limits>

#include "base/buffer.h"
#include "base/layout.h"

namespace alexnet {

// Times are counted in layers: the forward pass of layer i runs at time i, its backward pass at
// 2·layers − i.
// A tensor lives from `birth` to `death`, both inclusive.
struct Life {
  int birth, death;
};

constexpr Life always{.birth = 0, .death = std::numeric_limits<int>::max()};

constexpr Life at(int time) {
  return {.birth = time, .death = time};
}

struct Slot {
  Desc desc;
  Dims dims;
  DataType type;
  Life life;
  dnnl::memory memory = {};  // bound by Arena::bind, or set from outside

  // As our own loops see it; none in one of oneDNN's rarer layouts.
  std::optional<Layout> layout() const { return layoutOf(desc, dims, type); }
  template <class T>
  T* numbers() const {
    return static_cast<T*>(memory.get_data_handle());
  }
};

class Arena {
 public:
  Slot* slot(const Desc& desc, const Dims& dims, DataType type, const Life& life);
  // A tensor whose memory comes from outside.
  Slot* external(const Desc& desc, const Dims& dims, DataType type);
  // Finds a place for every tensor; returns the bytes they need together.
  size_t plan();
  // Allocates what plan() found and gives every slot its memory.
  void bind(const dnnl::engine& engine);
  size_t bytes() const { return buffer_.bytes(); }

 private:
  struct Placed {
    Slot slot;
    bool outside;
    size_t offset = 0;
  };
  std::deque<Placed> slots_;
  size_t bytes_ = 0;
  Buffer buffer_;
};

}  // namespace alexnet
