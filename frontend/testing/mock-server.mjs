/** A portal without a model: speaks the HTTP contract on loopback, for the page's own tests and pictures. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { makeMessage, makeSession, richAnswer, sampleSessions, shortAnswer } from './content.mjs';

const contentSecurityPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; connect-src 'self'";
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => new Date().toISOString();

/** `options.dist`: a folder to serve; `options.tokenMs`: time between pieces; `options.isDemo`. */
export async function startMockServer(options = {}) {
  const state = {
    tokenMs: options.tokenMs ?? 8,
    isDemo: options.isDemo ?? true,
    sessions: new Map(sampleSessions().map((session) => [session.id, session])),
    turns: new Map(),
    keys: [],
    user: {
      id: 1,
      email: 'ada@example.com',
      role: 'admin',
      must_change_password: false,
      created_at: '2026-01-05T10:00:00Z',
    },
    isSignedIn: options.isSignedIn ?? true,
    failNextTurn: null,
    dropAfter: null,
    answer: null,
    count: 0,
    requests: [],
  };
  const server = createServer((request, response) => {
    handle(state, options, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, state, close };
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_mock', ...headers });
  response.end(JSON.stringify(body));
}
const refuse = (response, status, code, message) =>
  json(response, status, { error: { code, message, request_id: 'req_mock' } });

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
}

async function handle(state, options, request, response) {
  const url = new URL(request.url, 'http://mock');
  const path = url.pathname;
  if (!path.startsWith('/api/')) return serveFile(options, path, response);
  const body = request.method === 'GET' ? {} : await readBody(request);
  const context = { state, request, response, url, path, body, method: request.method };
  state.requests.push({ method: request.method, path, body, headers: request.headers });
  if (path === '/api/llm/health')
    return json(response, 200, {
      status: 'healthy',
      model: 'portal-demo',
      is_demo: state.isDemo,
      source: 'embedded',
      latency_ms: 2,
      message: null,
    });
  if (path.startsWith('/api/auth/') && (await handleAuth(context))) return;
  if (!request.headers.authorization) return refuse(response, 401, 'not_authenticated', 'Sign in first.');
  if (path.startsWith('/api/keys')) return handleKeys(context);
  if (path === '/api/models')
    return json(response, 200, {
      items: [
        {
          id: 'portal-demo',
          name: 'Portal demo',
          is_default: true,
          is_demo: true,
          source: 'embedded',
          context_window: 4096,
          capabilities: ['chat'],
        },
      ],
    });
  if (path.startsWith('/api/sessions')) return handleSessions(context);
  if (path === '/api/llm/chat/session/stream') return handleAsk(context);
  if (path.startsWith('/api/llm/turns/')) return handleTurn(context);
  return refuse(response, 404, 'not_found', 'No such route.');
}

async function serveFile({ dist }, path, response) {
  const wanted = normalize(path).replace(/^\/+/, '') || 'index.html';
  const body = await readFile(join(dist, wanted)).catch(() => null);
  const name = body ? wanted : 'index.html';
  response.writeHead(200, {
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': contentSecurityPolicy,
  });
  response.end(body ?? (await readFile(join(dist, 'index.html'))));
}

async function handleAuth({ state, response, path, body }) {
  const token = () =>
    json(response, 200, { access_token: `jwt-${++state.count}`, token_type: 'bearer', expires_in: 3600 });
  const route = path.slice('/api/auth/'.length);
  if (route === 'config')
    json(response, 200, { registration: 'open', min_password_length: 12, has_users: true });
  else if (route === 'refresh')
    state.isSignedIn ? token() : refuse(response, 401, 'not_authenticated', 'No refresh cookie.');
  else if (route === 'login') {
    if (body.password === 'wrong password')
      return refuse(response, 401, 'invalid_credentials', 'Email or password is wrong.') ?? true;
    state.isSignedIn = true;
    state.user.must_change_password = body.password === 'one-time password';
    token();
  } else if (route === 'change-password') {
    state.user.must_change_password = false;
    token();
  } else if (route === 'register') json(response, 200, state.user);
  else if (route === 'logout') {
    state.isSignedIn = false;
    json(response, 200, { ok: true });
  } else if (route === 'me') json(response, 200, state.user);
  else if (route === 'sessions')
    json(response, 200, {
      items: [
        {
          id: 'f1',
          created_at: now(),
          last_used_at: now(),
          user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/148.0',
          ip: '127.0.0.1',
          is_current: true,
        },
        {
          id: 'f2',
          created_at: '2026-11-01T08:00:00Z',
          last_used_at: '2026-11-18T08:00:00Z',
          user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1',
          ip: '192.168.1.20',
          is_current: false,
        },
      ],
    });
  else json(response, 200, { ok: true });
  return true;
}

function handleKeys({ state, response, method, path, body }) {
  if (method === 'GET') return json(response, 200, { items: state.keys });
  if (method === 'DELETE') {
    state.keys = state.keys.filter((key) => !path.endsWith(key.id));
    return json(response, 200, { ok: true });
  }
  const key = {
    id: `k${++state.count}`,
    prefix: 'pp_4fz81q',
    scopes: ['chat'],
    allowed_models: null,
    expires_at: null,
    requests_per_minute: null,
    tokens_per_minute: null,
    created_at: now(),
    last_used_at: null,
    ...body,
  };
  state.keys.push(key);
  return json(response, 201, { ...key, key: 'pp_4fz81qX0mN7vLr2Kc9TjWbE5yHsUdAgPoQ' });
}

const listed = ({ messages, system_prompt, active_turn, active_leaf_id, ...session }) => session;

function handleSessions({ state, response, url, method, path, body }) {
  const [, , , id, action] = path.split('/');
  if (!id) {
    const items = [...state.sessions.values()].filter((session) => !session.isDeleted).map(listed);
    items.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at.localeCompare(a.updated_at));
    return json(response, 200, { items, next_cursor: null });
  }
  if (id === 'search') return json(response, 200, { items: search(state, url.searchParams.get('q') ?? '') });
  const session = state.sessions.get(id);
  if (!session || (session.isDeleted && action !== 'restore'))
    return refuse(response, 404, 'not_found', 'No such conversation.');
  if (action === 'leaf') {
    session.active_leaf_id = body.message_id;
    for (;;) {
      const child = session.messages.findLast((m) => m.parent_id === session.active_leaf_id);
      if (!child) break;
      session.active_leaf_id = child.id;
    }
    return json(response, 200, { active_leaf_id: session.active_leaf_id });
  }
  if (action === 'restore') session.isDeleted = false;
  if (method === 'PATCH') Object.assign(session, body, body.title ? { title_source: 'user' } : {});
  if (method === 'DELETE') {
    session.isDeleted = true;
    return json(response, 200, { ok: true });
  }
  return json(response, 200, method === 'GET' ? session : listed(session));
}

