#include "node/machine.h"

#include <memory>
#include <string>

#include "base/dnnl_compat.h"
#include "base/peak.h"
#include "node/environment.h"

namespace alexnet {

Napi::Value version(const Napi::CallbackInfo& info) {
  const dnnl_version_t* found = dnnl_version();
  return Napi::String::New(info.Env(), std::to_string(found->major) + "." +
                                           std::to_string(found->minor) + "." +
                                           std::to_string(found->patch));
}

Napi::Value cpu(const Napi::CallbackInfo& info) {
  const auto object = Napi::Object::New(info.Env());
  object.Set("features", cpuFeatures());
  object.Set("bf16", supportsBf16());
  return object;
}

Napi::Value peak(const Napi::CallbackInfo& info) {
  const auto result = std::make_shared<Peak>();
  return Environment::of(info.Env())
      .run(
          {},
          [result, threads = info[0].As<Napi::Number>().Int32Value()] {
            *result = measurePeak(threads);
          },
          [result](Napi::Env env) {
            const auto object = Napi::Object::New(env);
            object.Set("f32", result->f32FlopsPerSecond);
            object.Set("bf16", result->bf16FlopsPerSecond);
            object.Set("memory", result->memoryBytesPerSecond);
            return Napi::Value(object);
          });
}

}  // namespace alexnet
