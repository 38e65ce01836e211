/** Answers and conversations for the mock portal: everything that an answer can look like. */
import { makeAttachment } from './files.mjs';

export const richAnswer = `Here is a small **Python** client. It streams the answer and stops on the last event.

\`\`\`python
import json
import urllib.request


def ask(question: str, *, url: str = "http://localhost:8000") -> str:
    """Ask the portal one question and return the answer."""
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    request = urllib.request.Request(f"{url}/api/llm/chat", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:  # raises on 4xx and 5xx
        return json.load(response)["response"]


print(ask("What is the capital of Norway?"))
\`\`\`

What the fields mean:

| Field | Type | Default | What it does |
| --- | --- | ---: | --- |
| \`temperature\` | number | 0.6 | How freely the model chooses; \`0\` always takes the likeliest token |
| \`top_p\` | number | 0.9 | Only tokens within this share of probability |
| \`max_tokens\` | integer | 512 | Where the answer ends at the latest |

Three things to keep in mind:

1. Keys begin with \`pp_\` and are shown **once**.
2. A stream ends with exactly one of \`done\` or \`error\`.
3. Leaving the page does not stop an answer; see [the documentation](https://example.com/docs).
   - Stop does.
   - So does \`POST /turns/{id}/cancel\`.

> The first token took 2 ms on this machine.

The expected value is
$$
E[X] = \\sum_{i=1}^{n} p_i x_i
$$
and that is all.
`;

export const shortAnswer = 'Oslo is the capital of Norway. It lies at the northern end of the Oslofjord.';

export const dangerousAnswer = `A [bad link](javascript:alert(1)), a [good link](https://example.com/a), a data link [x](data:text/html,hi).

![a picture](https://images.example.com/pixel.png?secret=1)

<img src=x onerror="alert(1)"> and <script>alert(1)</script> stay text.
`;

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

export function makeSession(id, title, minutes, patch = {}) {
  return {
    id,
    title,
    title_source: 'auto',
    model: null,
    folder: null,
    pinned: false,
    archived: false,
    created_at: ago(minutes + 1),
    updated_at: ago(minutes),
    active_turn_id: null,
    system_prompt: null,
    active_leaf_id: null,
    messages: [],
    active_turn: null,
    ...patch,
  };
}

export function makeMessage(id, parentId, role, content, patch = {}) {
  const isAnswer = role === 'assistant';
  return {
    id,
    parent_id: parentId,
    role,
    content,
    reasoning: null,
    status: 'complete',
    model: isAnswer ? 'portal-demo' : null,
    turn_id: `turn-${id}`,
    usage: isAnswer
      ? {
          prompt_tokens: 812,
          completion_tokens: 236,
          total_tokens: 1048,
          cached_tokens: 760,
          reasoning_tokens: 0,
        }
      : null,
    timings: isAnswer ? { queued_ms: 0, ttft_ms: 43, total_ms: 1310, tokens_per_second: 186.4 } : null,
    finish_reason: null,
    error: null,
    attachments: [],
    created_at: ago(5),
    ...patch,
  };
}

export function sampleSessions() {
  const rich = makeSession('s-rich', 'A Python client for the portal', 6, { pinned: true });
  rich.messages = [
    makeMessage('m1', null, 'user', 'What is the capital of Norway?'),
    makeMessage('m2', 'm1', 'assistant', 'Bergen.', { created_at: ago(6) }),
    makeMessage('m2b', 'm1', 'assistant', shortAnswer),
    makeMessage('m3', 'm2b', 'user', 'Now write me a small Python client, and explain the fields.'),
    makeMessage('m4', 'm3', 'assistant', richAnswer, {
      reasoning: 'The person wants a client. urllib needs no package, so it runs everywhere.',
    }),
  ];
  rich.active_leaf_id = 'm4';
  const stopped = makeSession('s-stopped', 'Maze hints that do not spoil the game', 70);
  stopped.messages = [
    makeMessage('n1', null, 'user', 'Give me a hint for the maze, but do not spoil it.'),
    makeMessage('n2', 'n1', 'assistant', 'Keep the wall at your left hand, and', { status: 'stopped' }),
    makeMessage('n3', 'n2', 'user', 'Go on.'),
    makeMessage('n4', 'n3', 'assistant', 'It opens to the', {
      status: 'failed',
      error: {
        code: 'upstream_error',
        message: 'The model server closed the connection.',
        request_id: 'req_81c2',
      },
    }),
  ];
  stopped.active_leaf_id = 'n4';
  const long = makeSession('s-long', 'A thousand messages about nothing in particular', 60 * 26);
  let parent = null;
  for (let i = 0; i < 500; i++) {
    long.messages.push(makeMessage(`l${i}q`, parent, 'user', `Question number ${i + 1}: what happens next?`));
    long.messages.push(
      makeMessage(
        `l${i}a`,
        `l${i}q`,
        'assistant',
        i % 9 === 4 ? richAnswer : `Answer number ${i + 1}. ${shortAnswer}`,
      ),
    );
    parent = `l${i}a`;
  }
  long.active_leaf_id = parent;
  const danger = makeSession('s-danger', 'Links and images', 60 * 50);
  danger.messages = [
    makeMessage('d1', null, 'user', 'Show me links.'),
    makeMessage('d2', 'd1', 'assistant', dangerousAnswer),
  ];
  danger.active_leaf_id = 'd2';
  const files = makeSession('s-files', 'A map of the maze', 60 * 3, { model: 'qwen3-8b' });
  files.messages = [
    makeMessage('f1', null, 'user', 'Which way is out, as this map has it?', {
      attachments: [
        makeAttachment('map', 'map.png', 48_210),
        makeAttachment('rules', 'rules of the maze, third edition.pdf', 1_204_332),
      ],
    }),
    makeMessage('f2', 'f1', 'assistant', 'Follow the blue wall to the north. The gate is at its end.', {
      finish_reason: 'length',
    }),
  ];
  files.active_leaf_id = 'f2';
  const titles = [
    'Release notes for 0.4',
    'Why is the queue full at noon?',
    'Dialogue for the innkeeper',
    'JSON schema for quest rewards',
    'Regex for semantic versions',
    'Unit tests for the save system',
    'Translate the credits',
    'Explain the context ledger',
  ];
  const folders = [null, 'Operations', 'Game', 'Game', null, 'Game', null, 'Operations'];
  const others = titles.map((title, index) =>
    makeSession(`s-o${index}`, title, 60 * 24 * (index * 1.7 + 1), {
      folder: folders[index],
      archived: index === 6,
    }),
  );
  const archived = ['Names for the second boss', 'Which port does the broker take?'].map((title, index) =>
    makeSession(`s-a${index}`, title, 60 * 24 * (index * 40 + 20), {
      archived: true,
      folder: index === 0 ? 'Game' : null,
    }),
  );
  return [rich, stopped, files, long, danger, ...others, ...archived];
}
