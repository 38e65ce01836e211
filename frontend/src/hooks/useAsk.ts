/** One answer outside any conversation, streamed; leaving or stopping ends it on the server too. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type AskState, applyAskEvent, idleAsk } from '@/lib/askEvents';
import type { TurnError, VariableValues } from '@/lib/contracts';
import { ApiError, isAbort } from '@/lib/errors';
import { createEventBuffer } from '@/lib/eventBuffer';
import { openResponse } from '@/lib/http';
import { readServerEvents } from '@/lib/sse';

export interface AskBody {
  messages: { role: 'system' | 'user'; content: string }[];
  model?: string;
  template_id?: number;
  template_version?: number;
  variables?: VariableValues;
  temperature?: number | null;
  top_p?: number | null;
  max_tokens?: number | null;
  response_format?: Record<string, unknown>;
}

export function useAsk() {
  const [state, setState] = useState<AskState>(idleAsk);
  const controller = useRef<AbortController>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const ask = useCallback(async (body: AskBody) => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    setState({ ...idleAsk, phase: 'waiting' });
    const buffer = createEventBuffer((events) => {
      if (!own.signal.aborted) setState((current) => events.reduce(applyAskEvent, current));
    });
    try {
      const response = await openResponse('/api/llm/chat/stream', {
        method: 'POST',
        signal: own.signal,
        headers: { accept: 'text/event-stream' },
        body,
      });
      await readServerEvents(response, buffer.push);
      buffer.flush();
      // A line that broke without an end is an end too.
      if (!own.signal.aborted)
        setState((current) => (current.outcome ? current : failed(current, new Error())));
    } catch (error) {
      buffer.flush();
      if (!isAbort(error) && !own.signal.aborted) setState((current) => failed(current, error));
    }
  }, []);

  const stop = useCallback(() => {
    controller.current?.abort();
    setState((current) =>
      current.outcome || current.phase === 'idle'
        ? current
        : { ...current, phase: 'finished', outcome: 'stopped' },
    );
  }, []);

  return { state, ask, stop, isRunning: state.phase !== 'idle' && state.outcome === null };
}

function failed(state: AskState, error: unknown): AskState {
  const turnError: TurnError =
    error instanceof ApiError
      ? { code: error.code, message: error.message, request_id: error.requestId }
      : { code: 'offline', message: error instanceof Error ? error.message : String(error) };
  return { ...state, phase: 'finished', outcome: 'failed', error: turnError };
}
