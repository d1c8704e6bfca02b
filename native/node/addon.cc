// What JavaScript sees: a table of functions and one class.
#include <napi.h>

#include "node/environment.h"
#include "node/machine.h"
#include "node/session_handle.h"

namespace alexnet {

namespace {

// stop(): see Environment
void stop(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).stop();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("Session", SessionHandle::define(env));
  exports.Set("version", Napi::Function::New<version>(env, "version"));
  exports.Set("cpu", Napi::Function::New<cpu>(env, "cpu"));
  exports.Set("peak", Napi::Function::New<peak>(env, "peak"));
  exports.Set("stop", Napi::Function::New<stop>(env, "stop"));
  return exports;
}

}  // namespace

}  // namespace alexnet

Napi::Object initialiseAddon(Napi::Env env, Napi::Object exports) {
  return alexnet::initialise(env, exports);
}
NODE_API_MODULE(alexnet, initialiseAddon)
