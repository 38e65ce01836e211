/** What was asked from this page, and the frames that come for it. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { randomId } from '@/lib/ids';
import type { MqttLink } from '../model/mqttLink';
import { type AskedRequest, type Frame, newRequest, takeFrame } from '../model/requests';

const keptRequests = 200;

interface SentRequest {
  /** By which account. */
  client: string;
  body: { id: string; session_id: string; message: string; stream: boolean };
}

export function useRequests(link: MqttLink) {
  const [requests, setRequests] = useState<AskedRequest[]>([]);
  const sent = useRef(new Map<string, SentRequest>());

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
  // What was under way when the line broke is sent again under its id: the portal answers from its store, or goes on.
  // Another account is another client, which has no such request.
  useEffect(() => {
    let isConnected = link.getState().status === 'connected';
    return link.watch(() => {
      const { status, account } = link.getState();
      const isBack = !isConnected && status === 'connected';
      isConnected = status === 'connected';
      if (!isBack || !account) return;
      const lost = new Set<string>();
      for (const { client, body } of sent.current.values())
        if (client !== account.client_id || !link.publish(account.topics.request, body)) lost.add(body.id);
      if (lost.size > 0)
        setRequests((all) => all.map((one) => (lost.has(one.id) ? { ...one, outcome: 'lost' } : one)));
      for (const id of lost) sent.current.delete(id);
    });
  }, [link]);
  // Only what has no answer yet is sent again.
  useEffect(() => {
    for (const { id, outcome } of requests) if (outcome !== 'running') sent.current.delete(id);
  }, [requests]);

  const ask = useCallback(
    (session: string, message: string, isStreamed: boolean) => {
      const { account } = link.getState();
      const id = `ask-${randomId().slice(0, 12)}`;
      const body = { id, session_id: session, message, stream: isStreamed };
      const request = newRequest(id, message, performance.now());
      if (!account || !link.publish(account.topics.request, body)) return;
      sent.current.set(id, { client: account.client_id, body });
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
