// Which way a problem is solved, and the ways that are not oneDNN's convolution.

#pragma once

#include <algorithm>
#include <cstdint>
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

// The kernel's gradient of a depthwise convolution, for processors with and without AVX.
__attribute__((target_clones("avx512f", "avx2,fma", "default"))) inline void DepthwiseKernel(
    const Problem& p, const float* x, const float* y, float* w) {
  constexpr int64_t kTogether = 64;  // channels, so that a row of sums stays in the nearest cache
  const int64_t channels = p.channels;
  std::fill_n(w, p.w_size(), 0.0f);
  for (int64_t first = 0; first < channels; first += kTogether) {
    const int64_t count = std::min(kTogether, channels - first);
    for (int64_t out = 0; out < p.batch * p.out[0] * p.out[1]; ++out) {
      const int64_t image = out / (p.out[0] * p.out[1]);
      const int64_t top = out / p.out[1] % p.out[0] * p.stride[0] - p.before[0];
      const int64_t left = out % p.out[1] * p.stride[1] - p.before[1];
      const float* slope = y + out * channels + first;
      for (int64_t i = 0; i < p.kernel[0]; ++i) {
        const int64_t row = top + i * p.dilation[0];
        if (row < 0 || row >= p.in[0]) continue;
        for (int64_t j = 0; j < p.kernel[1]; ++j) {
          const int64_t column = left + j * p.dilation[1];
          if (column < 0 || column >= p.in[1]) continue;
          const float* pixel = x + ((image * p.in[0] + row) * p.in[1] + column) * channels + first;
          float* sum = w + (i * p.kernel[1] + j) * channels + first;
          for (int64_t c = 0; c < count; ++c) sum[c] += pixel[c] * slope[c];
        }
      }
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

// The images of a batch are rows of matrix products, one for each output pixel and row of the
// kernel: what such a row joins lies side by side in memory. Nothing is multiplied by padding.
inline void Products(const Problem& p, float* x, float* w, float* y) {
  const int64_t x_size = p.x_size(), y_size = p.y_size();
  switch (p.kind) {
    case kOutput: std::fill_n(y, p.batch * y_size, 0.0f); break;
    case kImages: std::fill_n(x, p.batch * x_size, 0.0f); break;
    case kKernel: std::fill_n(w, p.w_size(), 0.0f); break;
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
  // It multiplies by padding, and that is all but 4 of 9 products for images of 2x2 pixels.
  const bool dense = p.groups == 1 && p.dilation[0] == 1 && p.dilation[1] == 1;
  if (dense && Inside(p, 0) * Inside(p, 1) <= 0.7) return Method::kProducts;
  return Method::kDirect;
}

}  // namespace depthstudy
