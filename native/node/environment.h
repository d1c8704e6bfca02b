// One JavaScript environment (the main thread's, or a worker's): how results come back to it as
// promises.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace alexnet {

class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  // A promise of what `answer` makes, on the event loop, once `work` has run on the compute thread.
  // `held` are the JavaScript values whose memory `work` uses. What `work` throws becomes the
  // promise's error.
  Napi::Promise run(const std::vector<Napi::Value>& held, std::function<void()> work,
                    std::function<Napi::Value(Napi::Env)> answer);
  // The same for work that tells a JavaScript function numbers while it goes on: `listener` is
  // called with them on the event loop, in order and before the promise settles.
  using Tell = std::function<void(int)>;
  Napi::Promise runTelling(const std::vector<Napi::Value>& held, const Napi::Value& listener,
                           std::function<void(const Tell&)> work,
                           std::function<Napi::Value(Napi::Env)> answer);
  // The same for work that nobody waits for.
  void runUnwatched(std::function<void()> work);

  // Gives up what has not begun, waits until what has begun has stopped, and computes nothing more.
  // Must have happened before the process runs its exit handlers, where oneDNN throws its code
  // away, whether or not it is running.
  void stop();

  // True when the environment ends: long work should stop.
  const std::atomic<bool>& ending() const { return ending_; }

 private:
  struct Call;
  struct Message;
  void send(Call* call, std::optional<int> told);
  void settle(const Napi::Env& env, Call& call);
  static void receive(napi_env env, napi_value function, void* context, void* data);

  Napi::Env env_;
  napi_threadsafe_function messages_ = nullptr;
  int pending_ = 0;
  std::atomic<bool> ending_{false};
};

}  // namespace alexnet
