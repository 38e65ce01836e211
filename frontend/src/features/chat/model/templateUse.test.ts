import { beforeEach, expect, test } from 'vitest';
import { forgetSession } from '@/lib/authSession';
import { chooseTemplate, dropTemplate, markTemplateSent, templateOf } from './templateUse';

const guide = { id: 3, title: 'Guide', version: 2, variables: { player: 'Ada' } };

beforeEach(() => forgetSession(true));

test('each conversation has its own template; it is in the browser’s storage, too', () => {
  chooseTemplate('s1', guide);
  expect(templateOf('s1')).toEqual(guide);
  expect(templateOf('s2')).toBeNull();
  expect(localStorage.getItem('portal.template.s1')).toContain('"version":2');
});

test('who leaves on purpose leaves nothing; a sign-in that ran out costs nothing', () => {
  chooseTemplate('s1', guide);
  forgetSession();
  expect(templateOf('s1')).toEqual(guide);
  forgetSession(true);
  expect(templateOf('s1')).toBeNull();
});

test('the instructions from before come back when a template that was sent is dropped', () => {
  chooseTemplate('s1', guide);
  expect(dropTemplate('s1')).toBeUndefined();
  chooseTemplate('s1', guide);
  markTemplateSent('s1', 'Be brief.');
  markTemplateSent('s1', 'Guide Ada.');
  chooseTemplate('s1', { ...guide, variables: { player: 'Bo' } });
  expect(dropTemplate('s1')).toBe('Be brief.');
  expect(templateOf('s1')).toBeNull();
});
