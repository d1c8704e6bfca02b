// The two kinds of number that activations come in, read and written as float.
#pragma once

#include <cstdint>
#include <cstring>

namespace alexnet {

// Whether a loop over so many numbers gains from several threads: below this, waking them takes
// longer than they save.
inline bool worthSharing(int64_t numbers) {
  return numbers > (1 << 15);
}

// The upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

inline float toFloat(float value) {
  return value;
}
inline float toFloat(BFloat16 value) {
  const uint32_t word = static_cast<uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &word, sizeof result);
  return result;
}

// Rounds to the nearest, ties to even; NaN is no concern here: it stays one or becomes an infinity.
inline void store(float& place, float value) {
  place = value;
}
inline void store(BFloat16& place, float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  place.bits = static_cast<uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
}

}  // namespace alexnet
