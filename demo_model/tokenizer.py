"""The byte-level BPE tokenizer: trained on the corpus, split as llama.cpp's `qwen2` pre-tokenizer splits."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from demo_model.chat import CONTROL_TOKENS, MARKUP_TOKENS, Conversation, segments

VOCABULARY_SIZE = 1536
# llama.cpp splits by this expression for `tokenizer.ggml.pre = qwen2`; digits stay single, so sums can be learnt.
SPLIT = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Train on texts; equal texts in equal order give an equal tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(MARKUP_TOKENS),
        special_tokens=CONTROL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in MARKUP_TOKENS])
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Load a tokenizer that train.py saved."""
    return Tokenizer.from_file(str(path))


def encode(tokenizer: Tokenizer, conversation: Conversation) -> tuple[list[int], list[bool]]:
    """Return the token ids of a conversation and which of them are learnt.

    Segments end at special tokens or line ends, where the split always breaks, so encoding them apart
    equals encoding the whole.
    """
    ids: list[int] = []
    learnt: list[bool] = []
    for text, is_learnt in segments(conversation):
        piece = tokenizer.encode(text).ids
        ids.extend(piece)
        learnt.extend([is_learnt] * len(piece))
    return ids, learnt
