"""PyTorch eager as a program under measurement (program.ts): the same model and step as Afterstate's, from Python.

gpu-peer.py DIRECTORY DEVICE PRECISION

Shapes: B sequences, T positions, H heads of queries, K of keys and values, S head size. Matrices are [inputs, outputs].
Precision "bf16" is autocast: float32 parameters, products in bfloat16, as in Afterstate.
"""

import json
import math
import resource
import sys
import time

import numpy
import torch
from torch.nn import functional

directory, device, precision = sys.argv[1:4]
torch.set_num_threads(1)
torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
on_gpu = device.startswith("cuda")


def status_bytes(key):
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key))


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read_task():
    numbers, parameters, adapter = {}, {}, {}
    with open(f"{directory}/task.txt") as text, open(f"{directory}/weights.f32", "rb") as weights:
        with open(f"{directory}/adapter.f32", "rb") as added:
            for line in text:
                key, *words = line.split()
                if key not in ("parameter", "adapter"):
                    numbers[key] = float(words[0])
                    continue
                file, into = (weights, parameters) if key == "parameter" else (added, adapter)
                name, shape = words[0], [int(size) for size in words[1:]]
                values = numpy.fromfile(file, numpy.float32, math.prod(shape)).reshape(shape)
                into[name] = torch.from_numpy(values).to(device)

    def tokens(name, width):
        return torch.from_numpy(numpy.fromfile(f"{directory}/{name}.i32", numpy.int32)).long().view(-1, width).to(device)

    return numbers, parameters, adapter, tokens("train", int(numbers["time"]) + 1), tokens("prompts", int(numbers["promptTokens"]))


