#include "node/environment.h"

#include <string>

#include "base/compute_thread.h"

namespace alexnet {

struct Environment::Call {
  explicit Call(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  std::vector<Napi::Reference<Napi::Value>> held;
  Napi::FunctionReference listener;
  std::function<Napi::Value(Napi::Env)> answer;
  std::string error;      // of the work
  std::string listening;  // of the listener
};

// From the compute thread to the event loop: what a call's listener is told, or that the call is
// done.
struct Environment::Message {
  Call* call;
  std::optional<int> told;
};

Environment::Environment(Napi::Env env) : env_(env) {
  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "alexnet"), 0, 1,
                                  nullptr, nullptr, this, receive, &messages_);
  napi_unref_threadsafe_function(env, messages_);
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
  return runTelling(
      held, env_.Undefined(), [work = std::move(work)](const Tell&) { work(); }, std::move(answer));
}

Napi::Promise Environment::runTelling(const std::vector<Napi::Value>& held,
                                      const Napi::Value& listener,
                                      std::function<void(const Tell&)> work,
                                      std::function<Napi::Value(Napi::Env)> answer) {
  auto* call = new Call(env_);
  for (const Napi::Value& value : held)
    call->held.push_back(Napi::Reference<Napi::Value>::New(value, 1));
  if (listener.IsFunction()) call->listener = Napi::Persistent(listener.As<Napi::Function>());
  call->answer = std::move(answer);
  const Napi::Promise promise = call->deferred.Promise();
  if (ending_) return promise;  // which nobody will see settled: `call` goes with the process
  // The process stays alive as long as somebody waits for an answer.
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, messages_);
  const bool listened = !call->listener.IsEmpty();
  ComputeThread::instance().post(this, [this, call, listened, work = std::move(work)] {
    try {
      work([&](int told) {
        if (listened) send(call, told);
      });
    } catch (const std::exception& error) {
      call->error = error.what();
      if (call->error.empty()) call->error = "an unknown error";
    }
    send(call, std::nullopt);
  });
  return promise;
}

// Never waits. Fails where the environment is closing: then nobody listens, and `call` may only be
// freed with it.
void Environment::send(Call* call, std::optional<int> told) {
  if (ending_) return;
  auto* message = new Message{.call = call, .told = told};
  if (napi_call_threadsafe_function(messages_, message, napi_tsfn_nonblocking) != napi_ok)
    delete message;
}

void Environment::runUnwatched(std::function<void()> work) {
  ComputeThread::instance().post(this, std::move(work));
}

void Environment::receive(napi_env raw, napi_value, void* context, void* data) {
  const std::unique_ptr<Message> message(static_cast<Message*>(data));
  if (raw == nullptr) return;  // the environment is closing
  const Napi::Env env(raw);
  const Napi::HandleScope scope(env);
  if (message->told) {
    try {
      message->call->listener.Call({Napi::Number::New(env, *message->told)});
    } catch (const Napi::Error& error) {
      message->call->listening = error.Message();
    }
  } else {
    const std::unique_ptr<Call> call(message->call);
    static_cast<Environment*>(context)->settle(env, *call);
  }
}

void Environment::settle(const Napi::Env& env, Call& call) {
  if (--pending_ == 0) napi_unref_threadsafe_function(env, messages_);
  const std::string& error = call.error.empty() ? call.listening : call.error;
  if (!error.empty()) {
    call.deferred.Reject(Napi::Error::New(env, error).Value());
    return;
  }
  try {
    call.deferred.Resolve(call.answer(env));
  } catch (const Napi::Error& error) {
    call.deferred.Reject(error.Value());
  }
}

}  // namespace alexnet
