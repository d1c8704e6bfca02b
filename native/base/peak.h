// What the machine can do at most, measured: the roof that the engine's speed is held against.
#pragma once

namespace alexnet {

struct Peak {
  double f32FlopsPerSecond;
  double bf16FlopsPerSecond;    // 0 where the CPU has no bf16 dot product
  double memoryBytesPerSecond;  // reading
};

// About a second of all `threads` cores.
Peak measurePeak(int threads);

// Whether oneDNN can compute in bf16 on this CPU.
bool supportsBf16();
const char* cpuFeatures();

}  // namespace alexnet
