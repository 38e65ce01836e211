import { expect, test } from 'vitest';
import { initialRaw, readValue, readValues } from './templateValues';

test('each type reads its own text and refuses the rest', () => {
  expect(readValue({ name: 'n', type: 'number' }, ' 2,5 ')).toEqual({ value: 2.5 });
  expect(readValue({ name: 'n', type: 'number' }, 'two')).toEqual({ problem: 'number' });
  expect(readValue({ name: 'b', type: 'boolean' }, 'false')).toEqual({ value: false });
  const mood = { name: 'c', type: 'choice' as const, choices: ['kind', 'stern'] };
  expect(readValue(mood, 'stern')).toEqual({ value: 'stern' });
  expect(readValue(mood, 'angry')).toEqual({ problem: 'choice' });
  expect(readValue({ name: 's', max_length: 3 }, 'four')).toEqual({ problem: 'tooLong' });
  expect(readValue({ name: 's' }, '0')).toEqual({ value: '0' });
});

test('an empty field takes the default; without one it is a problem only where a value must be', () => {
  expect(readValue({ name: 's', default: 'x' }, '')).toEqual({});
  expect(readValue({ name: 's', required: false }, '')).toEqual({});
  expect(readValue({ name: 's' }, '')).toEqual({ problem: 'required' });
  expect(initialRaw({ name: 'b', type: 'boolean' })).toBe('false');
  expect(initialRaw({ name: 'n', type: 'number', default: 0 })).toBe('0');
});

test('a form gives typed values, the texts to show, and every problem at once', () => {
  const variables = [
    { name: 'player' },
    { name: 'steps', type: 'number' as const },
    { name: 'mood', default: 'kind' },
    { name: 'unused' },
  ];
  const read = readValues(variables, { player: 'Ada', steps: 'many' }, ['player', 'steps', 'mood']);
  expect(read.values).toEqual({ player: 'Ada', mood: 'kind' });
  expect(read.texts).toEqual({ player: 'Ada', mood: 'kind' });
  expect(read.problems).toEqual({ steps: 'number' });
  const emptied = readValues(variables, { mood: '' }, ['mood']);
  expect(emptied.values).toEqual({});
  expect(emptied.texts.mood).toBe('kind');
});
