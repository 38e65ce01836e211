import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Arrival, MqttLink } from '../model/mqttLink';
import { useRequests } from './useRequests';

function open() {
  let reader: (arrival: Arrival) => void = () => {};
  let watcher = () => {};
  let status = 'connected';
  let client = 'page-a';
  const sent: [string, { id: string }][] = [];
  const account = () => ({
    client_id: client,
    topics: { request: `${client}/req`, response: 'r/', cancel: 'c/' },
  });
  const link = {
    getState: () => ({ account: account(), status }),
    watch: (one: typeof watcher) => {
      watcher = one;
      return () => {};
    },
    read: (one: typeof reader) => {
      reader = one;
      return () => {};
    },
    publish: (...one: (typeof sent)[number]) => sent.push(one) > 0,
  } as unknown as MqttLink;
  const hook = renderHook(() => useRequests(link));
  const become = (next: string, as = client) =>
    act(() => {
      [status, client] = [next, as];
      watcher();
    });
  const arrive = (frame: { id: string; seq: number; type: string; text: string }) =>
    act(() => reader({ topic: `r/${frame.id}`, text: JSON.stringify(frame) }));
  return { hook, sent, become, arrive };
}

test('what was under way when the line broke is sent again under its id, once, and answered', () => {
  const { hook, sent, become, arrive } = open();
  act(() => hook.result.current.ask('s', 'Hello', true));
  const id = sent[0]?.[1].id ?? '';
  arrive({ id, seq: 1, type: 'delta', text: 'Hel' });
  become('waiting');
  become('connecting');
  expect(hook.result.current.requests[0]?.outcome).toBe('running');
  become('connected');
  become('connected');
  expect(sent.map(([topic, body]) => [topic, body.id])).toEqual([
    ['page-a/req', id],
    ['page-a/req', id],
  ]);
  arrive({ id, seq: 4, type: 'final', text: 'Hello!' });
  expect(hook.result.current.requests[0]).toMatchObject({ outcome: 'final', text: 'Hello!', missing: 2 });
  become('waiting');
  become('connected');
  expect(sent.length).toBe(2);
});

test('what another account asked is lost', () => {
  const { hook, sent, become } = open();
  act(() => hook.result.current.ask('s', 'Hello', true));
  become('waiting');
  become('connected', 'page-b');
  expect(sent.length).toBe(1);
  expect(hook.result.current.requests[0]?.outcome).toBe('lost');
});
