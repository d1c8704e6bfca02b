// Places tensors in one block of memory by the time they live: two that never live at once share
// their bytes.
#pragma once

#include <deque>
#include <limits>

#include "buffer.h"
#include "layout.h"

namespace alexnet {

// Times are counted in layers: on the way there layer i runs at time i, on the way back at 2·layers
// − i.
constexpr int forever = std::numeric_limits<int>::max();

struct Slot {
  Desc desc;
  Dims dims;
  DataType type;
  int birth, death;
  dnnl::memory memory;  // bound by Arena::bind, or set from outside

  // As our own loops see it; none in one of oneDNN's rarer layouts.
  std::optional<Layout> layout() const { return layoutOf(desc, dims, type); }
  template <class T>
  T* numbers() const {
    return static_cast<T*>(memory.get_data_handle());
  }
};

class Arena {
 public:
  // A tensor that is there from time `birth` to time `death`, both inclusive.
  Slot* slot(const Desc& desc, const Dims& dims, DataType type, int birth, int death);
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
