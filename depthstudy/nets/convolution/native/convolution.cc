// Convolutions of images for XLA on the CPU, computed by oneDNN on the threads of XLA's own pool.
//
// A convolution is linear in its images and in its kernel, so three calls of one kind are closed
// under differentiation: output(x, w), images(y, w) and kernel(x, y), each the transpose of the
// others. Arrays are dense and float32: x[S,B,H,W,C], w[S,kh,kw,C/groups,F], y[S,B,h,w,F], for S
// independent convolutions of B images each.

#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <unordered_map>

#include "methods.h"
#include "oneapi/dnnl/dnnl.hpp"
#include "pool.h"
#include "problem.h"
#include "xla/ffi/api/ffi.h"

namespace depthstudy {
namespace {

namespace ffi = xla::ffi;
using dnnl::memory;
using Array = ffi::Buffer<ffi::F32, 5>;

constexpr size_t kCachedPlans = 512;
constexpr size_t kKeptBytes = size_t{16} << 20;       // of each scratch of a thread, between calls
constexpr int64_t kPartialBytes = int64_t{64} << 20;  // of partial kernels, per call
constexpr int64_t kSmallPiece = 1 << 20;              // products that are not worth a second thread

// A problem made ready for oneDNN, which wants w in a layout of its own.
struct Plan {
  Method method;
  dnnl::primitive solve, reorder;
  memory::desc x, w, y, plain_w, scratch;
};

const dnnl::engine& Engine() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

// While it lives, oneDNN uses this thread only: the work is already split.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }

 private:
  const int before_ = omp_get_max_threads();
};

// Memory that a thread uses again in its next call, unless it is large.
class Scratch {
 public:
  char* Take(size_t bytes) {
    if (bytes > size_) {
      size_ = 0;
      data_.reset(static_cast<char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
      if (data_ == nullptr) throw std::bad_alloc();
      size_ = bytes;
    }
    return data_.get();
  }
  void Return() {
    if (size_ > kKeptBytes) data_.reset(), size_ = 0;
  }

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
};

thread_local Scratch call_scratch, piece_scratch, kernel_scratch;

std::shared_ptr<const Plan> FindPlan(const Problem& problem);

// oneDNN's name for our order of images. 16 channels are also in its blocks of 16, for which it has
// faster kernels.
memory::format_tag ChannelsLast(const Problem& p) {
  constexpr auto kAvx512 = static_cast<int>(dnnl::cpu_isa::avx512_core);
  const bool blocks = (static_cast<int>(dnnl::get_effective_cpu_isa()) & kAvx512) == kAvx512;
  const bool one_block = p.groups == 1 && p.channels == 16 && p.filters == 16;
  return blocks && one_block ? memory::format_tag::nChw16c : memory::format_tag::nhwc;
}

Plan MakePlan(const Problem& p) {
  const auto f32 = memory::data_type::f32;
  const auto order = ChannelsLast(p);
  const bool grouped = p.groups > 1;
  memory::dims w_dims{p.filters / p.groups, p.channels / p.groups, p.kernel[0], p.kernel[1]};
  if (grouped) w_dims.insert(w_dims.begin(), p.groups);

  Plan plan{.method = Choose(p)};
  plan.x = {{p.batch, p.channels, p.in[0], p.in[1]}, f32, order};
  plan.y = {{p.batch, p.filters, p.out[0], p.out[1]}, f32, order};
  plan.plain_w = {w_dims, f32, grouped ? memory::format_tag::hwigo : memory::format_tag::hwio};
  if (plan.method != Method::kDirect) {
    plan.w = plan.plain_w;
    return plan;
  }
  Problem first = p;
  first.batch = p.first_batch;
  const memory::desc layout = first == p ? memory::desc(w_dims, f32, memory::format_tag::any)
                                         : FindPlan(first)->w;
  const memory::dims stride(p.stride.begin(), p.stride.end());
  const memory::dims dilation{p.dilation[0] - 1, p.dilation[1] - 1};
  const memory::dims before(p.before.begin(), p.before.end());
  const memory::dims behind(p.behind.begin(), p.behind.end());
  const auto direct = dnnl::algorithm::convolution_direct;
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);

