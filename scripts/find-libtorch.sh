# Sourced, from the root of the tree: which libtorch there is. Sets `torch_kind` (for people; empty: there is none) and
# the array `torch_flags` for g++, which goes before `-ltorch -ltorch_cpu -lc10`.

# A PyTorch in the way of `python3` (or $AFTERSTATE_PYTHON) comes first: where there is a GPU, that is the one with CUDA.
torch_kind=
torch_flags=()
torch_python=${AFTERSTATE_PYTHON:-python3}
torch_home=$("$torch_python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null || true)
if [ -n "$torch_home" ] && [ -d "$torch_home/include/ATen" ]; then
  torch_abi=$("$torch_python" -c 'import torch; print(int(torch._C._GLIBCXX_USE_CXX11_ABI))')
  torch_kind="PyTorch $("$torch_python" -c 'import torch; print(torch.__version__)')"
  # Its headers refuse an older standard; Debian's libtorch is from before this one.
  torch_flags+=(-std=c++20 "-I$torch_home/include" "-I$torch_home/include/torch/csrc/api/include")
  torch_flags+=("-D_GLIBCXX_USE_CXX11_ABI=$torch_abi" "-L$torch_home/lib" "-Wl,-rpath,$torch_home/lib")
  # Named though nothing refers to it: loading it is what makes CUDA known.
  if [ -f "$torch_home/lib/libtorch_cuda.so" ]; then torch_flags+=("-Wl,--no-as-needed" -ltorch_cuda -lc10_cuda); fi
elif [ -f /usr/include/ATen/ATen.h ]; then
  torch_kind="Debian's libtorch $(dpkg-query -W -f '${Version}' libtorch-dev 2>/dev/null || true)"
  torch_flags+=(-std=c++17 -I/usr/include/torch/csrc/api/include)
fi
