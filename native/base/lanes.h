// Eight numbers at once, in the compiler's own vectors: our loops over blocked layouts, whose
// blocks are multiples of eight.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "base/number.h"

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

inline void storeLanes(float* to, Lanes values) {
  std::memcpy(to, &values, sizeof values);
}

// Rounds as store(BFloat16&, float) does.
inline void storeLanes(BFloat16* to, Lanes values) {
  const LaneWords words = (LaneWords)values;
  const LaneHalves halves =
      __builtin_convertvector((words + 0x7fff + ((words >> 16) & 1)) >> 16, LaneHalves);
  std::memcpy(to, &halves, sizeof halves);
}

inline Lanes spread(float value) {
  return Lanes{value, value, value, value, value, value, value, value};
}

// a·b + c, in one where the CPU can: left to itself GCC avoids that on some of them.
inline Lanes multiplyAdd(Lanes a, Lanes b, Lanes c) {
#if defined(__FMA__)
  return (Lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// Else the compiler reads it anew for every multiply-add, more than the CPU can read.
inline Lanes inRegister(Lanes value) {
#if defined(__AVX__)
  asm("" : "+x"(value));
#endif
  return value;
}

// `yes` where the mask is all ones, `no` where it is zero.
inline Lanes choose(LaneInts mask, Lanes yes, Lanes no) {
  return (Lanes)((mask & (LaneInts)yes) | (~mask & (LaneInts)no));
}

// Eight vectors of eight, rows for columns.
inline void transpose(const float* from, float* to) {
#if defined(__AVX__)
  __m256 rows[lanes], pairs[lanes], fours[lanes];
#pragma GCC unroll 8
  for (int i = 0; i < lanes; i++) rows[i] = _mm256_loadu_ps(from + i * lanes);
#pragma GCC unroll 4
  for (int i = 0; i < lanes; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < lanes; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * lanes, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * lanes, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
#else
  for (int i = 0; i < lanes; i++) {
    for (int j = 0; j < lanes; j++) to[j * lanes + i] = from[i * lanes + j];
  }
#endif
}

// 1/√x to the last bit but one or two: the CPU's estimate and one step of Newton's, a third of the
// time of root and division.
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
