#include "base/arena.h"

#include <algorithm>
#include <vector>

namespace alexnet {

namespace {
constexpr size_t page = 4096;
size_t rounded(size_t bytes) {
  return (bytes + page - 1) / page * page;
}
bool overlap(const Life& a, const Life& b) {
  return a.birth <= b.death && b.birth <= a.death;
}
}  // namespace

Slot* Arena::slot(const Desc& desc, const Dims& dims, DataType type, const Life& life) {
  slots_.push_back(
      {.slot = {.desc = desc, .dims = dims, .type = type, .life = life}, .outside = false});
  return &slots_.back().slot;
}

Slot* Arena::external(const Desc& desc, const Dims& dims, DataType type) {
  slots_.push_back(
      {.slot = {.desc = desc, .dims = dims, .type = type, .life = always}, .outside = true});
  return &slots_.back().slot;
}

// The largest first, each at the lowest place where nothing that lives at the same time is in its
// way.
size_t Arena::plan() {
  std::vector<Placed*> order;
  for (Placed& placed : slots_) {
    if (!placed.outside) order.push_back(&placed);
  }
  std::stable_sort(order.begin(), order.end(), [](const Placed* a, const Placed* b) {
    return a->slot.desc.get_size() > b->slot.desc.get_size();
  });
  std::vector<Placed*> done;  // by offset
  bytes_ = 0;
  for (Placed* next : order) {
    const size_t size = rounded(next->slot.desc.get_size());
    size_t offset = 0;
    for (const Placed* other : done) {
      if (!overlap(other->slot.life, next->slot.life)) continue;
      if (other->offset >= offset + size) break;
      offset = std::max(offset, other->offset + rounded(other->slot.desc.get_size()));
    }
    next->offset = offset;
    bytes_ = std::max(bytes_, offset + size);
    done.insert(
        std::upper_bound(done.begin(), done.end(), next,
                         [](const Placed* a, const Placed* b) { return a->offset < b->offset; }),
        next);
  }
  return bytes_;
}

void Arena::bind(const dnnl::engine& engine) {
  buffer_ = Buffer(bytes_);
  for (Placed& placed : slots_) {
    void* place =
        placed.outside ? DNNL_MEMORY_NONE : static_cast<char*>(buffer_.data()) + placed.offset;
    placed.slot.memory = dnnl::memory(placed.slot.desc, engine, place);
  }
}

}  // namespace alexnet
