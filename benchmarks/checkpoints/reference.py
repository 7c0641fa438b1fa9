"""Log-probabilities of a text under a Llama or Qwen3 model directory, in float64, from the formulas of the papers.

Usage: reference.py DIRECTORY < ids.json > logprobs.json
Reads token ids [n], prints the log-probability (nats) of each but the first given those before it [n - 1].
Knows nothing of Afterstate: it reads config.json and the safetensors files with the format's own library.
Needs numpy and safetensors. RoPE (arXiv:2104.09864) rotates a head's halves, as transformers does; its scalings are those of
Llama 3.1's reference code (llama3), arXiv:2306.15595 (linear) and arXiv:2309.00071 (yarn).
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open


def load(directory):
    tensors = {}
    for path in sorted(Path(directory).glob("*.safetensors")):
        with safe_open(path, framework="np") as file:
            for name in file.keys():
                tensors[name] = file.get_tensor(name)
    return tensors


def frequencies(config):
    """Radians a position for each pair of a head [S / 2], and what cos and sin are multiplied by."""
    size, base, scaling = config["head_dim"], config["rope_theta"], config["rope_scaling"]
    plain = base ** (-np.arange(0, size, 2) / size)
    if not scaling:
        return plain, 1.0
    factor = scaling["factor"]
    if scaling["rope_type"] == "linear":
        return plain / factor, 1.0
    original = scaling["original_max_position_embeddings"]
    if scaling["rope_type"] == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        waves = original * plain / (2 * math.pi)
        smooth = np.clip((waves - low) / (high - low), 0, 1)
        return (1 - smooth) * plain / factor + smooth * plain, 1.0

    def dimension(rotations):
        return size * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    first = max(0, math.floor(dimension(scaling["beta_fast"])))
    last = min(size - 1, math.ceil(dimension(scaling["beta_slow"])))
    ramp = np.clip((np.arange(size // 2) - first) / max(last - first, 0.001), 0, 1)
    return plain * (1 - ramp) + plain / factor * ramp, scaling.get("attention_factor", 0.1 * math.log(factor) + 1)


def logprobs(directory, ids):
    config = json.loads((Path(directory) / "config.json").read_text())
    tensors = load(directory)
    size, heads, kv_heads = config["head_dim"], config["num_attention_heads"], config["num_key_value_heads"]
    time = len(ids)
    per_position, temperature = frequencies(config)
    angles = np.arange(time)[:, None] * per_position[None]
    cos = np.concatenate([np.cos(angles)] * 2, axis=1)[:, None] * temperature
    sin = np.concatenate([np.sin(angles)] * 2, axis=1)[:, None] * temperature

    def norm(x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * weight

    def rope(x):
        half = size // 2
        return x * cos + np.concatenate([-x[..., half:], x[..., :half]], axis=-1) * sin

    x = tensors["model.embed_tokens.weight"][ids].astype(np.float64)
    future = np.triu(np.ones((time, time), dtype=bool), 1)
    for layer in range(config["num_hidden_layers"]):

        def weight(name):
            return tensors[f"model.layers.{layer}.{name}.weight"].astype(np.float64)

        h = norm(x, weight("input_layernorm"))
        q = (h @ weight("self_attn.q_proj").T).reshape(time, heads, size)
        k = (h @ weight("self_attn.k_proj").T).reshape(time, kv_heads, size)
        v = (h @ weight("self_attn.v_proj").T).reshape(time, kv_heads, size)
        if config["model_type"] == "qwen3":
            q, k = norm(q, weight("self_attn.q_norm")), norm(k, weight("self_attn.k_norm"))
        q, k = rope(q), np.repeat(rope(k), heads // kv_heads, axis=1)
        scores = np.einsum("thd,uhd->htu", q, k) / math.sqrt(size)
        scores = np.where(future, -np.inf, scores)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        attended = np.einsum("htu,uhd->thd", scores, np.repeat(v, heads // kv_heads, axis=1))
        x = x + attended.reshape(time, -1) @ weight("self_attn.o_proj").T
        h = norm(x, weight("post_attention_layernorm"))
        gate = h @ weight("mlp.gate_proj").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ weight("mlp.up_proj").T)) @ weight("mlp.down_proj").T
    head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    logits = norm(x, tensors["model.norm.weight"])[:-1] @ tensors[head].astype(np.float64).T
    logits -= logits.max(-1, keepdims=True)
    taken = logits[np.arange(time - 1), ids[1:]]
    return (taken - np.log(np.exp(logits).sum(-1))).tolist()


json.dump(logprobs(sys.argv[1], json.load(sys.stdin)), sys.stdout)
