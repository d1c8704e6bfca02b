// What JavaScript may ask about the machine.
#pragma once

#include <napi.h>

namespace alexnet {

// version() → of the oneDNN that is loaded: '2.6.3'
Napi::Value version(const Napi::CallbackInfo& info);
// cpu() → {features, bf16}
Napi::Value cpu(const Napi::CallbackInfo& info);
// peak(threads) → promise of {f32, bf16, memory}: flops, flops and bytes per second
Napi::Value peak(const Napi::CallbackInfo& info);

}  // namespace alexnet
