#include "node/environment.h"

#include <string>

#include "base/compute_thread.h"

namespace alexnet {

struct Environment::Call {
  explicit Call(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  std::vector<Napi::Reference<Napi::Value>> held;
  std::function<Napi::Value(Napi::Env)> answer;
  std::string error;
};

Environment::Environment(Napi::Env env) : env_(env) {
  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "alexnet"), 0, 1,
                                  nullptr, nullptr, this, settle, &settle_);
  napi_unref_threadsafe_function(env, settle_);
  // Runs before the environment's memory goes, which running work may still be using.
  napi_add_env_cleanup_hook(env, [](void* self) { static_cast<Environment*>(self)->stop(); }, this);
}

void Environment::stop() {
  ending_ = true;
  ComputeThread::instance().abandon(this);
}

Environment::~Environment() = default;

Napi::Promise Environment::run(const std::vector<Napi::Value>& held, std::function<void()> work,
                               std::function<Napi::Value(Napi::Env)> answer) {
  auto* call = new Call(env_);
  for (const Napi::Value& value : held)
    call->held.push_back(Napi::Reference<Napi::Value>::New(value, 1));
  call->answer = std::move(answer);
  const Napi::Promise promise = call->deferred.Promise();
  if (ending_) return promise;  // which nobody will see settled: `call` goes with the process
  // The process stays alive as long as somebody waits for an answer.
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, settle_);
  ComputeThread::instance().post(this, [this, call, work = std::move(work)] {
    try {
      work();
    } catch (const std::exception& error) {
      call->error = error.what();
      if (call->error.empty()) call->error = "an unknown error";
    }
    // Fails where the environment is closing: then nobody waits, and `call` may only be freed with
    // it.
    if (!ending_) napi_call_threadsafe_function(settle_, call, napi_tsfn_nonblocking);
  });
  return promise;
}

void Environment::runUnwatched(std::function<void()> work) {
  ComputeThread::instance().post(this, std::move(work));
}

void Environment::settle(napi_env raw, napi_value, void* context, void* data) {
  auto* self = static_cast<Environment*>(context);
  const std::unique_ptr<Call> call(static_cast<Call*>(data));
  if (raw == nullptr) return;  // the environment is closing
  const Napi::Env env(raw);
  const Napi::HandleScope scope(env);
  if (--self->pending_ == 0) napi_unref_threadsafe_function(env, self->settle_);
  if (call->error.empty()) {
    call->deferred.Resolve(call->answer(env));
  } else {
    call->deferred.Reject(Napi::Error::New(env, call->error).Value());
  }
}

}  // namespace alexnet