  const dnnl::convolution_forward::primitive_desc forward(
      Engine(), dnnl::prop_kind::forward_training, direct, plan.x, layout, plan.y, stride, dilation,
      before, behind, attr);
  if (p.kind == kOutput) {
    plan.w = forward.weights_desc();
    plan.scratch = forward.scratchpad_desc();
    plan.solve = dnnl::convolution_forward(forward);
  } else if (p.kind == kImages) {
    const dnnl::convolution_backward_data::primitive_desc backward(
        Engine(), direct, plan.x, layout, plan.y, stride, dilation, before, behind, forward, attr);
    plan.w = backward.weights_desc();
    plan.scratch = backward.scratchpad_desc();
    plan.solve = dnnl::convolution_backward_data(backward);
  } else {
    const dnnl::convolution_backward_weights::primitive_desc backward(
        Engine(), direct, plan.x, layout, plan.y, stride, dilation, before, behind, forward, attr);
    plan.w = backward.diff_weights_desc();
    plan.scratch = backward.scratchpad_desc();
    plan.solve = dnnl::convolution_backward_weights(backward);
  }
  const bool inward = p.kind == kKernel;
  plan.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(
      Engine(), inward ? plan.w : plan.plain_w, Engine(), inward ? plan.plain_w : plan.w));
  return plan;
}

std::shared_ptr<const Plan> FindPlan(const Problem& problem) {
  static auto* mutex = new std::recursive_mutex;
  static auto* plans = new std::map<Problem, std::shared_ptr<const Plan>>;
  const std::lock_guard lock(*mutex);
  if (const auto found = plans->find(problem); found != plans->end()) return found->second;
  const OneThread guard;
  const auto plan = std::make_shared<const Plan>(MakePlan(problem));
  if (plans->size() >= kCachedPlans) plans->clear();
  return (*plans)[problem] = plan;
}

void Run(const dnnl::primitive& primitive, const std::unordered_map<int, memory>& arguments) {
  const OneThread guard;
  dnnl::stream stream(Engine());
  primitive.execute(stream, arguments);
  stream.wait();
}

// Solves one piece; of x, w and y it writes the one that the problem asks for.
void Solve(const Plan& plan, const Problem& p, float* x, void* w, float* y) {
  if (plan.method == Method::kDepthwise) {
    return DepthwiseKernel(p, x, y, static_cast<float*>(w));
  }
  if (plan.method == Method::kProducts) {
    const OneThread guard;
    return Products(p, x, static_cast<float*>(w), y);
  }
  const bool dx = p.kind == kImages, dw = p.kind == kKernel, dy = p.kind != kOutput;
  Run(plan.solve, {{dx ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, {plan.x, Engine(), x}},
                   {dw ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, {plan.w, Engine(), w}},
                   {dy ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, {plan.y, Engine(), y}},
                   {DNNL_ARG_SCRATCHPAD,
                    {plan.scratch, Engine(), piece_scratch.Take(plan.scratch.get_size())}}});
  piece_scratch.Return();
}

void Reorder(const Plan& plan, void* from, const memory::desc& from_desc, void* to,
             const memory::desc& to_desc) {
  if (from_desc == to_desc) {
    std::memcpy(to, from, to_desc.get_size());
  } else {
    Run(plan.reorder, {{DNNL_ARG_FROM, {from_desc, Engine(), from}},
                       {DNNL_ARG_TO, {to_desc, Engine(), to}}});
  }
}

void Add(const void* more, void* sum, int64_t bytes) {
  const auto* from = static_cast<const float*>(more);
  auto* to = static_cast<float*>(sum);
  for (size_t i = 0; i < bytes / sizeof(float); ++i) to[i] += from[i];
}

