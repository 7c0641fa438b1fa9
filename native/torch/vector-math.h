// exp in loops that the compiler turns into vector instructions; the library's own is a call for every element.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace afterstate {

// e^x for float32, within 2 units in the last place where the result is a normal number; 0 far below, and no trap above.
// Method: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial of degree 6 (Cephes), then 2^n by the exponent's bits.
inline float exponential(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float n = std::nearbyintf(x * 1.44269504088896341f);
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

}  // namespace afterstate
