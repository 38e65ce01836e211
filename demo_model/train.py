"""Trains the demo model on a freshly generated corpus; equal arguments give an equal tokenizer and corpus.

The schedule counts steps and never looks at the clock, so a run can be repeated.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demo_model.chat import segments
from demo_model.corpus.conversations import conversations
from demo_model.model import Llama, Shape
from demo_model.tokenizer import encode, train_tokenizer
from tokenizers import Tokenizer

TOKENIZER_SEED, CORPUS_SEED, BATCH_SEED, WEIGHT_SEED = 11, 12, 13, 14
TOKENIZER_CONVERSATIONS = 6000
POOL = 1500
BATCH_TOKENS = 8192
PEAK_RATE, FINAL_SHARE, WARMUP_STEPS = 2.5e-3, 0.03, 100
WEIGHT_DECAY, CLIP = 0.05, 1.0
Example = tuple[list[int], list[bool]]


def build_tokenizer() -> Tokenizer:
    """Train the tokenizer on a corpus of its own."""
    corpus = conversations(TOKENIZER_SEED, TOKENIZER_CONVERSATIONS)
    return train_tokenizer(text for one in corpus for text, _ in segments(one))


def batches(tokenizer: Tokenizer, context_tokens: int) -> Iterator[list[Example]]:
    """Yield batches of similar length without end; every conversation is new."""
    rng = random.Random(BATCH_SEED)
    corpus = conversations(CORPUS_SEED, sys.maxsize)
    while True:
        pool = [encode(tokenizer, one) for one in islice(corpus, POOL)]
        pool = [(ids[:context_tokens], learnt[:context_tokens]) for ids, learnt in pool]
        pool.sort(key=lambda example: len(example[0]))
        groups: list[list[Example]] = [[]]
        for example in pool:
            if groups[-1] and len(example[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS:
                groups.append([])
            groups[-1].append(example)
        rng.shuffle(groups)
        yield from groups


def tensors(batch: list[Example]) -> tuple[Tensor, Tensor]:
    """Return padded ids and the mask of learnt tokens, both (batch, tokens)."""
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, (tokens, learnt) in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = torch.tensor(learnt)
    return ids, mask


def rate(step: int, steps: int) -> float:
    """Return the learning rate: a linear warm-up, then a cosine down to a small share."""
    if step < WARMUP_STEPS:
        return PEAK_RATE * (step + 1) / WARMUP_STEPS
    progress = (step - WARMUP_STEPS) / max(1, steps - WARMUP_STEPS)
    return PEAK_RATE * (FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * progress)))


def loss_of(model: Llama, batch: list[Example]) -> Tensor:
    """Return the mean loss over the tokens that the assistant writes."""
    ids, mask = tensors(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = model.hidden(ids[:, :-1])
        logits = model.logits(states[mask[:, 1:]])
    return functional.cross_entropy(logits.float(), ids[:, 1:][mask[:, 1:]])


def optimizer_for(model: nn.Module) -> torch.optim.AdamW:
    """Return AdamW; norms do not decay."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.95), fused=True)


def train(steps: int, threads: int, folder: Path) -> None:
    """Train for a number of steps and save tokenizer, weights and figures."""
    torch.set_num_threads(threads)
    torch.manual_seed(WEIGHT_SEED)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = build_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    model = Llama(Shape())
    optimizer = optimizer_for(model)
    source = batches(tokenizer, model.shape.context_tokens)
    begun, seen, seen_learnt, average = time.monotonic(), 0, 0, 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        batch = next(source)
        loss = loss_of(model, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen += sum(len(ids) for ids, _ in batch)
        seen_learnt += sum(sum(learnt) for _, learnt in batch)
        average = loss.item() if step == 0 else 0.98 * average + 0.02 * loss.item()
        if step % 50 == 49 or step == steps - 1:
            spent = time.monotonic() - begun
            print(f"step {step + 1}/{steps}  loss {average:.4f}  {seen / 1e6:.2f} M tokens  {seen / spent:.0f} tokens/s  {spent:.0f} s", flush=True)
            torch.save(model.state_dict(), folder / "model.pt")
    figures = {
        "steps": steps, "threads": threads, "tokens": seen, "tokens_learnt": seen_learnt, "loss": round(average, 4),
        "seconds": round(time.monotonic() - begun), "parameters": sum(p.numel() for p in model.parameters()),
    }
    (folder / "training.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "build")
    arguments = parser.parse_args()
    train(arguments.steps, arguments.threads, arguments.out)
