"""Every block of docs/integration.md runs but for its address: against a portal with the sample's names, without keys."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from app.config import PROJECT_ROOT
from app.db.migrate import upgrade
from tests.fakes.upstream import FakeUpstream, threaded_upstream
from tests.fixtures.portal import PortalProcess
from tests.fixtures.programs import find_node
from tests.fixtures.redis import RedisServer

PAGE = (PROJECT_ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
BLOCKS: dict[str, str] = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
NAMES = ["llama3.1:8b", "qwen-coder", "llama2-13b-vllm", "llama-cpp-python"]
SCRIPT = PROJECT_ROOT / "scripts" / "validate-unified-backend.sh"


class Servers:
    """The portal, and the model servers of the sample."""

    def __init__(self, portal: PortalProcess, ollama: FakeUpstream, vllm: FakeUpstream, folder: Path) -> None:
        self.portal = portal
        self.ollama = ollama
        self.vllm = vllm
        self.folder = folder

    def block(self, name: str) -> str:
        """Return a block for this portal's address."""
        return BLOCKS[name].replace("localhost:4000", f"localhost:{self.portal.port}")

    def write(self, name: str) -> Path:
        file = self.folder / name
        file.write_text(self.block(name), encoding="utf-8")
        return file

    def load(self, name: str) -> Any:
        """Run a block as a module, in this process: importing an SDK takes longer than all that it does here."""
        return SimpleNamespace(**runpy.run_path(str(self.write(name))))

    def start(self, name: str) -> None:
        """Run a block as a program."""
        runpy.run_path(str(self.write(name)), run_name="__main__")

    def run(self, command: list[str], **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("integration")
    data = folder / "data"
    data.mkdir()
    upgrade("sqlite:///./app.db", data)
    with contextlib.ExitStack() as stack:
        ollama = stack.enter_context(threaded_upstream(kind="ollama", model="qwen2.5-coder:7b"))
        vllm = stack.enter_context(threaded_upstream(kind="vllm", model="meta-llama/Llama-2-13b-chat-hf"))
        plain = stack.enter_context(threaded_upstream(kind="openai", model="llama-cpp-python"))
        sample = (PROJECT_ROOT / "deploy" / "models.sample.yaml").read_text(encoding="utf-8")
        for port, server in ((11434, ollama), (8001, vllm), (8002, plain)):
            sample = sample.replace(f"http://127.0.0.1:{port}\n", f"{server.url}\n")
        (data / "models.yaml").write_text(sample, encoding="utf-8")
        settings = dict(line.split("=", 1) for line in BLOCKS["models.env"].splitlines())
        settings["MODELS_FILE"] = str(data / "models.yaml")
        portal = PortalProcess(
            data, 1, {**settings, "LLM_SERVER_URL": ollama.url, "DATABASE_URL": "sqlite:///./app.db"}
        )
        portal.start()
        stack.callback(portal.stop)
        yield Servers(portal, ollama, vllm, folder)


def test_each_block_is_taken_by_a_test() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert len(BLOCKS) >= 18
    assert {name for name in BLOCKS if name not in words} == set()
    assert len(re.findall("^```", PAGE, re.MULTILINE)) == 2 * len(BLOCKS)


def test_the_first_calls(servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    servers.start("first_call.py")
    assert capsys.readouterr().out == "You said: Name three rivers.\n"
    servers.start("sdk_call.py")
    assert capsys.readouterr().out == "You said: What is a qubit?\nYou said: And an ebit?"
    servers.start("batch.py")
    assert capsys.readouterr().out == "['You said: One?', 'You said: Two?', 'You said: Three?']\n"
    assert servers.vllm.requests[-1].body["model"] == "meta-llama/Llama-2-13b-chat-hf"
    shell = servers.run(["bash", "-c", servers.block("first_call.sh")])
    assert all(f'"{name}"' in shell for name in NAMES)
    assert '"You said: Reverse a string in Python."' in shell and shell.rstrip().endswith("data: [DONE]")


def test_the_research_assistant(servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    servers.start("ai_backend.py")
    assert capsys.readouterr().out.splitlines() == [
        "You said: What does attention do in a transformer?",
        "You said: a binary search",
        "You said: Write about the ethics of machines.",
    ]
    asked = servers.ollama.requests[-2].body
    assert (asked["model"], asked["temperature"]) == ("qwen2.5-coder:7b", 0.3)


def test_the_patterns(servers: Servers) -> None:
    workflows = servers.load("workflows.py")
    both = workflows.MultiModelWorkflow().research_and_code("a stack", "C")
    assert both["code"] == "You said: Build a stack in C." and "a stack" in both["research"]
    assert workflows.SmartModelSelector().generate("implement a queue") == "You said: implement a queue"
    resilient = servers.load("resilient.py").ResilientAIClient()
    answer = resilient.generate_with_fallback("Still there?", "no-such-model")
    assert answer == {"content": "You said: Still there?", "model_used": "llama3.1:8b", "fallback_used": True}
    safe = servers.load("safe.py").SafeAIClient()
    assert safe.generate("no-such-model", "Hm?") is None
    assert safe.generate("qwen-coder", "Hm?") == "You said: Hm?"


def test_the_nodes_of_comfyui(servers: Servers) -> None:
    nodes = {name: node() for name, node in servers.load("ai_text_node.py").NODE_CLASS_MAPPINGS.items()}
    assert all(getattr(node, node.FUNCTION) for node in nodes.values())
    assert nodes["AITextGenerator"].generate("A poem.", "llama2-13b-vllm", 0.7, 500) == ("You said: A poem.",)
    assert nodes["AIPromptEnhancer"].enhance("a cat", "anime") == ("You said: a cat",)
    wishes = [node.INPUT_TYPES()["required"] for node in nodes.values()]
    assert wishes[0]["max_tokens"][1]["max"] == 4000 and "style" in wishes[1]


_PAGE_PROGRAM = """
import { transformWithOxc } from 'vite';
import { readFileSync, writeFileSync } from 'node:fs';
for (const [from, to] of [['aiBackend.ts', 'aiBackend.mjs'], ['ChatInterface.tsx', 'ChatInterface.mjs']]) {
  const made = await transformWithOxc(readFileSync(from, 'utf8'), from, { jsx: { development: false } });
  writeFileSync(to, made.code.replace(/\\.\\/aiBackend(?=["'])/, './aiBackend.mjs'));
}
const { UnifiedAIClient } = await import('./aiBackend.mjs');
const { ChatInterface } = await import('./ChatInterface.mjs');
const { renderToString } = await import('react-dom/server');
const { createElement } = await import('react');
const client = new UnifiedAIClient();
const request = { model: 'llama3.1:8b', messages: [{ role: 'user', content: 'Grüße an 東京!' }] };
const pieces = [];
for await (const piece of client.streamChatCompletion(request)) pieces.push(piece);
let refusal = '';
try { await client.chatCompletion({ ...request, model: 'nothing' }); } catch (error) { refusal = error.message; }
const html = renderToString(createElement(ChatInterface));
console.log(JSON.stringify([await client.chatCompletion(request), pieces, refusal, html]));
"""


def test_the_page_under_node(servers: Servers) -> None:
    servers.write("aiBackend.ts")
    servers.write("ChatInterface.tsx")
    program = servers.folder / "page.mjs"
    program.write_text(_PAGE_PROGRAM, encoding="utf-8")
    modules = servers.folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(PROJECT_ROOT / "frontend" / "node_modules", target_is_directory=True)
    whole, pieces, refusal, html = json.loads(servers.run([find_node(), "--preserve-symlinks", "page.mjs"]))
    assert whole == "".join(pieces) == "You said: Grüße an 東京!" and len(pieces) > 3
    assert "no model named 'nothing'" in refusal and html.startswith("<form>")


def test_a_service_before_it(servers: Servers) -> None:
    with TestClient(servers.load("ai_service.py").app) as client:
        assert set(NAMES) <= set(client.get("/api/models").json()["models"])
        told = client.post("/api/chat", json={"message": "Hi.", "context": []}).json()
        assert told == {"response": "You said: Hi.", "model_used": "llama3.1:8b"}
        code = client.post("/api/code", json={"task": "sort", "language": "Go"}).json()
        assert code["code"].endswith("A Go function that does this: sort")
        assert client.post("/api/chat", json={"message": "Hi.", "model": "nothing"}).status_code == 502


def test_a_cache_of_the_programs_own(servers: Servers, redis_server: RedisServer, redis_url: str) -> None:
    file = servers.write("cached.py")
    file.write_text(
        file.read_text(encoding="utf-8").replace("6379", str(redis_server.port)), encoding="utf-8"
    )
    client = runpy.run_path(str(file))["CachedAIClient"]()
    before = len(servers.ollama.requests)
    told = {client.generate("llama3.1:8b", [{"role": "user", "content": "Again?"}]) for _ in range(3)}
    assert told == {"You said: Again?"}
    assert len(servers.ollama.requests) == before + 1
    client.redis.close()


def test_langchain_and_the_llm_tool(servers: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    servers.start("langchain_call.py")
    assert capsys.readouterr().out == "You said: What is a monad?\nYou said: And a functor?"
    servers.write("extra-openai-models.yaml")
    assert yaml.safe_load(BLOCKS["extra-openai-models.yaml"])[0]["model_name"] in NAMES
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    folder = str(servers.folder)
    told = servers.run(["bash", "-c", servers.block("llm_call.sh")], LLM_USER_PATH=folder, PATH=tools)
    assert told.splitlines() == ["You said: What is a heron?", "You said: And an egret?"]


def test_the_start_is_the_set_ups(servers: Servers) -> None:
    copied, started = (line.split("#")[0].split() for line in BLOCKS["start.sh"].splitlines())
    assert (PROJECT_ROOT / copied[1]).exists() and copied[0] == "cp"
    told = subprocess.run(
        [PROJECT_ROOT / started[0], "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert started[1:] == ["--port", "4000"] and "--port" in told


def test_the_script_says_what_answers_and_what_does_not(servers: Servers) -> None:
    command = [str(SCRIPT), "--url", f"http://localhost:{servers.portal.port}"]
    told = servers.run(command)
    assert [line.split("  ")[0] for line in told.splitlines()] == ["ok"] * (1 + 2 * len(NAMES))
    failed: Any = subprocess.run(
        [*command, "--key", "pp_" + "a" * 43, "qwen-coder"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1 and failed.stdout.count("FAIL") == 3 and "401" in failed.stdout
    assert shutil.which("curl")
