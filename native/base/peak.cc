#include "base/peak.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/buffer.h"
#include "base/dnnl_compat.h"

namespace alexnet {

namespace {

// The widest vector the compiler was told of.
#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif
typedef float Vector __attribute__((vector_size(lanes * sizeof(float))));

constexpr int chains = 12;  // independent multiply-adds, more than latency × units
constexpr int64_t rounds = 20'000'000;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Keeps the compiler from dropping what nobody reads.
template <class T>
void keep(T& value) {
#if defined(__x86_64__)
  asm volatile("" : "+x"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

void multiplyAdds() {
  Vector sums[chains] = {}, factor = {}, term = {};
  factor += 0.999f;
  term += 1e-3f;
  keep(factor);
  keep(term);
  // Each its own secret, or the compiler sees that all are the same and computes one.
  for (Vector& sum : sums) keep(sum);
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 12
    for (int i = 0; i < chains; i++) {
      sums[i] = sums[i] * factor + term;
    }
  }
  for (Vector& sum : sums) keep(sum);
}

#if defined(__AVX512BF16__)
void dotProducts() {
  __m512 sums[chains] = {};
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
  __m512i raw = _mm512_set1_epi32(0x3c003c00);
  asm volatile("" : "+v"(raw));
  const __m512bh pairs = (__m512bh)raw;
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 12
    for (int i = 0; i < chains; i++) sums[i] = _mm512_dpbf16_ps(sums[i], pairs, pairs);
  }
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
}
#endif

// The best of three rounds on all threads, in units a second.
template <class Work>
double rate(int threads, double unitsPerThread, const Work& work) {
  double best = 0;
  for (int repeat = 0; repeat < 3; repeat++) {
    const double start = seconds();
#pragma omp parallel num_threads(threads)
    work();
    best = std::max(best, threads * unitsPerThread / (seconds() - start));
  }
  return best;
}

double memoryRate(int threads) {
  const Buffer buffer(512u << 20);
  const int64_t count = static_cast<int64_t>(buffer.bytes() / sizeof(float));
  float* numbers = buffer.floats();
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < count; i++) numbers[i] = 1;
  double best = 0;
  for (int repeat = 0; repeat < 5; repeat++) {
    const double start = seconds();
    float sum = 0;
#pragma omp parallel for simd num_threads(threads) schedule(static) reduction(+ : sum)
    for (int64_t i = 0; i < count; i++) sum += numbers[i];
    keep(sum);
    best = std::max(best, static_cast<double>(buffer.bytes()) / (seconds() - start));
  }
  return best;
}

}  // namespace

Peak measurePeak(int threads) {
  Peak peak{};
  peak.f32FlopsPerSecond = rate(threads, 2.0 * lanes * chains * rounds, multiplyAdds);
#if defined(__AVX512BF16__)
  peak.bf16FlopsPerSecond = rate(threads, 4.0 * 16 * chains * rounds, dotProducts);
#endif
  peak.memoryBytesPerSecond = memoryRate(threads);
  return peak;
}

const char* cpuFeatures() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE 4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 with VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 with bf16";
    default:
      return "newer than AVX-512 with bf16, or no x86";
  }
}

// A small inner product that oneDNN takes or refuses. Its reference code is too slow to be of use,
// except where just that is wanted.
bool supportsBf16() {
  try {
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    const auto matrix = [](Tag tag) { return Desc(Dims{16, 16}, DataType::bf16, tag); };
    const auto found = describe<dnnl::inner_product_forward>(
        engine, dnnl::primitive_attr(), dnnl::prop_kind::forward_training, matrix(Tag::nc),
        matrix(Tag::any), Desc(Dims{16}, DataType::f32, Tag::x), matrix(Tag::nc));
    return wantsReference() || !isReference(found);
  } catch (const dnnl::error&) {
    return false;
  }
}

}  // namespace alexnet
