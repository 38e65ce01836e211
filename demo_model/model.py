"""A small Llama in PyTorch: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SHORT_TOKENS = 192


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; `context_tokens` is the longest sequence in training."""

    vocabulary: int = 1536
    layers: int = 4
    width: int = 256
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 704
    context_tokens: int = 2048
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


def rotary(shape: Shape) -> tuple[Tensor, Tensor]:
    """Return cosines and sines, each (context_tokens, head_width / 2)."""
    exponents = torch.arange(0, shape.head_width, 2).float() / shape.head_width
    angles = torch.outer(torch.arange(shape.context_tokens).float(), shape.rope_base**-exponents)
    return angles.cos(), angles.sin()


def rotate(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate neighbouring pairs, as llama.cpp's `llama` architecture does (no permutation at export)."""
    even, odd = states[..., 0::2], states[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return causal attention, all (batch, heads, tokens, head_width).

    On a CPU the fused kernel's backward pass is four times slower than plain products on short sequences.
    """
    tokens = query.shape[2]
    if tokens > SHORT_TOKENS:
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    scores = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    ahead = torch.ones(tokens, tokens, dtype=torch.bool, device=query.device).triu(1)
    return torch.softmax(scores.masked_fill(ahead, -torch.inf), dim=-1).to(value.dtype) @ value


class Block(nn.Module):
    """One transformer layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        kv_width = shape.kv_heads * shape.head_width
        self.attention_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.query = nn.Linear(shape.width, shape.width, bias=False)
        self.key = nn.Linear(shape.width, kv_width, bias=False)
        self.value = nn.Linear(shape.width, kv_width, bias=False)
        self.output = nn.Linear(shape.width, shape.width, bias=False)
        self.feed_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.gate = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.up = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Map (batch, tokens, width) to the same shape."""
        batch, tokens, _ = states.shape
        normed = self.attention_norm(states)

        def heads(projected: Tensor, count: int) -> Tensor:
            return projected.view(batch, tokens, count, self.shape.head_width).transpose(1, 2)

        query = rotate(heads(self.query(normed), self.shape.heads), cosine, sine)
        key = rotate(heads(self.key(normed), self.shape.kv_heads), cosine, sine)
        value = heads(self.value(normed), self.shape.kv_heads)
        repeats = self.shape.heads // self.shape.kv_heads
        mixed = attend(
            query.to(value.dtype),
            key.to(value.dtype).repeat_interleave(repeats, dim=1),
            value.repeat_interleave(repeats, dim=1),
        )
        states = states + self.output(mixed.transpose(1, 2).reshape(batch, tokens, -1))
        normed = self.feed_norm(states)
        return states + self.down(functional.silu(self.gate(normed)) * self.up(normed))


class Llama(nn.Module):
    """The whole model; the output projection is the embedding matrix."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        cosine, sine = rotary(shape)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        deviation = 0.02
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                scale = (2 * shape.layers) ** -0.5 if name.endswith(("output.weight", "down.weight")) else 1.0
                nn.init.normal_(parameter, std=deviation * scale)

    def hidden(self, ids: Tensor) -> Tensor:
        """Map token ids (batch, tokens) to normed states (batch, tokens, width)."""
        states = self.embedding(ids)
        cosine, sine = self.cosine[: ids.shape[1]], self.sine[: ids.shape[1]]  # type: ignore[index]
        for block in self.blocks:
            states = block(states, cosine, sine)
        return self.norm(states)

    def logits(self, states: Tensor) -> Tensor:
        """Map states (…, width) to logits (…, vocabulary)."""
        return functional.linear(states, self.embedding.weight)
