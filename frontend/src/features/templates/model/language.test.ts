import { expect, test } from 'vitest';
import { firstError, namesIn, parseTemplate, renderParts } from './language';

const rendered = (content: string, texts: Record<string, string>) =>
  renderParts(parseTemplate(content), texts)
    .map((part) => part.text)
    .join('');

test('variables are found, each once, with blanks around the name', () => {
  expect(namesIn(parseTemplate('{{a}} and {{ b_2 }} and {{a}}'))).toEqual(['a', 'b_2']);
});

test('a value goes in as it is and is never read as a template', () => {
  expect(rendered('Hello {{name}}!', { name: '{{other}} $& \\{{x' })).toBe('Hello {{other}} $& \\{{x!');
});

test('a backslash writes the braces, two write a backslash and then the value', () => {
  expect(rendered('\\{{name}} \\\\{{name}} \\\\\\{{name}} C:\\dir', { name: 'Ada' })).toBe(
    '{{name}} \\Ada \\{{name}} C:\\dir',
  );
});

test('names of objects’ own methods are variables like any other', () => {
  expect(rendered('{{constructor}}', { constructor: 'x' })).toBe('x');
  expect(renderParts(parseTemplate('{{constructor}}'), {})).toEqual([
    { text: '{{constructor}}', name: 'constructor', isMissing: true },
  ]);
});

test('anything else after the braces is an error, with its place', () => {
  for (const wrong of ['{{}}', '{{a.b}}', '{{a|upper}}', '{{1a}}', '{{a', '{{ä}}', '{{#if a}}']) {
    expect(firstError(`one\n  ${wrong}`)).toEqual({ line: 2, column: 3 });
  }
  expect(firstError('fine {{a}} } } { {')).toBeNull();
});

test.each(['', 'plain', '{{a}}b', '\\\\\\{{a}}', '{{{a}}}', 'x\\{{y}} {{ z }}\n{{bad z}}', '\\{\\{'])(
  'the pieces of %j make the whole again',
  (content) => {
    expect(
      parseTemplate(content)
        .map((segment) => segment.source)
        .join(''),
    ).toBe(content);
  },
);

test('many backslashes take no long time', () => {
  const started = performance.now();
  parseTemplate('\\'.repeat(100_000));
  expect(performance.now() - started).toBeLessThan(1000);
});
