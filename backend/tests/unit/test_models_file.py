"""models.yaml: what it can say, and that every mistake is told with its line and without its secret."""

from __future__ import annotations

import pytest

from app.config import PROJECT_ROOT
from app.models.catalog import merged
from app.models.config_file import ConfigFileError, parse

GOOD = """\
providers:
  one:
    kind: vllm
    base_url: http://127.0.0.1:8001/v1
    api_key: ${ONE_KEY}
models:
  small:
    capabilities: [chat, code]
    targets:
      - provider: one
        model: org/small
        weight: 2
      - {provider: local, priority: 1}
"""


def environment(name: str) -> str | None:
    return {"ONE_KEY": "canary-secret"}.get(name)


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigFileError) as raised:
        parse(text, environment)
    return [str(mistake) for mistake in raised.value.mistakes]


def test_it_says_where_names_lead() -> None:
    found = parse(GOOD, environment)
    assert found.providers["one"].api_key.get_secret_value() == "canary-secret"
    assert "canary-secret" not in repr(found)
    first, second = found.models["small"].targets
    assert (first.provider, first.model, first.weight, first.priority) == ("one", "org/small", 2, 0)
    assert (second.provider, second.model, second.priority) == ("local", None, 1)
    assert found.models["small"].capabilities == ("chat", "code")


@pytest.mark.parametrize("text", ["", "# nothing\n", "providers:\nmodels:\n"])
def test_an_empty_file_defines_nothing(text: str) -> None:
    found = parse(text, environment)
    assert (found.providers, found.models) == ({}, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: vllm", "kind: vlm", "line 3: providers.one.kind:"),
        ("http://127.0.0.1:8001/v1", "ftp://host", "line 2: providers.one: The address must begin with http"),
        (
            "http://127.0.0.1:8001/v1",
            "http://169.254.169.254",
            "line 2: providers.one: No provider may be at",
        ),
        ("${ONE_KEY}", "${NO_SUCH}", "line 5: the environment has no variable NO_SUCH"),
        ("weight: 2", "wieght: 2", "line 12: models.small.targets.0.wieght: this field is not known"),
        ("weight: 2", "weight: -1", "line 12: models.small.targets.0.weight:"),
        (
            "provider: one",
            "provider: two",
            "line 10: models.small.targets.0.provider: there is no provider 'two'",
        ),
        ("models:", "providers:", "line 6: 'providers' is there twice"),
        ("[chat, code]", "[chat, fly]", "line 8: models.small.capabilities.1:"),
        ("    targets:", "   targets:", "line 9:"),
        ("small:", "auto:", "line 7: models.auto: 'auto' is what programs say"),
        ("${ONE_KEY}", "$ONE_KEY", "line 5: write ${ONE_KEY}"),
        ("8001/v1", "8001/v1?key=1", "line 2: providers.one: The address must hold no ?"),
        ("    targets:\n", "    targets: one\n    old:\n", "line 9: models.small.targets: it must be a list"),
        ("one:", "local:", "line 1: providers: 'local' is the portal's own model server"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, said: str) -> None:
    found = mistakes(GOOD.replace(old, new, 1))
    assert any(one.startswith(said) for one in found), found
    assert all("canary" not in one for one in found)


def test_all_mistakes_are_told_at_once_in_the_order_of_lines() -> None:
    found = mistakes(GOOD.replace("kind: vllm", "kind: x").replace("weight: 2", "weight: -2"))
    assert [one.split(":")[0] for one in found] == ["line 3", "line 12"]


@pytest.mark.parametrize(
    "text", ["- a\n- b\n", "just words", "a: *nowhere", "a: !!python/object:os.system {}", "\x00"]
)
def test_what_is_no_configuration_is_refused(text: str) -> None:
    assert mistakes(text)[0].startswith("line 1")


def test_an_anchor_that_holds_itself_is_a_mistake() -> None:
    text = "providers: &all {one: {base_url: http://127.0.0.1:1, mapping: {path: /x, request: *all}}}"
    assert mistakes(text) == ["line 1: an anchor holds itself, or the nesting is too deep"]


def test_the_sample_is_valid() -> None:
    sample = (PROJECT_ROOT / "deploy" / "models.sample.yaml").read_text(encoding="utf-8")
    assert {"llama3.1:8b", "qwen-coder", "llama2-13b-vllm", "llama-cpp-python"} == set(
        parse(sample, environment).models
    )


def test_a_name_of_the_file_keeps_what_it_says_beside_a_stored_provider() -> None:
    one = "models: {small: {cache_seconds: 60, context_window: 9000, price: {input: 1}, targets: [{provider: local}]}}"
    other = """
providers: {two: {base_url: "http://127.0.0.1:8002"}}
models: {small: {capabilities: [vision], context_window: 4000, targets: [{provider: two, price: {input: 5}}, {provider: two}]}}
"""
    both = merged(parse(one, environment), parse(other, environment))["small"]
    assert (both.cache_seconds, both.context_window, both.capabilities) == (60, 4000, ("chat", "vision"))
    prices = [target.price.input if target.price is not None else None for target in both.targets]
    assert (prices, both.price) == ([1, 5, None], None)  # the last one's is its provider's
