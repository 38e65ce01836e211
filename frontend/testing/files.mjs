/** Files and shared conversations of the mock portal. */
import { json, refuse } from './replies.mjs';

const mapDrawing = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="640" viewBox="0 0 16 16">
<rect width="16" height="16" fill="#e8ecf4"/>
<path d="M1 1h14v14H1zM4 1v8h4V5h4v7H4M12 12h3" fill="none" stroke="#3f5fb5" stroke-width=".6"/>
<circle cx="2.5" cy="13.5" r=".7" fill="#d0563c"/></svg>`;

const types = { png: 'image/png', jpg: 'image/jpeg', pdf: 'application/pdf', txt: 'text/plain' };

export const makeAttachment = (id, name, sizeBytes) => ({
  id,
  name,
  kind: /\.(png|jpg)$/.test(name) ? 'image' : 'document',
  media_type: types[name.split('.').at(-1)] ?? 'text/plain',
  size_bytes: sizeBytes,
});

export function handleAttachments({ state, response, url, method, path, bytes }) {
  const [, , , id, action] = path.split('/');
  if (method === 'DELETE') return json(response, 200, { ok: true });
  if (action === 'content') {
    // The drawing stands for every image.
    response.writeHead(200, { 'content-type': 'image/svg+xml' });
    return response.end(mapDrawing);
  }
  if (id) return refuse(response, 404, 'attachment_not_found', 'No such file.');
  const name = url.searchParams.get('name') ?? 'file';
  if (/\.(exe|zip)$/.test(name))
    return refuse(response, 415, 'unsupported_file', `${name} is not an image, a PDF, a DOCX or text.`);
  const file = makeAttachment(`f${++state.count}`, name, bytes);
  state.files.set(file.id, file);
  return json(response, 201, {
    ...file,
    created_at: new Date().toISOString(),
    width: null,
    height: null,
    text_chars: null,
    truncated: false,
  });
}

export function handleShare({ state, response, method }, session) {
  const share = state.shares.get(session.id);
  const now = new Date().toISOString();
  if (method === 'DELETE') {
    state.shares.delete(session.id);
    return json(response, 200, { ok: true });
  }
  if (method === 'POST') {
    const token = 'Zk3vQ9wRx2LrTnB7yHsUdAgP';
    state.shares.set(session.id, {
      is_shared: true,
      created_at: now,
      updated_at: now,
      messages: 4,
      includes_reasoning: false,
      is_outdated: false,
    });
    return json(response, 201, { created_at: now, token, url: `https://portal.example.com/s/${token}` });
  }
  return json(response, 200, share ?? { is_shared: false });
}

/** Any token but `gone` opens the conversation about the client. */
export function handleShared({ state, response, path }) {
  if (path.endsWith('/gone')) return refuse(response, 404, 'not_found', 'Nothing is shared here.');
  const session = state.sessions.get('s-rich');
  const shown = ['m1', 'm2b', 'm3', 'm4'].map((id) => session.messages.find((message) => message.id === id));
  return json(response, 200, {
    title: session.title,
    created_at: session.created_at,
    updated_at: session.updated_at,
    messages: shown.map(({ role, content, reasoning, created_at }, index) => ({
      role,
      content,
      reasoning,
      created_at,
      files: index === 2 ? ['fields of a request.pdf'] : [],
    })),
  });
}