class Model:
    def __init__(self, numbers, parameters, adapter):
        whole = lambda key: int(numbers[key])  # noqa: E731
        self.layers, self.heads, self.kv_heads = whole("layers"), whole("heads"), whole("kvHeads")
        self.head_size, self.tied, self.epsilon = whole("headSize"), whole("tiedHead") == 1, numbers["normEpsilon"]
        self.named, self.adapter = parameters, adapter
        self.trained = list(adapter.values()) or list(parameters.values())
        for values in self.trained:
            values.requires_grad_()
        positions = max(whole("time"), whole("promptTokens") + whole("newTokens"))
        exponents = torch.arange(0, self.head_size, 2, dtype=torch.float64) / self.head_size
        angles = torch.outer(torch.arange(positions, dtype=torch.float64), numbers["ropeBase"] ** -exponents)
        both = torch.cat([angles, angles], 1)
        self.cos, self.sin = both.cos().float().to(device), both.sin().float().to(device)
        self.later = torch.full([positions, positions], -math.inf, device=device).triu(1)

    def linear(self, x, layer, matrix, *targets):
        """The product with a matrix, and what the adapter adds to the columns of each target; alpha is twice the rank."""
        y = x @ self.named[f"layers.{layer}.{matrix}"]
        if not self.adapter:
            return y
        block = "self_attn" if matrix.startswith("attention") else "mlp"
        added = []
        for target in targets:
            name = f"base_model.model.model.layers.{layer}.{block}.{target}_proj"
            a, b = (self.adapter[f"{name}.lora_{which}.weight"] for which in "AB")
            added.append((x @ a.t()) * 2 @ b.t())
        return y + torch.cat(added, -1)

    def norm(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * weight

    def rotate(self, x, start):
        low, high = x.chunk(2, -1)
        span = slice(start, start + x.shape[2])
        return x * self.cos[span] + torch.cat([-high, low], -1) * self.sin[span]

    def attention(self, x, layer, cache, start):
        batch, length, _ = x.shape
        until = start + length
        qkv = self.linear(x, layer, "attention.qkv", "q", "k", "v").view(batch, length, -1, self.head_size).transpose(1, 2)
        q, k, v = qkv.split([self.heads, self.kv_heads, self.kv_heads], 1)
        q, k = self.rotate(q, start), self.rotate(k, start)
        if cache is not None:
            keys, values = cache[layer]
            keys[:, :, start:until], values[:, :, start:until] = k, v
            k, v = keys[:, :, :until], values[:, :, :until]
        if self.heads != self.kv_heads:
            k, v = (part.repeat_interleave(self.heads // self.kv_heads, 1) for part in (k, v))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.head_size)
        if length > 1:
            scores = scores + self.later[start:until, :until]
        attended = torch.softmax(scores, -1).to(v.dtype) @ v
        return self.linear(attended.transpose(1, 2).reshape(batch, length, -1), layer, "attention.out", "o")

    def hidden(self, tokens, cache=None, start=0):
        """[B, T] to [B, T, D], after the last norm."""
        x = functional.embedding(tokens, self.named["embedding"])
        for layer in range(self.layers):
            vector = lambda of: self.named[f"layers.{layer}.{of}.norm"]  # noqa: E731, B023
            x = x + self.attention(self.norm(x, vector("attention")), layer, cache, start)
            y = self.norm(x, vector("feedforward"))
            gate, up = (self.linear(y, layer, f"feedforward.{name}", name) for name in ("gate", "up"))
            x = x + self.linear(functional.silu(gate) * up, layer, "feedforward.down", "down")
        return self.norm(x, self.named["norm"])

    def logits(self, hidden):
        return hidden @ (self.named["embedding"].t() if self.tied else self.named["head"])


def exact_norm():
    """Summed in double precision: the float32 sum of clip_grad_norm_ is good for four digits of ten million."""
    return math.sqrt(sum(values.grad.double().square().sum().item() for values in model.trained))


def train(steps, exact):
    losses, norms = [], []
    inputs, wanted = training[:, :-1], training[:, 1:].reshape(-1)
    for _ in range(steps):
        optimizer.zero_grad()
        with autocast():
            logits = model.logits(model.hidden(inputs))
        loss = functional.cross_entropy(logits.float().view(len(wanted), -1), wanted)
        loss.backward()
        norm = exact_norm() if exact else None
        clipped = torch.nn.utils.clip_grad_norm_(model.trained, 1.0).item()
        norms.append(norm if exact else clipped)
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "gradientNorms": norms}


@torch.no_grad()
def decode(batch, first):
    prompt_tokens, new_tokens = int(numbers["promptTokens"]), int(numbers["newTokens"])
    shape = [batch, model.kv_heads, prompt_tokens + new_tokens, model.head_size]
    cache = [tuple(torch.empty(shape, device=device) for _ in range(2)) for _ in range(model.layers)]
    inputs, start, tokens, logprobs = prompts[first : first + batch], 0, [], []
    for _ in range(new_tokens):
        with autocast():
            last = model.logits(model.hidden(inputs, cache, start)[:, -1])
        start += inputs.shape[1]
        best, token = torch.log_softmax(last.float(), -1).max(-1)
        tokens.append(token)
        logprobs.append(best)
        inputs = token.unsqueeze(1)
    torch.stack(logprobs, 1).cpu()
    return {"tokens": torch.stack(tokens, 1).tolist()}


def autocast():
    return torch.autocast(device.split(":")[0], torch.bfloat16, enabled=precision == "bf16")


torch.ones(1, device=device).sum().item()
runtime_bytes = status_bytes("VmRSS")
numbers, parameters, adapter, training, prompts = read_task()
model = Model(numbers, parameters, adapter)
optimizer = torch.optim.AdamW(
    model.trained, numbers["learningRate"], betas=(0.9, 0.98), eps=1e-8, weight_decay=0, foreach=on_gpu
)
name = torch.cuda.get_device_name(device) if on_gpu else "cpu"
print(json.dumps({"ready": f"PyTorch {torch.__version__} on {name}", "runtimeBytes": runtime_bytes}), flush=True)
for line in sys.stdin:
    command, *words = line.split()
    counts = [int(word) for word in words]
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = decode(*counts) if command == "decode" else train(*counts, command == "check")
    if on_gpu:
        torch.cuda.synchronize()
        result["devicePeakBytes"] = torch.cuda.max_memory_reserved()
    measured = {"seconds": time.perf_counter() - wall, "cpuSeconds": cpu_seconds() - cpu, "peakBytes": status_bytes("VmHWM")}
    print(json.dumps({**measured, **result}), flush=True)
