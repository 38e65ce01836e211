/** A portal without a model: speaks the HTTP contract on loopback, for the page's own tests and pictures. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { handleAuth, handleKeys, handleUsage } from './accounts.mjs';
import { followChanges, tellChange } from './changes.mjs';
import { sampleSessions } from './content.mjs';
import { handleAttachments, handleShared } from './files.mjs';
import { json, refuse } from './replies.mjs';
import { handleSessions } from './sessions.mjs';
import { answerOnce, handleTemplates, sampleTemplates } from './templates.mjs';
import { handleAsk, handleTurn } from './turns.mjs';

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

const secondModel = {
  id: 'qwen3-8b',
  name: 'Qwen3 8B',
  is_default: false,
  is_demo: false,
  source: 'configured',
  context_window: 32768,
  capabilities: ['chat', 'vision'],
};

/** `options.dist`: a folder to serve; `options.tokenMs`: time between pieces; `options.isDemo`. */
export async function startMockServer(options = {}) {
  const state = {
    tokenMs: options.tokenMs ?? 8,
    isDemo: options.isDemo ?? true,
    sessions: new Map(sampleSessions().map((session) => [session.id, session])),
    turns: new Map(),
    followers: new Set(),
    keys: [],
    shares: new Map(),
    files: new Map(),
    templates: options.isFresh ? [] : sampleTemplates(),
    hasTwoModels: options.hasTwoModels ?? false,
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

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function handle(state, options, request, response) {
  const url = new URL(request.url, 'http://mock');
  const path = url.pathname;
  if (!path.startsWith('/api/')) return serveFile(options, path, response);
  const sent = await readBody(request);
  const isFile = request.headers['content-type'] === 'application/octet-stream';
  const body = sent.length > 0 && !isFile ? JSON.parse(sent.toString()) : {};
  const { method } = request;
  const context = { state, request, response, url, path, body, method, bytes: sent.length };
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
  if (path.startsWith('/api/shared/')) return handleShared(context);
  if (!request.headers.authorization) return refuse(response, 401, 'not_authenticated', 'Sign in first.');
  if (path.startsWith('/api/keys')) return handleKeys(context);
  if (path.startsWith('/api/usage')) return handleUsage(context);
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
        ...(state.hasTwoModels ? [secondModel] : []),
      ],
    });
  if (path.startsWith('/api/templates')) return handleTemplates(context);
  if (path === '/api/llm/chat/stream') return answerOnce(context);
  if (path.startsWith('/api/attachments')) return handleAttachments(context);
  if (path === '/api/sessions/changes') return followChanges(context);
  if (path.startsWith('/api/sessions')) {
    if (method !== 'GET') response.on('finish', () => tellChange(state, null));
    return handleSessions(context);
  }
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

if (process.argv[1]?.endsWith('mock-server.mjs')) {
  const { url } = await startMockServer({
    port: Number(process.env.PORT ?? 0),
    dist: new URL('../dist', import.meta.url).pathname,
  });
  console.log(url);
}
