import { act, renderHook } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import type { Arrival, MqttLink } from '../model/mqttLink';
import { newLevel } from './game';
import { useGuide } from './useGuide';

const account = {
  password: 'ppm_x',
  topics: { response: 'r/', projects: { maze: { state: 'maze/state', user_input: 'maze/user_input' } } },
};

function play() {
  let reader: (arrival: Arrival) => void = () => {};
  let watcher = () => {};
  let status = 'connected';
  const sent: [string, Record<string, unknown>][] = [];
  const link = {
    getState: () => ({ account, status }),
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
  const onHint = vi.fn();
  const game = { ...newLevel(7, 1), phase: 'playing' as const };
  const hook = renderHook(({ sessionId }) => useGuide({ link, game, sessionId, onHint, onAsked: () => {} }), {
    initialProps: { sessionId: 's1' },
  });
  const arrive = (topic: string, text: string) => act(() => reader({ topic, text }));
  const become = (next: string) =>
    act(() => {
      status = next;
      watcher();
    });
  return { hook, sent, onHint, arrive, become };
}

test('the state goes out with its number, and the hint that brings it back is done', () => {
  const { hook, sent, onHint, arrive } = play();
  act(() => hook.result.current.ask());
  expect(hook.result.current.isAsking).toBe(true);
  const [topic, payload] = sent[0] ?? [];
  expect(topic).toBe('maze/state');
  expect(payload).toMatchObject({
    sessionId: 's1',
    token: 'ppm_x',
    replyTopic: 'r/s1/1',
    player_pos: [1, 1],
  });
  arrive('r/s1/1', '{"hint": "Go.", "freeze_germs_ms": 3000}');
  expect(onHint).toHaveBeenCalledWith({ hint: 'Go.', freeze_germs_ms: 3000 });
  expect(hook.result.current).toMatchObject({ isAsking: false, said: [{ text: 'Go.', deeds: ['freeze'] }] });
});

test('an older hint never follows a newer one, and what is not for this game is left alone', () => {
  const { hook, onHint, arrive } = play();
  act(() => hook.result.current.ask());
  act(() => hook.result.current.ask());
  arrive('r/s1/2', '{"hint": "New."}');
  expect(hook.result.current.isAsking).toBe(false);
  arrive('r/s1/1', '{"hint": "Old."}');
  arrive('r/s1/2', '{"hint": "Again."}');
  arrive('r/s2/3', '{"hint": "Another game."}');
  arrive('r/s1', '{"hint": "Nobody asked."}');
  expect(onHint.mock.calls).toEqual([[{ hint: 'New.' }]]);
});

test('an error is said and does nothing; words go to the guide as they are', () => {
  const { hook, sent, onHint, arrive } = play();
  act(() => hook.result.current.say('Help!'));
  expect(sent[0]?.[0]).toBe('maze/user_input');
  expect(sent[0]?.[1]).toMatchObject({ message: 'Help! I am at [1, 1], the exit is at [1, 9].' });
  arrive('r/s1/1', 'Error: Slower, please.');
  expect(onHint).not.toHaveBeenCalled();
  expect(hook.result.current.said).toMatchObject([{ isError: true, text: 'Slower, please.' }]);
});

test('nobody waits for an answer that the line may have lost; one that comes late still counts', () => {
  const { hook, onHint, arrive, become } = play();
  act(() => hook.result.current.ask());
  become('connected');
  expect(hook.result.current.isAsking).toBe(true);
  become('waiting');
  expect(hook.result.current.isAsking).toBe(false);
  become('connected');
  arrive('r/s1/1', '{"hint": "Late."}');
  expect(onHint).toHaveBeenCalledWith({ hint: 'Late.' });
});

test('a new game does not wait for what the last one asked', () => {
  const { hook } = play();
  act(() => hook.result.current.ask());
  hook.rerender({ sessionId: 's2' });
  expect(hook.result.current.isAsking).toBe(false);
});
