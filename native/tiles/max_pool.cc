#include "tiles/max_pool.h"

#include <algorithm>
#include <limits>

#include "base/lanes.h"

namespace alexnet {

namespace {

// Some neighbouring numbers of one place: eight at once, or a single one where a layout's block is
// no multiple of eight.
struct Eight {
  static constexpr int count = lanes;
  using Values = Lanes;
  using Codes = LaneInts;
  template <class T>
  static Values load(const T* from) {
    return loadLanes(from);
  }
  template <class T>
  static void put(T* to, Values values) {
    storeLanes(to, values);
  }
  static Values all(float value) { return Values{} + value; }
  static Codes code(int32_t value) { return Codes{} + value; }
  static void keepLarger(Values value, Codes code, Values& best, Codes& at) {
    const LaneInts larger = value > best;
    best = choose(larger, value, best);
    at = (larger & code) | (~larger & at);
  }
  static void putCodes(uint8_t* to, Codes codes) {
    const LaneBytes bytes = __builtin_convertvector(codes, LaneBytes);
    std::memcpy(to, &bytes, sizeof bytes);
  }
  static Codes codes(const uint8_t* from) {
    LaneBytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Codes);
  }
  static Values where(Codes codes, int32_t code, Values values) {
    return (Lanes)((codes == code) & (LaneInts)values);
  }
};

struct Single {
  static constexpr int count = 1;
  using Values = float;
  using Codes = int32_t;
  template <class T>
  static Values load(const T* from) {
    return toFloat(*from);
  }
  template <class T>
  static void put(T* to, Values value) {
    store(*to, value);
  }
  static Values all(float value) { return value; }
  static Codes code(int32_t value) { return value; }
  static void keepLarger(Values value, Codes code, Values& best, Codes& at) {
    if (!(value > best)) return;
    best = value;
    at = code;
  }
  static void putCodes(uint8_t* to, Codes code) { *to = static_cast<uint8_t>(code); }
  static Codes codes(const uint8_t* from) { return *from; }
  static Values where(Codes codes, int32_t code, Values value) { return codes == code ? value : 0; }
};

// The cells of a window along one axis that lie inside the map: offsets start ≤ d < end from
// `first`, which may be negative.
struct Reach {
  int64_t first, start, end;
  Reach(const PoolWindow& window, int axis, int64_t output, int64_t cells)
      : first(output * window.stride[axis] - window.before[axis]),
        start(std::max<int64_t>(0, -first)),
        end(std::min(window.kernel[axis], cells - first)) {}
};

// Calls use(offset of some lanes of the output's numbers, offset of its window's first cell, rows,
// columns) for one map of `block` lanes.
template <class Lane, class Use>
void eachOutput(const PoolWindow& window, const Layout& in, const Layout& out, const Use& use) {
  for (int64_t y = 0; y < out.height; y++) {
    const Reach rows(window, 0, y, in.height);
    for (int64_t x = 0; x < out.width; x++) {
      const Reach columns(window, 1, x, in.width);
      const int64_t at = (y * out.width + x) * out.block,
                    cell = (rows.first * in.width + columns.first) * in.block;
      for (int64_t lane = 0; lane < in.block; lane += Lane::count)
        use(at + lane, cell + lane, rows, columns);
    }
  }
}

// Calls use(offset of a cell from the window's first, its code).
template <class Use>
inline void eachCell(const PoolWindow& window, const Layout& in, const Reach& rows,
                     const Reach& columns, const Use& use) {
  for (int64_t dy = rows.start; dy < rows.end; dy++) {
    for (int64_t dx = columns.start; dx < columns.end; dx++)
      use((dy * in.width + dx) * in.block, static_cast<int32_t>(dy * window.kernel[1] + dx));
  }
}

template <class Lane, class T>
void maxMap(const PoolWindow& window, const Layout& in, const Layout& out, const T* from, T* to,
            uint8_t* places) {
  eachOutput<Lane>(
      window, in, out, [&](int64_t at, int64_t cell, const Reach& rows, const Reach& columns) {
        auto best = Lane::all(-std::numeric_limits<float>::infinity());
        auto place =
            Lane::code(static_cast<int32_t>(rows.start * window.kernel[1] + columns.start));
        eachCell(window, in, rows, columns, [&](int64_t offset, int32_t code) {
          Lane::keepLarger(Lane::load(from + cell + offset), Lane::code(code), best, place);
        });
        Lane::put(to + at, best);
        if (places != nullptr) Lane::putCodes(places + at, place);
      });
}

template <class Lane, class T>
void maxMapBackward(const PoolWindow& window, const Layout& in, const Layout& out,
                    const T* gradient, const uint8_t* places, T* below) {
  std::fill_n(below, in.places() * in.block, T{});
  eachOutput<Lane>(window, in, out,
                   [&](int64_t at, int64_t cell, const Reach& rows, const Reach& columns) {
                     const auto codes = Lane::codes(places + at);
                     const auto values = Lane::load(gradient + at);
                     eachCell(window, in, rows, columns, [&](int64_t offset, int32_t code) {
                       T* target = below + cell + offset;
                       Lane::put(target, Lane::load(target) + Lane::where(codes, code, values));
                     });
                   });
}

// Calls use(a kind of lanes that divides the block, number of the map).
template <class Use>
void eachMap(const Layout& in, const Use& use) {
  const int64_t maps = in.images * in.blocks();
#pragma omp parallel for schedule(static) if (worthSharing(in.elements()))
  for (int64_t map = 0; map < maps; map++) {
    if (in.block % lanes == 0) {
      use(Eight{}, map);
    } else {
      use(Single{}, map);
    }
  }
}

}  // namespace

template <class T>
void maxPool(const PoolWindow& window, const Layout& in, const Layout& out, const T* from, T* to,
             uint8_t* places) {
  const int64_t source = in.places() * in.block, target = out.places() * out.block;
  eachMap(in, [&](auto lane, int64_t map) {
    maxMap<decltype(lane)>(window, in, out, from + map * source, to + map * target,
                           places == nullptr ? nullptr : places + map * target);
  });
}

template <class T>
void maxPoolBackward(const PoolWindow& window, const Layout& in, const Layout& out,
                     const T* gradient, const uint8_t* places, T* below) {
  const int64_t source = in.places() * in.block, target = out.places() * out.block;
  eachMap(in, [&](auto lane, int64_t map) {
    maxMapBackward<decltype(lane)>(window, in, out, gradient + map * target, places + map * target,
                                   below + map * source);
  });
}

template void maxPool(const PoolWindow&, const Layout&, const Layout&, const float*, float*,
                      uint8_t*);
template void maxPool(const PoolWindow&, const Layout&, const Layout&, const BFloat16*, BFloat16*,
                      uint8_t*);
template void maxPoolBackward(const PoolWindow&, const Layout&, const Layout&, const float*,
                              const uint8_t*, float*);
template void maxPoolBackward(const PoolWindow&, const Layout&, const Layout&, const BFloat16*,
                              const uint8_t*, BFloat16*);

}  // namespace alexnet