function search(state, text) {
  const has = (value) => value.toLowerCase().includes(text.toLowerCase());
  return [...state.sessions.values()]
    .filter((session) => !session.isDeleted)
    .flatMap((session) => [
      ...(has(session.title)
        ? [
            {
              session_id: session.id,
              title: session.title,
              message_id: null,
              role: null,
              snippet: '',
              created_at: session.updated_at,
            },
          ]
        : []),
      ...session.messages
        .filter((message) => has(message.content))
        .slice(0, 3)
        .map((message) => ({
          session_id: session.id,
          title: session.title,
          message_id: message.id,
          role: message.role,
          snippet: excerpt(message.content, text),
          created_at: message.created_at,
        })),
    ])
    .slice(0, 20);
}

function excerpt(content, text) {
  const at = content.toLowerCase().indexOf(text.toLowerCase());
  return content.slice(Math.max(0, at - 40), at + 100).replaceAll('\n', ' ');
}

async function handleAsk(context) {
  const { state, request, response, body } = context;
  if (state.failNextTurn) {
    const [status, code] = state.failNextTurn;
    state.failNextTurn = null;
    return refuse(response, status, code, 'The portal said no.');
  }
  const idempotencyKey = request.headers['idempotency-key'];
  const known = [...state.turns.values()].find((turn) => turn.idempotencyKey === idempotencyKey);
  const turn = known ?? beginTurn(state, body, idempotencyKey);
  return streamTurn(context, turn, 0);
}

function beginTurn(state, body, idempotencyKey) {
  const number = ++state.count;
  if (!state.sessions.has(body.session_id))
    state.sessions.set(body.session_id, makeSession(body.session_id, (body.message ?? '').slice(0, 48), 0));
  const session = state.sessions.get(body.session_id);
  let userId = null;
  if (body.regenerate_of) {
    const target = session.messages.find((message) => message.id === body.regenerate_of);
    userId = target.role === 'assistant' ? target.parent_id : target.id;
  } else {
    userId = `u${number}`;
    const parentId = body.parent_id === undefined ? session.active_leaf_id : body.parent_id;
    session.messages.push(makeMessage(userId, parentId, 'user', body.message, { created_at: now() }));
  }
  const answer = makeMessage(`a${number}`, userId, 'assistant', '', {
    status: 'streaming',
    usage: null,
    timings: null,
    turn_id: `t${number}`,
    created_at: now(),
  });
  session.messages.push(answer);
  const turn = {
    id: `t${number}`,
    idempotencyKey,
    session,
    answer,
    userId,
    events: [],
    isCancelled: false,
    isOver: false,
  };
  Object.assign(session, {
    active_leaf_id: answer.id,
    active_turn_id: turn.id,
    updated_at: now(),
    active_turn: describeTurn(turn),
  });
  state.turns.set(turn.id, turn);
  void produce(state, turn, body);
  return turn;
}

