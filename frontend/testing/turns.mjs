/** Turns of the mock portal: they run by themselves, keep their events, and can be read from any number on. */
import { tellChange } from './changes.mjs';
import { makeMessage, makeSession, richAnswer, shortAnswer } from './content.mjs';
import { json, refuse } from './replies.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => new Date().toISOString();

export async function handleAsk(context) {
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
    const attachments = (body.attachments ?? []).map((id) => state.files.get(id));
    session.messages.push(
      makeMessage(userId, parentId, 'user', body.message, { attachments, created_at: now() }),
    );
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
  tellChange(state, [session.id]);
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
  tellChange(state, [turn.session.id]);
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

export function handleTurn(context) {
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
      messages_dropped_count: 1,
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
