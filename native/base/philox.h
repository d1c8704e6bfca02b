// Philox 4×32-10 as src/random/philox.ts defines it, several blocks at a time so that the compiler
// fills vectors.
#pragma once

#include <algorithm>
#include <cstdint>

namespace alexnet {

class PhiloxStream {
 public:
  PhiloxStream(uint64_t seed, uint32_t purpose, uint32_t index, uint32_t stream)
      : key0_(static_cast<uint32_t>(seed)),
        key1_(static_cast<uint32_t>(seed >> 32)),
        stream_(stream),
        last_(purpose + 256 * index) {}

  // out[i] = word number counter + i ≥ threshold
  void keep(uint64_t counter, int64_t count, uint32_t threshold, uint8_t* out) const {
    uint32_t words[4][lanes];
    for (int64_t done = 0; done < count;) {
      const uint64_t block = (counter + static_cast<uint64_t>(done)) / 4;
      const int64_t skip = static_cast<int64_t>((counter + static_cast<uint64_t>(done)) % 4);
      blocks(block, words);
      const int64_t end = std::min(count - done, 4 * lanes - skip);
      for (int64_t i = 0; i < end; i++)
        out[done + i] = words[(skip + i) % 4][(skip + i) / 4] >= threshold;
      done += end;
    }
  }

 private:
  static constexpr int64_t lanes = 16;

  // Word w of block first + l in words[w][l].
  void blocks(uint64_t first, uint32_t (&words)[4][lanes]) const {
#pragma omp simd
    for (int64_t lane = 0; lane < lanes; lane++) {
      const uint64_t block = first + static_cast<uint64_t>(lane);
      uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32),
               c2 = stream_, c3 = last_, k0 = key0_, k1 = key1_;
      for (int round = 0; round < 10; round++) {
        const uint64_t p = static_cast<uint64_t>(0xD2511F53u) * c0,
                       q = static_cast<uint64_t>(0xCD9E8D57u) * c2;
        c0 = static_cast<uint32_t>(q >> 32) ^ c1 ^ k0;
        c1 = static_cast<uint32_t>(q);
        c2 = static_cast<uint32_t>(p >> 32) ^ c3 ^ k1;
        c3 = static_cast<uint32_t>(p);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
      }
      words[0][lane] = c0;
      words[1][lane] = c1;
      words[2][lane] = c2;
      words[3][lane] = c3;
    }
  }

  uint32_t key0_, key1_, stream_, last_;
};

}  // namespace alexnet
