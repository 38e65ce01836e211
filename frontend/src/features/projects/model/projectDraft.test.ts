import { expect, test } from 'vitest';
import type { ProjectRead } from '@/lib/apiSchemas';
import { draftOf, emptyDraft, settingsOf, wrongFields } from './projectDraft';

const dragon: ProjectRead = {
  name: 'dragon',
  is_builtin: false,
  is_changed: false,
  updated_at: null,
  system_prompt: 'You are a dragon.',
  template_id: 3,
  template_version: null,
  variables: { player: 'Ada' },
  model: null,
  temperature: 0,
  top_p: 0.5,
  max_tokens: 80,
  deadline_seconds: null,
  answer_schema: { type: 'object' },
  priority: 'batch',
  coalesces_states: false,
};

test('what is not touched is saved as it was', () => {
  const { name, is_builtin, is_changed, updated_at, ...settings } = dragon;
  expect(settingsOf(draftOf(dragon), { player: 'Ada' })).toEqual(settings);
});

test('a template brings its version and values along, and takes them away with it', () => {
  const pinned = { ...draftOf(dragon), template_version: '2' };
  expect(settingsOf(pinned, { steps: 3 })).toMatchObject({
    template_id: 3,
    template_version: 2,
    variables: { steps: 3 },
  });
  const without = settingsOf({ ...pinned, template_id: '' }, { steps: 3 });
  for (const name of ['template_id', 'template_version', 'variables'])
    expect(without).not.toHaveProperty(name);
});

test('what cannot be is told, and a comma is a point', () => {
  expect(wrongFields(emptyDraft)).toEqual([]);
  expect(wrongFields({ ...emptyDraft, temperature: '0,7', top_p: '1' })).toEqual([]);
  expect(settingsOf({ ...emptyDraft, temperature: '0,7' }, {}).temperature).toBe(0.7);
  const wrong = {
    temperature: '3',
    top_p: '0',
    max_tokens: '1.5',
    deadline_seconds: 'soon',
    answer_schema: '[1]',
  };
  expect(wrongFields({ ...emptyDraft, ...wrong })).toEqual(Object.keys(wrong));
});
