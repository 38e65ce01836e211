/** The portal tells which conversations changed, from whichever device, program or game. */
import { openResponse } from '@/lib/http';
import { readServerEvents } from '@/lib/sse';

/** Call `onChange` with ids of changed conversations (null: look at all) until the stream ends; the first are none. */
export async function followChanges(
  onChange: (sessionIds: string[] | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await openResponse('/api/sessions/changes', {
    signal,
    headers: { accept: 'text/event-stream' },
  });
  await readServerEvents(response, ({ data }) => {
    const event = JSON.parse(data) as { session_ids?: string[] | null; error?: unknown };
    if (event.session_ids !== undefined) onChange(event.session_ids);
  });
}
