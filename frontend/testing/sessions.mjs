/** The conversations of the mock portal. */
import { handleShare } from './files.mjs';
import { json, refuse } from './replies.mjs';

const listed = ({ messages, system_prompt, active_turn, active_leaf_id, ...session }) => session;

export function handleSessions(context) {
  const { state, response, url, method, path, body } = context;
  const [, , , id, action] = path.split('/');
  if (!id) {
    const folder = url.searchParams.get('folder');
    const isArchived = url.searchParams.has('archived');
    const items = kept(state, isArchived)
      .filter((session) => folder === null || session.folder === folder)
      .map(listed);
    items.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at.localeCompare(a.updated_at));
    return json(response, 200, { items, next_cursor: null });
  }
  if (id === 'folders') return handleFolders(context, action);
  if (id === 'import') return takeIn(context);
  if (id === 'search') return json(response, 200, { items: search(state, url.searchParams.get('q') ?? '') });
  const session = state.sessions.get(id);
  if (!session || (session.isDeleted && action !== 'restore'))
    return refuse(response, 404, 'not_found', 'No such conversation.');
  if (action === 'share') return handleShare(context, session);
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

const kept = (state, isArchived) =>
  [...state.sessions.values()].filter((session) => !session.isDeleted && session.archived === isArchived);

function handleFolders({ state, response, body }, action) {
  const sessions = kept(state, false);
  if (!action) {
    const names = [...new Set(sessions.flatMap((session) => session.folder ?? []))].sort();
    const items = names.map((name) => ({
      name,
      sessions: sessions.filter((session) => session.folder === name).length,
    }));
    return json(response, 200, { items });
  }
  const isFill = action === 'fill';
  const chosen = sessions.filter((session) =>
    isFill ? body.session_ids.includes(session.id) : session.folder === body.name,
  );
  for (const session of chosen) session.folder = isFill ? body.name : body.new_name;
  return json(response, 200, { changed: chosen.length, session_ids: chosen.map((session) => session.id) });
}

/** Takes any list of titled conversations, and skips those without a title. */
function takeIn({ response, body }) {
  const items = (Array.isArray(body) ? body : body.sessions).map((item, index) => ({ ...item, index }));
  return json(response, 200, {
    imported: items
      .filter((item) => item.title)
      .map((item) => ({ session_id: `s-i${item.index}`, title: item.title, messages: 2 })),
    skipped: items
      .filter((item) => !item.title)
      .map((item) => ({ index: item.index, title: '', reason: 'It has no messages.' })),
  });
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
