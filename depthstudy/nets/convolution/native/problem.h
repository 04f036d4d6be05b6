// What is convolved, and the sizes of its arrays.

#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace depthstudy {

enum Kind : int64_t { kOutput, kImages, kKernel };

// A convolution, or the part of one that a thread solves. All parts of one have w in the layout
// that oneDNN likes for the first of them.
struct Problem {
  int64_t kind, groups, batch, first_batch, channels, filters;
  std::array<int64_t, 2> in, out, kernel, stride, dilation, before, behind;
  auto operator<=>(const Problem&) const = default;

  int64_t x_size() const { return in[0] * in[1] * channels; }   // of one image
  int64_t y_size() const { return out[0] * out[1] * filters; }  // of one image's output
  int64_t w_size() const { return kernel[0] * kernel[1] * channels / groups * filters; }
};

}  // namespace depthstudy
