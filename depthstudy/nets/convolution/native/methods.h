// Which way a problem is solved, and the ways that are not oneDNN's convolution.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "oneapi/dnnl/dnnl.h"
#include "problem.h"

namespace depthstudy {

enum class Method {
  kDirect,     // oneDNN's convolution
  kDepthwise,  // sums, channel by channel
  kProducts,   // matrix products, output pixel by output pixel
};

// What of the kernel lies within the image along an axis, where a window begins at a pixel.
struct Window {
  Window(const Problem& p, int axis, int64_t out)
      : start(out * p.stride[axis] - p.before[axis]),
        first(std::max<int64_t>(0, -start)),
        last(std::min(p.kernel[axis], p.in[axis] - start)) {}
  int64_t start, first, last;
};

// The share of the kernel's rows, or columns, that lie within the image, over all windows.
inline double Inside(const Problem& p, int axis) {
  int64_t inside = 0;
  for (int64_t out = 0; out < p.out[axis]; ++out) {
    const Window window(p, axis, out);
    inside += std::max<int64_t>(0, window.last - window.first);
  }
  return static_cast<double>(inside) / (p.out[axis] * p.kernel[axis]);
}

using Lanes16 = float __attribute__((vector_size(64)));
using Lanes8 = float __attribute__((vector_size(32)));
constexpr int64_t kTaps = 8;  // whose sums have room in the registers

// Adds an image to kCount neighboring taps of row i of the kernel, from column j on, for as many
// channels as there are lanes, from the first on; those before `begin` are done.
template <class Lanes, int kCount>
[[gnu::always_inline]] inline void AddTaps(const Problem& p, const float* x, const float* y,
                                           int64_t i, int64_t j, int64_t first, int64_t begin,
                                           float* w) {
  Lanes sums[kCount] = {};
  for (int64_t out = 0; out < p.out[0]; ++out) {
    const int64_t row = out * p.stride[0] - p.before[0] + i * p.dilation[0];
    if (row < 0 || row >= p.in[0]) continue;
    for (int64_t across = 0; across < p.out[1]; ++across) {
      Lanes slope;
      std::memcpy(&slope, y + (out * p.out[1] + across) * p.channels + first, sizeof slope);
      const int64_t left = across * p.stride[1] - p.before[1] + j * p.dilation[1];
      const float* pixel = x + (row * p.in[1] + left) * p.channels + first;
      const int64_t distance = p.dilation[1] * p.channels;
      const bool inside = left >= 0 && left + (kCount - 1) * p.dilation[1] < p.in[1];
#pragma GCC unroll 8
      for (int tap = 0; tap < kCount; ++tap) {
        const int64_t column = left + tap * p.dilation[1];
        if (!inside && (column < 0 || column >= p.in[1])) continue;
        Lanes value;
        std::memcpy(&value, pixel + tap * distance, sizeof value);
        sums[tap] += value * slope;
      }
    }
  }
  for (int tap = 0; tap < kCount; ++tap) {
    float sum[sizeof(Lanes) / sizeof(float)];
    std::memcpy(sum, &sums[tap], sizeof sum);
    float* to = w + (i * p.kernel[1] + j + tap) * p.channels;
    for (int64_t c = begin; c < first + std::ssize(sum); ++c) to[c] += sum[c - first];
  }
}

template <class Lanes>
[[gnu::always_inline]] inline void AddImage(const Problem& p, const float* x, const float* y,
                                            float* w) {
  constexpr int64_t kLanes = sizeof(Lanes) / sizeof(float);
  for (int64_t begin = 0; begin < p.channels; begin += kLanes) {
    const int64_t first = std::min(begin, p.channels - kLanes);
    for (int64_t i = 0; i < p.kernel[0]; ++i) {
      for (int64_t j = 0, count; j < p.kernel[1]; j += count) {
        count = std::min(p.kernel[1] - j, kTaps);
        switch (count) {
          case 8: AddTaps<Lanes, 8>(p, x, y, i, j, first, begin, w); break;
          case 7: AddTaps<Lanes, 7>(p, x, y, i, j, first, begin, w); break;
          case 5: case 6: count = 5; AddTaps<Lanes, 5>(p, x, y, i, j, first, begin, w); break;
          case 3: case 4: count = 3; AddTaps<Lanes, 3>(p, x, y, i, j, first, begin, w); break;
          default: count = 1; AddTaps<Lanes, 1>(p, x, y, i, j, first, begin, w);
        }
      }
    }
  }
}

// The kernel's gradient of a depthwise convolution, for processors with and without AVX.
__attribute__((target_clones("avx512f", "avx2,fma", "default"))) inline void DepthwiseKernel(
    const Problem& p, const float* x, const float* y, float* w) {
  std::fill_n(w, p.w_size(), 0.0f);
  for (int64_t image = 0; image < p.batch; ++image, x += p.x_size(), y += p.y_size()) {
    if (p.channels >= 16) {
      AddImage<Lanes16>(p, x, y, w);
    } else if (p.channels >= 8) {
      AddImage<Lanes8>(p, x, y, w);
    } else {
      AddImage<float>(p, x, y, w);
    }
  }
}

// Adds a product of matrices, [rows, inner] and [inner, columns], to a third; each has its distance
// of neighboring rows, and may be given transposed.
inline void AddProduct(char transpose_a, char transpose_b, int64_t rows, int64_t columns,
                       int64_t inner, const float* a, int64_t a_row, const float* b, int64_t b_row,
                       float* sum, int64_t sum_row) {
  const dnnl_status_t status = dnnl_sgemm(transpose_a, transpose_b, rows, columns, inner, 1.0f, a,
                                          a_row, b, b_row, 1.0f, sum, sum_row);
  if (status != dnnl_success) throw std::runtime_error("a matrix product failed");
}

// Whether each output is made of the pixel in its place.
inline bool IsPointwise(const Problem& p) {
  constexpr std::array<int64_t, 2> kNone{0, 0}, kOne{1, 1};
  return p.groups == 1 && p.kernel == kOne && p.stride == kOne && p.before == kNone &&
         p.in == p.out;
}

// The images of a batch are rows of matrix products, one for each output pixel and row of the
// kernel: what such a row joins lies side by side in memory. Nothing is multiplied by padding.
inline void Products(const Problem& p, float* x, float* w, float* y) {
  const int64_t x_size = p.x_size(), y_size = p.y_size();
  switch (p.kind) {
    case kOutput: std::fill_n(y, p.batch * y_size, 0.0f); break;
    case kImages: std::fill_n(x, p.batch * x_size, 0.0f); break;
    case kKernel: std::fill_n(w, p.w_size(), 0.0f); break;
  }
  if (IsPointwise(p)) {  // all pixels are rows of one product
    const int64_t pixels = p.batch * p.out[0] * p.out[1];
    constexpr int64_t kTogether = 4096;
    for (int64_t first = 0; first < pixels; first += kTogether) {
      AddProduct('T', 'N', p.channels, p.filters, std::min(kTogether, pixels - first),
                 x + first * p.channels, p.channels, y + first * p.filters, p.filters, w,
                 p.filters);
    }
    return;
  }
  for (int64_t out = 0; out < p.out[0] * p.out[1]; ++out) {
    const Window rows(p, 0, out / p.out[1]), columns(p, 1, out % p.out[1]);
    for (int64_t i = rows.first; i < rows.last; ++i) {
      const int64_t joined = (columns.last - columns.first) * p.channels;
      if (joined <= 0) continue;
      float* pixels = x + ((rows.start + i) * p.in[1] + columns.start + columns.first) * p.channels;
      float* taps = w + (i * p.kernel[1] + columns.first) * p.channels * p.filters;
      float* values = y + out * p.filters;
      switch (p.kind) {
        case kOutput:
          AddProduct('N', 'N', p.batch, p.filters, joined, pixels, x_size, taps, p.filters, values,
                     y_size);
          break;
        case kImages:
          AddProduct('N', 'T', p.batch, joined, p.filters, values, y_size, taps, p.filters, pixels,
                     x_size);
          break;
        case kKernel:
          AddProduct('T', 'N', joined, p.filters, p.batch, pixels, x_size, values, y_size, taps,
                     p.filters);
          break;
      }
    }
  }
}

inline Method Choose(const Problem& p) {
  // oneDNN takes up to 40 times as long for these as for the depthwise kernels of 3x3.
  const bool depthwise = p.groups > 1 && p.groups == p.channels && p.groups == p.filters;
  if (depthwise && p.kind == kKernel && p.kernel[0] * p.kernel[1] > 9) return Method::kDepthwise;
  // It takes 1.2 to 2.5 times as long as one product of matrices.
  if (IsPointwise(p) && p.kind == kKernel && p.filters >= 2 * p.channels) return Method::kProducts;
  // It multiplies by padding, and that is all but 4 of 9 products for images of 2x2 pixels.
  const bool dense = p.groups == 1 && p.dilation[0] == 1 && p.dilation[1] == 1;
  if (dense && Inside(p, 0) * Inside(p, 1) <= 0.7) return Method::kProducts;
  return Method::kDirect;
}

}  // namespace depthstudy
