/** What was asked from this page, and the frames that come for it. */
import { useCallback, useEffect, useState } from 'react';
import { randomId } from '@/lib/ids';
import type { MqttLink } from '../model/mqttLink';
import { type AskedRequest, type Frame, newRequest, takeFrame } from '../model/requests';

const keptRequests = 200;

export function useRequests(link: MqttLink) {
  const [requests, setRequests] = useState<AskedRequest[]>([]);

  useEffect(
    () =>
      link.read(({ topic, text }) => {
        const prefix = link.getState().account?.topics.response;
        if (!prefix || !topic.startsWith(`${prefix}ask-`)) return;
        const now = performance.now();
        const frame = readFrame(text);
        if (frame) setRequests((all) => all.map((one) => takeFrame(one, frame, now)));
      }),
    [link],
  );
  // What was under way when the line broke may have been answered to nobody.
  useEffect(
    () =>
      link.watch(() => {
        if (link.getState().status === 'connected') return;
        setRequests((all) =>
          all.some((one) => one.outcome === 'running')
            ? all.map((one) => (one.outcome === 'running' ? { ...one, outcome: 'lost' } : one))
            : all,
        );
      }),
    [link],
  );

  const ask = useCallback(
    (session: string, message: string, isStreamed: boolean) => {
      const topics = link.getState().account?.topics;
      const id = `ask-${randomId().slice(0, 12)}`;
      const body = { id, session_id: session, message, stream: isStreamed };
      const request = newRequest(id, message, performance.now());
      if (topics && link.publish(topics.request, body))
        setRequests((all) => [...all, request].slice(-keptRequests));
    },
    [link],
  );

  const cancel = useCallback(
    (id: string) => {
      const topics = link.getState().account?.topics;
      if (topics) link.publish(`${topics.cancel}${id}`, {});
    },
    [link],
  );
  return { requests, ask, cancel };
}

function readFrame(text: string): Frame | null {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    return null;
  }
}
