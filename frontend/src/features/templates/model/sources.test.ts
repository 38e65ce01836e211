import { expect, test } from 'vitest';
import { askBody, draftSource, readSource, versionSource } from './sources';

const version = {
  version: 3,
  content: 'Guide {{player}}.',
  variables: [{ name: 'player' }],
  created_at: '2026-01-01T00:00:00Z',
};

test('a stored version is rendered by the portal, with the values that it knows', () => {
  expect(askBody(versionSource(7, version), { player: 'Ada', other: 'x' }, 'Where to?', 'm')).toEqual({
    model: 'm',
    template_id: 7,
    template_version: 3,
    variables: { player: 'Ada' },
    messages: [{ role: 'user', content: 'Where to?' }],
  });
});

test('a draft that nobody stored goes as its text', () => {
  const draft = draftSource('Guide {{player}}, \\{{so}}.', [{ name: 'player', default: 'Bo' }]);
  expect(askBody(draft, {}, 'Hi')).toEqual({
    messages: [
      { role: 'system', content: 'Guide Bo, {{so}}.' },
      { role: 'user', content: 'Hi' },
    ],
  });
});

test('what has no value is a problem of that source alone', () => {
  expect(readSource(versionSource(7, version), {}).problems).toEqual({ player: 'required' });
  expect(readSource(draftSource('Hello', [{ name: 'player' }]), {}).problems).toEqual({});
});
