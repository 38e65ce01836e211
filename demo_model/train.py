"""Trains the demo model on a freshly generated corpus; equal arguments give an equal tokenizer and corpus.

The schedule counts steps and never looks at the clock, so a run can be repeated.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tokenizers import Tokenizer

from demo_model.chat import segments
from demo_model.corpus.conversations import conversations
from demo_model.model import Llama, Shape
from demo_model.tokenizer import encode, train_tokenizer

TOKENIZER_SEED, CORPUS_SEED, BATCH_SEED, WEIGHT_SEED = 11, 12, 13, 14
TOKENIZER_CONVERSATIONS = 6000
POOL = 1500
# What is hard is which answer to begin; its long rest is soon known by heart. So most examples end soon after their
# last answer has begun, and the same time shows the model more questions.
CUT_SEED, CUT_SHARE, KEPT_TOKENS = 15, 0.7, 16
BATCH_TOKENS = 2560
PEAK_RATE, WARMUP_STEPS, DECAY_SHARE = 3.2e-3, 150, 0.35
# At the end a short second phase asks for capitals in the plainest way more often.
TUNE_STEPS, TUNE_RATE, TUNE_WARMUP, TUNE_SEED, PLAIN_SHARE = 400, 1.2e-3, 30, 16, 0.6
WEIGHT_DECAY, CLIP = 0.05, 1.0
SAVE_STEPS = 100
Example = tuple[list[int], list[bool]]


def build_tokenizer() -> Tokenizer:
    """Train the tokenizer on a corpus of its own."""
    corpus = conversations(TOKENIZER_SEED, TOKENIZER_CONVERSATIONS)
    return train_tokenizer(text for one in corpus for text, _ in segments(one))


def batches(tokenizer: Tokenizer, context_tokens: int, *, is_tuning: bool) -> Iterator[list[Example]]:
    """Yield batches of similar length without end; every conversation is new."""
    rng, cuts = random.Random(BATCH_SEED), random.Random(CUT_SEED)
    seed, plain_share = (TUNE_SEED, PLAIN_SHARE) if is_tuning else (CORPUS_SEED, 0.0)
    corpus = conversations(seed, sys.maxsize, plain_share)
    while True:
        pool = [encode(tokenizer, one) for one in islice(corpus, POOL)]
        pool = [(ids[:context_tokens], learnt[:context_tokens]) for ids, learnt in pool]
        pool = [cut(one) if cuts.random() < CUT_SHARE else one for one in pool]
        pool.sort(key=lambda example: len(example[0]))
        groups: list[list[Example]] = [[]]
        for example in pool:
            if groups[-1] and len(example[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS:
                groups.append([])
            groups[-1].append(example)
        rng.shuffle(groups)
        yield from groups


def cut(example: Example) -> Example:
    """Leave out the rest of the last answer."""
    ids, learnt = example
    end = len(learnt)
    while end and not learnt[end - 1]:
        end -= 1
    start = end
    while start and learnt[start - 1]:
        start -= 1
    end = min(len(ids), start + KEPT_TOKENS)
    return ids[:end], learnt[:end]


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
    """Return the learning rate: a linear warm-up, a plateau, and a linear decay to nothing; then a small hill.

    Until the decay begins a run does not depend on its length, so it can be resumed with other `steps`.
    """
    if step >= steps:
        return TUNE_RATE * min(
            1.0, (step - steps + 1) / TUNE_WARMUP, (steps + TUNE_STEPS - step) / TUNE_STEPS
        )
    decay_steps = int(steps * DECAY_SHARE)
    return PEAK_RATE * min(1.0, (step + 1) / WARMUP_STEPS, (steps - step) / decay_steps)


def loss_of(model: Llama, batch: list[Example]) -> Tensor:
    """Return the mean loss over the tokens that the assistant writes."""
    ids, mask = tensors(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = model.hidden(ids[:, :-1])
        logits = model.logits(states[mask[:, 1:]])
    return functional.cross_entropy(logits.float(), ids[:, 1:][mask[:, 1:]])


class Optimizers:
    """Muon for the matrices of the blocks, AdamW for embedding and norms, under one learning rate."""

    def __init__(self, model: Llama) -> None:
        matrices = [parameter for parameter in model.blocks.parameters() if parameter.ndim == 2]
        others = [model.embedding.weight, *(one for one in model.parameters() if one.ndim < 2)]
        self.muon = torch.optim.Muon(
            matrices, lr=PEAK_RATE, weight_decay=WEIGHT_DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        self.adam = torch.optim.AdamW(others, lr=PEAK_RATE, betas=(0.9, 0.95), weight_decay=0.0)

    def step(self, learning_rate: float) -> None:
        """Take one step and clear the gradients."""
        for optimizer in (self.muon, self.adam):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        """Return both states."""
        return [self.muon.state_dict(), self.adam.state_dict()]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Restore both states."""
        self.muon.load_state_dict(states[0])
        self.adam.load_state_dict(states[1])


