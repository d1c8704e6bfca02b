// Eight numbers at once, in the compiler's own vectors: our loops over blocked layouts, whose blocks are multiples of eight.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "number.h"

namespace alexnet {

constexpr int lanes = 8;
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float))));
typedef int32_t LaneInts __attribute__((vector_size(lanes * sizeof(int32_t))));
typedef uint32_t LaneWords __attribute__((vector_size(lanes * sizeof(uint32_t))));
typedef uint16_t LaneHalves __attribute__((vector_size(lanes * sizeof(uint16_t))));
typedef uint8_t LaneBytes __attribute__((vector_size(lanes)));

inline Lanes loadLanes(const float* from) {
  Lanes result;
  std::memcpy(&result, from, sizeof result);
  return result;
}

inline Lanes loadLanes(const BFloat16* from) {
  LaneHalves halves;
  std::memcpy(&halves, from, sizeof halves);
  return (Lanes)(__builtin_convertvector(halves, LaneWords) << 16);
}

inline void storeLanes(float* to, Lanes values) { std::memcpy(to, &values, sizeof values); }

// Rounds as store(BFloat16&, float) does.
inline void storeLanes(BFloat16* to, Lanes values) {
  const LaneWords words = (LaneWords)values;
  const LaneHalves halves = __builtin_convertvector((words + 0x7fff + ((words >> 16) & 1)) >> 16, LaneHalves);
  std::memcpy(to, &halves, sizeof halves);
}

// `yes` where the mask is all ones, `no` where it is zero.
inline Lanes choose(LaneInts mask, Lanes yes, Lanes no) { return (Lanes)((mask & (LaneInts)yes) | (~mask & (LaneInts)no)); }

// 1/√x to the last bit but one or two: the CPU's estimate and one step of Newton's, a third of the time of root and division.
inline Lanes inverseRoot(Lanes values) {
#if defined(__AVX__)
  const Lanes estimate = (Lanes)_mm256_rsqrt_ps((__m256)values);
  return estimate * (1.5f - 0.5f * values * estimate * estimate);
#else
  for (int i = 0; i < lanes; i++) values[i] = 1 / std::sqrt(values[i]);
  return values;
#endif
}

}  // namespace alexnet
