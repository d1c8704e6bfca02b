// How a map lies in memory, for our own loops: one description for plain, blocked and
// channels-last.
#pragma once

#include <optional>

#include "base/dnnl_compat.h"
#include "base/number.h"

namespace alexnet {

// [images][channels/block][places][block]: block 1 is plain nchw, 8 and 16 oneDNN's blocked
// layouts, block = channels is channels-last. Where the block does not divide the channels the last
// block is filled up with zeros, which every loop must leave zero.
struct Layout {
  int64_t images, channels, height, width, block;
  bool bf16;

  int64_t places() const { return height * width; }
  int64_t blocks() const { return (channels + block - 1) / block; }
  int64_t elements() const { return images * blocks() * block * places(); }
};

// The layout of a 4-D description, or none where it is one of oneDNN's rarer ones.
inline std::optional<Layout> layoutOf(const Desc& desc, const Dims& dims, DataType type) {
  const bool bf16 = type == DataType::bf16;
  const std::pair<Tag, int64_t> known[] = {
      {Tag::nchw, 1}, {Tag::nChw8c, 8}, {Tag::nChw16c, 16}, {Tag::nhwc, dims[1]}};
  for (const auto& [tag, block] : known) {
    if (desc == Desc(dims, type, tag))
      return Layout{.images = dims[0],
                    .channels = dims[1],
                    .height = dims[2],
                    .width = dims[3],
                    .block = block,
                    .bf16 = bf16};
  }
  return std::nullopt;
}

inline Layout resized(Layout layout, int64_t height, int64_t width) {
  layout.height = height;
  layout.width = width;
  return layout;
}

inline Tag tagOf(const Layout& layout) {
  if (layout.block == 1) return Tag::nchw;
  if (layout.block == layout.channels) return Tag::nhwc;
  return layout.block == 8 ? Tag::nChw8c : Tag::nChw16c;
}

// The same kind of layout for other dimensions of as many channels.
inline Desc describe(const Layout& layout, const Dims& dims, DataType type) {
  return Desc(dims, type, tagOf(layout));
}

// Calls body(pointer to T, …) with T the number type of the layout.
template <class Body>
void withNumbers(const Layout& layout, Body&& body) {
  if (layout.bf16) {
    body(BFloat16{});
  } else {
    body(float{});
  }
}

}  // namespace alexnet