@dataclass
class Progress:
    """What a run has done so far; seconds are summed over its resumed parts."""

    step: int = 0
    tokens: int = 0
    tokens_learnt: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, batch: list[Example], loss: float) -> None:
        """Count one step."""
        self.loss = loss if self.step == 0 else 0.98 * self.loss + 0.02 * loss
        self.step += 1
        self.tokens += sum(len(ids) for ids, _ in batch)
        self.tokens_learnt += sum(sum(learnt) for _, learnt in batch)


def train(steps: int, threads: int, folder: Path, is_resumed: bool) -> None:
    """Train for a number of steps, then tune, and save tokenizer, weights and figures."""
    torch.set_num_threads(threads)
    torch.manual_seed(WEIGHT_SEED)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = build_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    model = Llama(Shape())
    optimizers, progress = Optimizers(model), Progress()
    if is_resumed:
        saved = torch.load(folder / "checkpoint.pt", weights_only=True)
        model.load_state_dict(saved["model"])
        optimizers.load(saved["optimizers"])
        progress = Progress(**saved["progress"])
    # One graph for all lengths: fusing the small operations doubles the speed on a CPU (needs a C++ compiler).
    model.hidden = torch.compile(model.hidden, dynamic=True)  # type: ignore[method-assign]
    context = model.shape.context_tokens
    first = islice(batches(tokenizer, context, is_tuning=False), min(progress.step, steps), steps)
    second = islice(batches(tokenizer, context, is_tuning=True), max(0, progress.step - steps), None)
    source = chain(first, second)
    clocks = time.monotonic(), time.process_time()
    while progress.step < steps + TUNE_STEPS:
        batch = next(source)
        loss = loss_of(model, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizers.step(rate(progress.step, steps))
        progress.add(batch, loss.item())
        if progress.step % SAVE_STEPS == 0 or progress.step == steps + TUNE_STEPS:
            now = time.monotonic(), time.process_time()
            progress.seconds += now[0] - clocks[0]
            progress.cpu_seconds += now[1] - clocks[1]
            clocks = now
            save(model, optimizers, progress, folder)


def save(model: Llama, optimizers: Optimizers, progress: Progress, folder: Path) -> None:
    """Save weights, checkpoint and figures, and print a line."""
    weights = model.state_dict()
    torch.save(weights, folder / "model.pt")
    torch.save(
        {"model": weights, "optimizers": optimizers.state(), "progress": asdict(progress)},
        folder / "checkpoint.pt",
    )
    figures = {
        **asdict(progress),
        "parameters": sum(weight.numel() for weight in weights.values()),
        "batch_tokens": BATCH_TOKENS,
    }
    (folder / "training.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    speed = progress.tokens / progress.seconds
    print(
        f"step {progress.step}  loss {progress.loss:.4f}  {progress.tokens / 1e6:.2f} M tokens  {speed:.0f} tokens/s"
        f"  {progress.seconds:.0f} s  {progress.cpu_seconds:.0f} CPU s",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5800)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "build")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    arguments = parser.parse_args()
    train(arguments.steps, arguments.threads, arguments.out, arguments.resume)
