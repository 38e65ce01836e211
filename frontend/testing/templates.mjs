/** Templates of the mock portal, and answers outside any conversation. */
import { shortAnswer } from './content.mjs';
import { json, refuse } from './replies.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const variable = (name, patch = {}) => ({
  name,
  type: 'string',
  description: '',
  required: true,
  default: null,
  choices: null,
  max_length: null,
  ...patch,
});

function makeTemplate(id, userId, title, content, variables, patch = {}) {
  const version = { version: 1, content, variables, created_at: ago(60 * 30) };
  return {
    id,
    user_id: userId,
    title,
    description: '',
    content,
    variables,
    tags: [],
    is_active: true,
    is_public: false,
    version: 1,
    created_at: ago(60 * 30),
    updated_at: ago(45),
    versions: [version],
    ...patch,
  };
}

export function sampleTemplates() {
  const guide = makeTemplate(
    1,
    1,
    'Maze guide',
    'You are {{character}}, who guides {{player}} through a maze. Be {{mood}}.\nGive one hint at a time, and never give the way away.',
    [
      variable('character', { description: 'Who speaks', default: 'an old owl', max_length: 60 }),
      variable('player', { max_length: 40 }),
      variable('mood', { type: 'choice', choices: ['kind', 'stern', 'playful'], default: 'kind' }),
    ],
    {
      description: 'Hints in a character’s voice, without spoilers.',
      tags: ['maze', 'game'],
      is_public: true,
    },
  );
  guide.version = 2;
  guide.versions.unshift({ ...guide.versions[0], version: 2, created_at: ago(45) });
  guide.versions[1].content = 'You guide {{player}} through a maze.';
  guide.versions[1].variables = [variable('player')];
  const review = makeTemplate(
    2,
    1,
    'Code review',
    'You review {{language}} code. Name only what is wrong, most severe first.',
    [variable('language', { default: 'Python' })],
    { description: 'Finds what is wrong, most severe first.', tags: ['code'] },
  );
  const shared = makeTemplate(
    3,
    2,
    'Release notes',
    'Turn these changes into release notes for {{audience}}, in at most {{lines}} lines.',
    [
      variable('audience', { type: 'choice', choices: ['players', 'engineers'] }),
      variable('lines', { type: 'number', default: 12 }),
    ],
    { is_public: true, description: 'From a list of changes to something that people read.' },
  );
  return [guide, review, shared];
}

const listed = ({ versions, ...template }) => template;

export function handleTemplates({ state, response, method, path, body }) {
  const [, , , id, part] = path.split('/');
  if (!id && method === 'GET') return json(response, 200, state.templates.map(listed));
  if (!id) {
    const template = makeTemplate(
      100 + ++state.count,
      1,
      body.title,
      body.content,
      body.variables ?? [],
      body,
    );
    state.templates.unshift(template);
    return json(response, 201, listed(template));
  }
  const template = state.templates.find((candidate) => String(candidate.id) === id);
  if (!template) return refuse(response, 404, 'template_not_found', 'There is no template of that id.');
  if (part === 'versions') return json(response, 200, template.versions);
  if (method === 'DELETE') {
    state.templates = state.templates.filter((candidate) => candidate !== template);
    return json(response, 200, { ok: true });
  }
  if (method === 'PATCH') changeTemplate(template, body);
  return json(response, 200, listed(template));
}

function changeTemplate(template, patch) {
  const isNew = patch.content !== undefined && patch.content !== template.content;
  Object.assign(template, patch, { updated_at: new Date().toISOString() });
  if (!isNew) return;
  template.version += 1;
  template.versions.unshift({
    version: template.version,
    content: template.content,
    variables: template.variables,
    created_at: template.updated_at,
  });
}

/** POST /api/llm/chat/stream: nothing is kept. */
export async function answerOnce({ state, response, body }) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let number = 0;
  const send = (event) => response.write(`id: ${++number}\ndata: ${JSON.stringify(event)}\n\n`);
  const text = state.answer ?? shortAnswer;
  for (const piece of text.match(/\s*\S{1,7}|\s+$/g) ?? []) {
    if (response.destroyed) return;
    send({ content: piece });
    await sleep(state.tokenMs);
  }
  const usage = {
    prompt_tokens: 96,
    completion_tokens: 21,
    total_tokens: 117,
    cached_tokens: 0,
    reasoning_tokens: 0,
  };
  const timings = { queued_ms: 0, ttft_ms: 31, total_ms: 412, tokens_per_second: 168.2 };
  send({ done: true, usage, timings, model: body.model ?? 'portal-demo', finish_reason: 'stop' });
  response.end();
}
