/** The conversations of the mock portal. */
import { json, refuse } from './replies.mjs';

const listed = ({ messages, system_prompt, active_turn, active_leaf_id, ...session }) => session;

export function handleSessions({ state, response, url, method, path, body }) {
  const [, , , id, action] = path.split('/');
  if (!id) {
    const items = [...state.sessions.values()].filter((session) => !session.isDeleted).map(listed);
    items.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at.localeCompare(a.updated_at));
    return json(response, 200, { items, next_cursor: null });
  }
  if (id === 'folders') return json(response, 200, { items: [] });
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