const describeTurn = (turn) => ({
  id: turn.id,
  session_id: turn.session.id,
  status: 'streaming',
  user_message_id: turn.userId,
  assistant_message_id: turn.answer.id,
  model: null,
  usage: null,
  timings: null,
  error: null,
  finish_reason: null,
  created_at: now(),
});

async function produce(state, turn, body) {
  const emit = (event) => turn.events.push(event);
  const text = state.answer ?? (/python|client|api/i.test(body.message ?? '') ? richAnswer : shortAnswer);
  emit({
    session_id: turn.session.id,
    turn_id: turn.id,
    user_message_id: turn.userId,
    assistant_message_id: turn.answer.id,
  });
  if (/think/i.test(body.message ?? '')) {
    for (const word of 'The person wants me to think, so I do it step by step.'.split(/(?<= )/)) {
      turn.answer.reasoning = (turn.answer.reasoning ?? '') + word;
      emit({ reasoning: word });
      await sleep(state.tokenMs * 3);
    }
  }
  for (const progress of [0, 0.5, 1]) {
    emit({ progress });
    await sleep(state.tokenMs);
  }
  for (const piece of text.match(/\s*\S{1,7}|\s+$/g) ?? []) {
    if (turn.isCancelled) break;
    turn.answer.content += piece;
    emit({ content: piece, session_id: turn.session.id, turn_id: turn.id });
    await sleep(state.tokenMs);
  }
  const usage = {
    prompt_tokens: 412,
    completion_tokens: Math.round(text.length / 4),
    total_tokens: 412 + Math.round(text.length / 4),
    cached_tokens: 380,
    reasoning_tokens: 0,
  };
  const timings = { queued_ms: 0, ttft_ms: 38, total_ms: 1480, tokens_per_second: 171.3 };
  Object.assign(turn.answer, { status: turn.isCancelled ? 'stopped' : 'complete', usage, timings });
  Object.assign(turn.session, { active_turn_id: null, active_turn: null });
  emit({
    done: true,
    usage,
    model: 'portal-demo',
    finish_reason: turn.isCancelled ? 'cancelled' : 'stop',
    timings,
  });
  turn.isOver = true;
}

async function streamTurn({ state, response }, turn, after) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let sent = after;
  while (!response.destroyed) {
    while (sent < turn.events.length) {
      response.write(`id: ${sent + 1}\ndata: ${JSON.stringify(turn.events[sent])}\n\n`);
      sent += 1;
      if (state.dropAfter !== null && sent >= state.dropAfter) {
        state.dropAfter = null;
        return response.destroy();
      }
    }
    if (turn.isOver && sent === turn.events.length) break;
    await sleep(4);
  }
  response.end();
}

function handleTurn(context) {
  const { state, request, response, path } = context;
  const [, , , , id, action] = path.split('/');
  const turn = state.turns.get(id);
  if (action === 'ledger')
    return json(response, 200, {
      turn_id: id,
      model: 'portal-demo',
      context_window: 4096,
      budget_tokens: 3584,
      prompt_tokens_counted: 812,
      prompt_tokens_reported: 812,
      completion_tokens: 236,
      cached_tokens: 760,
      messages_sent: 5,
      messages_dropped: [{ message_id: 'm0', reason: 'budget' }],
      anchor_message_id: 'm1',
      trimmed: true,
      attempts: [{ target: 'embedded', status: 'ok', error: null, ttft_ms: 38 }],
    });
  if (!turn) return refuse(response, 404, 'not_found', 'No such turn.');
  if (action === 'events') return streamTurn(context, turn, Number(request.headers['last-event-id'] ?? 0));
  if (action === 'cancel') {
    turn.isCancelled = true;
    return json(response, 200, { ok: true, status: 'cancelled' });
  }
  return json(response, 200, describeTurn(turn));
}

if (process.argv[1]?.endsWith('mock-server.mjs')) {
  const { url } = await startMockServer({
    port: Number(process.env.PORT ?? 0),
    dist: new URL('../dist', import.meta.url).pathname,
  });
  console.log(url);
}
