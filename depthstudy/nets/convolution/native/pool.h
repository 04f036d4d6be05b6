// Work shared with the threads of XLA's own pool.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "xla/ffi/api/ffi.h"

namespace depthstudy {

constexpr int kYields = 300;  // about as long as falling asleep and waking

// Calls work(0), ..., work(count - 1) on this thread and on those of the pool that have time.
//
// Whoever claims a piece is running it, so it is enough to wait for the claimed ones: this ends
// whatever else keeps the pool busy. A helper that comes late finds no piece and touches nothing.
template <class Work>
void Share(xla::ffi::ThreadPool pool, int64_t threads, int64_t count, const Work& work) {
  struct Job {
    std::atomic<int> next{0}, done{0};
    std::mutex mutex;
    std::exception_ptr error;
  };
  const auto job = std::make_shared<Job>();
  const auto help = [job, count, &work] {
    for (int i; (i = job->next.fetch_add(1)) < count;) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(job->mutex);
        job->error = std::current_exception();
      }
      if (job->done.fetch_add(1) + 1 == count) job->done.notify_all();
    }
  };
  for (int64_t i = 1; i < std::min(threads, count); ++i) pool.Schedule([help] { help(); });
  help();
  for (int i = 0; i < kYields && job->done.load() < count; ++i) std::this_thread::yield();
  for (int done; (done = job->done.load()) < count;) job->done.wait(done);
  if (job->error) std::rethrow_exception(job->error);
}

}  // namespace depthstudy
