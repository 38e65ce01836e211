"""Writes the trained model as a q8_0 GGUF with its tokenizer and chat template."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy
import torch
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, RopeScalingType, TokenType, quants

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demo_model.chat import CONTROL_TOKENS, END, MARKUP_TOKENS, PAD
from demo_model.model import Shape

FOLDER = Path(__file__).resolve().parent
BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "feed_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def gguf_name(name: str) -> str:
    """Return llama.cpp's name of a weight."""
    if name == "embedding.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, part, kind = name.split(".")
    return f"blk.{layer}.{BLOCK_NAMES[part]}.{kind}"


def add_shape(writer: GGUFWriter, shape: Shape) -> None:
    """Write the sizes."""
    writer.add_name("Prompt Portal demo")
    writer.add_description(
        "A tiny model that shows Prompt Portal at work; for anything else connect a real model."
    )
    writer.add_license("mit")
    writer.add_languages(["en"])
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context_tokens)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_scaling_type(RopeScalingType.NONE)


def add_tokenizer(writer: GGUFWriter, path: Path) -> None:
    """Write vocabulary, merges, special tokens and the chat template."""
    description = json.loads(path.read_text(encoding="utf-8"))
    ids = dict(description["model"]["vocab"])
    ids.update({token["content"]: token["id"] for token in description["added_tokens"]})
    tokens = sorted(ids, key=lambda token: ids[token])
    kinds = [
        TokenType.CONTROL
        if token in CONTROL_TOKENS
        else TokenType.USER_DEFINED
        if token in MARKUP_TOKENS
        else TokenType.NORMAL
        for token in tokens
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in description["model"]["merges"]])
    writer.add_eos_token_id(ids[END])
    writer.add_pad_token_id(ids[PAD])
    writer.add_add_bos_token(False)
    writer.add_chat_template((FOLDER / "chat_template.jinja").read_text(encoding="utf-8"))


def export(build: Path, target: Path) -> None:
    """Write the GGUF: matrices in q8_0, norms in float32."""
    shape = Shape()
    writer = GGUFWriter(target, "llama")
    add_shape(writer, shape)
    add_tokenizer(writer, build / "tokenizer.json")
    weights: dict[str, torch.Tensor] = torch.load(build / "model.pt", map_location="cpu", weights_only=True)
    for name, weight in weights.items():
        values = weight.float().numpy().astype(numpy.float32)
        kind = GGMLQuantizationType.Q8_0 if values.ndim == 2 else GGMLQuantizationType.F32
        writer.add_tensor(gguf_name(name), quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    data = target.read_bytes()
    print(f"{target.name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=FOLDER / "build")
    parser.add_argument("--out", type=Path, default=FOLDER / "prompt-portal-demo.gguf")
    arguments = parser.parse_args()
    export(arguments.build, arguments.out)
