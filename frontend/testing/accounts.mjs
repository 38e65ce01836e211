/** Signing in and keys of the mock portal. */
import { json, refuse } from './replies.mjs';

const now = () => new Date().toISOString();

export async function handleAuth({ state, response, path, body }) {
  const token = (more = {}) =>
    json(response, 200, {
      access_token: `jwt-${++state.count}`,
      token_type: 'bearer',
      expires_in: 3600,
      ...more,
    });
  const route = path.slice('/api/auth/'.length);
  if (route === 'config')
    json(response, 200, { registration: 'open', min_password_length: 12, has_users: true });
  else if (route === 'refresh')
    state.isSignedIn
      ? token({ user: state.user })
      : refuse(response, 401, 'not_authenticated', 'No refresh cookie.');
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

export function handleKeys({ state, response, method, path, body }) {
  if (method === 'GET') return json(response, 200, { items: state.keys });
  if (method === 'DELETE') {
    state.keys = state.keys.filter((key) => !path.endsWith(key.id));
    return json(response, 200, { ok: true });
  }
  if (method === 'PATCH') {
    const key = state.keys.find((one) => path.endsWith(one.id));
    return json(response, 200, Object.assign(key, body));
  }
  const key = {
    id: `k${++state.count}`,
    prefix: 'pp_4fz81q',
    scopes: ['chat'],
    allowed_models: null,
    expires_at: null,
    requests_per_minute: null,
    tokens_per_minute: null,
    budget: null,
    created_at: now(),
    last_used_at: null,
    ...body,
  };
  state.keys.push(key);
  return json(response, 201, { ...key, key: 'pp_4fz81qX0mN7vLr2Kc9TjWbE5yHsUdAgPoQ' });
}

/** What each key has used: of the first one something, so that the page has something to show. */
export function handleUsage({ state, response }) {
  const figures = {
    requests: 128,
    errors: 1,
    cancelled: 2,
    cache_hits: 0,
    prompt_tokens: 91_400,
    completion_tokens: 20_300,
    cached_tokens: 60_000,
    reasoning_tokens: 0,
    cost: 1.37,
  };
  const day = now().slice(0, 10);
  const groups = state.keys.slice(0, 1).map((key) => ({ key: key.id, label: key.name, ...figures }));
  return json(response, 200, {
    currency: 'USD',
    since: `${day.slice(0, 8)}01`,
    until: day,
    by: 'key',
    total: figures,
    groups,
  });
}
