// The libtorch calls that tch leaves out, behind a plain C interface.
//
// A tensor crosses the border as the `at::Tensor *` that tch itself holds. A list of tensors is an array of those and its
// length. Every call returns null when it succeeds, else the first line of the error, allocated here and given back through
// `seqtune_free_message`. No C++ exception leaves this file.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/GradMode.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace {

using Handle = const at::Tensor *;

char *copy_text(const std::string &text) {
  char *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

char *message(const char *what) {
  const std::string text(what == nullptr || *what == '\0' ? "unknown error" : what);
  return copy_text(text.substr(0, text.find('\n')));
}

template <typename Body> char *guarded(Body body) {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return message(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return message(error.what());
  } catch (...) {
    return message("a C++ exception of unknown type");
  }
}

std::vector<at::Tensor> list(const Handle *handles, size_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (size_t i = 0; i < count; ++i) tensors.push_back(*handles[i]);
  return tensors;
}

// The fused CPU kernels walk raw memory, so a gradient must lie in memory as its parameter does. Autograd promises that only
// for gradients accumulated into `.grad`; a gradient taken straight from the engine may be transposed or expanded.
std::vector<at::Tensor> gradients_like(const std::vector<at::Tensor> &parameters, const Handle *handles) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor &gradient = *handles[i];
    if (gradient.strides() == parameters[i].strides()) {
      gradients.push_back(gradient);
    } else {
      gradients.push_back(at::empty_like(parameters[i]).copy_(gradient));
    }
  }
  return gradients;
}

// torch.nn.utils.clip_grad_norm_ with the factor kept on the device. Out of place, because two gradients may share memory.
void clip(std::vector<at::Tensor> &gradients, double max_norm) {
  if (!(max_norm > 0) || gradients.empty()) return;
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  const at::Tensor factor = at::clamp_max(max_norm / (norm + 1e-6), 1.0);
  gradients = at::_foreach_mul(gradients, factor);
}

} // namespace

extern "C" {

void seqtune_free_message(char *text) { std::free(text); }

// Adam (`decoupled` = 0) or AdamW (1). `step` is one float tensor shared by all parameters, already counting this update.
char *seqtune_adam(const Handle *parameters, const Handle *gradients, const Handle *averages, const Handle *squares, size_t count,
                   Handle step, int decoupled, double max_norm, double learning_rate, double beta1, double beta2,
                   double weight_decay, double epsilon) {
  return guarded([&] {
    const c10::NoGradGuard no_grad;
    auto p = list(parameters, count);
    auto g = gradients_like(p, gradients);
    clip(g, max_norm);
    auto m = list(averages, count);
    auto v = list(squares, count);
    at::Tensor counter = *step;
    counter.add_(1);
    const std::vector<at::Tensor> steps(count, counter);
    if (decoupled != 0) {
      at::_fused_adamw_(p, g, m, v, {}, steps, learning_rate, beta1, beta2, weight_decay, epsilon, false, false);
    } else {
      at::_fused_adam_(p, g, m, v, {}, steps, learning_rate, beta1, beta2, weight_decay, epsilon, false, false);
    }
  });
}

// SGD. `buffers` is null when momentum is 0; the first update fills the buffers with the gradients, as PyTorch does.
char *seqtune_sgd(const Handle *parameters, const Handle *gradients, const Handle *buffers, size_t count, int first, int nesterov,
                  double max_norm, double learning_rate, double momentum, double weight_decay) {
  return guarded([&] {
    const c10::NoGradGuard no_grad;
    auto p = list(parameters, count);
    auto g = gradients_like(p, gradients);
    clip(g, max_norm);
    std::vector<at::Tensor> b;
    if (buffers != nullptr) b = list(buffers, count);
    at::_fused_sgd_(p, g, b, weight_decay, momentum, learning_rate, 0.0, nesterov != 0, false, first != 0);
  });
}

// RMSprop over lists, in the order of operations of torch.optim.RMSprop(foreach=True); no fused kernel exists for it.
// `buffers` is null when momentum is 0.
char *seqtune_rmsprop(const Handle *parameters, const Handle *gradients, const Handle *squares, const Handle *buffers, size_t count,
                      double max_norm, double learning_rate, double alpha, double epsilon, double momentum,
                      double weight_decay) {
  return guarded([&] {
    const c10::NoGradGuard no_grad;
    auto p = list(parameters, count);
    auto g = gradients_like(p, gradients);
    clip(g, max_norm);
    if (weight_decay != 0) g = at::_foreach_add(g, p, weight_decay);
    auto v = list(squares, count);
    at::_foreach_mul_(v, alpha);
    at::_foreach_addcmul_(v, g, g, 1 - alpha);
    auto scale = at::_foreach_sqrt(v);
    at::_foreach_add_(scale, epsilon);
    if (buffers != nullptr) {
      auto b = list(buffers, count);
      at::_foreach_mul_(b, momentum);
      at::_foreach_addcdiv_(b, g, scale);
      at::_foreach_add_(p, b, -learning_rate);
    } else {
      at::_foreach_addcdiv_(p, g, scale, -learning_rate);
    }
  });
}

// tch's own setter panics when parallel work has started; here that is an error like any other.
char *seqtune_set_interop_threads(int threads) {
  return guarded([&] { at::set_num_interop_threads(threads); });
}

// The build settings of the libtorch that is running, among them `TORCH_VERSION=2.11.0`. Freed as a message is.
char *seqtune_configuration() {
  try {
    return copy_text(at::show_config());
  } catch (...) {
    return nullptr;
  }
}

} // extern "C"