void Convolve(ffi::ThreadPool pool, const Problem& p, int64_t seeds, float* x, float* w, float* y) {
  const int64_t x_size = p.x_size(), y_size = p.y_size(), w_size = p.w_size();
  const int64_t products = p.batch * p.out[0] * p.out[1] * w_size;
  static const int64_t cores = std::max(1u, std::thread::hardware_concurrency());  // reads a file
  const int64_t threads = std::clamp<int64_t>(pool.num_threads(), 1, cores);

  int64_t parts = std::clamp<int64_t>(products / kSmallPiece, 1, std::min(threads, p.batch));
  const int64_t room = kPartialBytes / (4 * w_size * seeds);
  if (p.kind == kKernel) parts = std::clamp<int64_t>(room, 1, parts);
  const auto piece_of = [&](int64_t part) {
    Problem piece = p;
    piece.batch = (part + 1) * p.batch / parts - part * p.batch / parts;
    piece.first_batch = p.batch / parts;
    return piece;
  };
  const auto solve = [&](int64_t i, char* w) {
    const Problem piece = piece_of(i % parts);
    const int64_t image = i / parts * p.batch + i % parts * p.batch / parts;
    Solve(*FindPlan(piece), piece, x + image * x_size, w, y + image * y_size);
  };
  const auto plan = FindPlan(piece_of(0));
  const int64_t w_bytes = (plan->w.get_size() + 63) / 64 * 64;

  const auto put = [&](int64_t seed, char* found) {
    Reorder(*plan, found, plan->w, w + seed * w_size, plan->plain_w);
  };
  if (p.kind != kKernel) {
    char* kernels = reinterpret_cast<char*>(w);
    int64_t distance = w_size * sizeof(float);
    if (plan->w != plan->plain_w) {
      kernels = call_scratch.Take(seeds * w_bytes);
      distance = w_bytes;
      Share(pool, threads, seeds, [&](int64_t s) {
        Reorder(*plan, w + s * w_size, plan->plain_w, kernels + s * w_bytes, plan->w);
      });
    }
    Share(pool, threads, seeds * parts,
          [&](int64_t i) { solve(i, kernels + i / parts * distance); });
  } else if (parts == 1) {
    Share(pool, threads, seeds, [&](int64_t s) {
      char* found = kernel_scratch.Take(w_bytes);
      solve(s, found);
      put(s, found);
      kernel_scratch.Return();
    });
  } else {
    char* partial = call_scratch.Take(seeds * parts * w_bytes);
    Share(pool, threads, seeds * parts, [&](int64_t i) { solve(i, partial + i * w_bytes); });
    Share(pool, threads, seeds, [&](int64_t s) {
      char* sum = partial + s * parts * w_bytes;
      for (int64_t part = 1; part < parts; ++part) Add(sum + part * w_bytes, sum, w_bytes);
      put(s, sum);
    });
  }
  call_scratch.Return();
}

ffi::Error Handle(ffi::ThreadPool pool, Array a, Array b, ffi::Result<Array> out, int64_t kind,
                  int64_t groups, ffi::Span<const int64_t> stride,
                  ffi::Span<const int64_t> dilation, ffi::Span<const int64_t> before,
                  ffi::Span<const int64_t> behind) {
  Array& c = *out;
  Array& x = kind == kImages ? c : a;
  Array& w = kind == kKernel ? c : b;
  Array& y = kind == kOutput ? c : kind == kImages ? a : b;
  const auto xs = x.dimensions(), ws = w.dimensions(), ys = y.dimensions();
  const Problem problem{kind, groups, xs[1], xs[1], xs[4], ys[4], {xs[2], xs[3]}, {ys[2], ys[3]},
                        {ws[1], ws[2]}, {stride[0], stride[1]}, {dilation[0], dilation[1]},
                        {before[0], before[1]}, {behind[0], behind[1]}};
  try {
    Convolve(pool, problem, xs[0], x.typed_data(), w.typed_data(), y.typed_data());
  } catch (const std::exception& error) {
    return ffi::Error::Internal(std::string("native convolution: ") + error.what());
  }
  return ffi::Error::Success();
}

}  // namespace
}  // namespace depthstudy

XLA_FFI_DEFINE_HANDLER_SYMBOL(DepthstudyConvolution, depthstudy::Handle,
                              xla::ffi::Ffi::Bind()
                                  .Ctx<xla::ffi::ThreadPool>()
                                  .Arg<depthstudy::Array>()
                                  .Arg<depthstudy::Array>()
                                  .Ret<depthstudy::Array>()
                                  .Attr<int64_t>("kind")
                                  .Attr<int64_t>("groups")
                                  .Attr<xla::ffi::Span<const int64_t>>("stride")
                                  .Attr<xla::ffi::Span<const int64_t>>("dilation")
                                  .Attr<xla::ffi::Span<const int64_t>>("before")
                                  .Attr<xla::ffi::Span<const int64_t>>("behind"));
