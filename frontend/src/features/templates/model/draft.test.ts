import { expect, test } from 'vitest';
import { draftOf, emptyDraft, hasProblems, isChanged, problemsOf, toWrite, withContent } from './draft';

const template = {
  title: 'Maze guide',
  description: '',
  content: 'Guide {{player}}, be {{mood}}.',
  tags: ['maze', 'game'],
  variables: [
    { name: 'player', type: 'string' as const, description: '', required: true, default: null },
    { name: 'mood', type: 'choice' as const, choices: ['kind', 'stern'], default: 'kind' },
  ],
};

test('what is loaded and saved unchanged says the same', () => {
  const draft = draftOf(template);
  expect(isChanged(draft, draftOf(template))).toBe(false);
  expect(toWrite(draft)).toMatchObject({
    content: template.content,
    tags: ['maze', 'game'],
    variables: [
      { name: 'player', type: 'string', required: true, default: null, choices: null },
      { name: 'mood', type: 'choice', choices: ['kind', 'stern'], default: 'kind' },
    ],
  });
});

test('a name typed into the text gets a row; a row that says nothing goes with its name', () => {
  const draft = withContent(draftOf(template), 'Guide {{hero}}.');
  expect(draft.variables.map((row) => row.name)).toEqual(['mood', 'hero']);
  expect(withContent(draft, 'Nobody.').variables.map((row) => row.name)).toEqual(['mood']);
});

test('defaults are read by their type', () => {
  const draft = withContent({ ...emptyDraft, title: 'T' }, '{{n}} {{b}}');
  const typed = {
    ...draft,
    variables: draft.variables.map((row) =>
      row.name === 'n'
        ? { ...row, type: 'number' as const, defaultText: '3' }
        : { ...row, type: 'boolean' as const, defaultText: 'false' },
    ),
  };
  expect(toWrite(typed).variables?.map((variable) => variable.default)).toEqual([3, false]);
});

test('what is missing or wrong is named before anything is sent', () => {
  expect(problemsOf(emptyDraft)).toMatchObject({ title: 'titleMissing', content: 'contentMissing' });
  const wrong = withContent({ ...emptyDraft, title: 'T' }, 'ok {{a}}\n{{a.b}}');
  expect(problemsOf(wrong).content).toEqual({ line: 2, column: 1 });
  const draft = draftOf(template);
  expect(hasProblems(problemsOf(draft))).toBe(false);
  const [player, mood] = draft.variables;
  if (!player || !mood) throw new Error('two rows');
  const rows = [
    { ...player, type: 'number' as const, defaultText: 'many' },
    { ...mood, choicesText: ' \n' },
  ];
  expect(problemsOf({ ...draft, variables: rows }).variables).toEqual({
    player: 'defaultWrong',
    mood: 'choicesMissing',
  });
});
