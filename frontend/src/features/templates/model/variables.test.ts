import { expect, test } from 'vitest';
import { declareAll, mergeVariables } from './variables';

test('a name that nobody declared is a required text', () => {
  expect(declareAll('{{b}} {{a}}', [{ name: 'a', default: 'x' }])).toEqual([
    { name: 'a', default: 'x' },
    { name: 'b' },
  ]);
});

test('two templates share a field of the same name', () => {
  const merged = mergeVariables([{ name: 'a', default: '1' }], [{ name: 'a' }, { name: 'b' }]);
  expect(merged).toEqual([{ name: 'a', default: '1' }, { name: 'b' }]);
});
