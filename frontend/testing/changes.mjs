/** Open pages are told which conversations changed, as the portal tells them. */
export function followChanges({ state, response }) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: {"session_ids":[]}\n\n');
  state.followers.add(response);
  response.on('close', () => state.followers.delete(response));
}

/** `sessionIds`: null says that anything may have changed. */
export function tellChange(state, sessionIds) {
  for (const follower of state.followers)
    follower.write(`data: ${JSON.stringify({ session_ids: sessionIds })}\n\n`);
}
