// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { expect, test } from 'vitest';
import de from '../src/locales/de.json';
import en from '../src/locales/en.json';
import zh from '../src/locales/zh.json';

const pluralEnding = /_(zero|one|two|few|many|other)$/;

function flatten(node: object, prefix = ''): [string, string][] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'object' ? flatten(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );
}

const english = new Map(flatten(en));
const placeholdersOf = (text: string) => [...text.matchAll(/\{\{\w+\}\}/g)].map(([name]) => name).sort();

/** Every key that a language must have: a word that is counted, in each of the forms that the language counts in. */
function keysFor(language: string): string[] {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const keys = [...english.keys()].flatMap((key) => {
    if (!pluralEnding.test(key)) return [key];
    const base = key.replace(pluralEnding, '');
    return english.has(`${base}_other`) ? forms.map((form) => `${base}_${form}`) : [key];
  });
  return [...new Set(keys)].sort();
}

test.each([
  ['de', de],
  ['zh', zh],
])('%s has every word, no other, and says the same figures and names', (language, words) => {
  const own = new Map(flatten(words));
  expect([...own.keys()].sort()).toEqual(keysFor(language));
  expect([...own.entries()].filter(([, text]) => text.trim() === '')).toEqual([]);
  const others = [...own].filter(([key, text]) => {
    const original = english.get(key) ?? english.get(key.replace(pluralEnding, '_other')) ?? '';
    return placeholdersOf(text).join() !== placeholdersOf(original).join();
  });
  expect(others).toEqual([]);
});

interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

/** What may stand in the page as it is: names, and what is the same in every language. */
const namesOfTheirOwn = new Set(['Prompt Portal', 'Esc', 'Enter', 'Shift', 'English', 'Deutsch']);
const spokenAttributes =
  /^(aria-label|aria-description|aria-placeholder|aria-roledescription|alt|label|title|subtitle|placeholder|hint|description|submitLabel|currentLabel)$/;
const hasWords = (text: string) => /\p{L}{2}/u.test(text) && !namesOfTheirOwn.has(text.trim());

/** Words that a component says without asking the locale files for them. */
function literalWords(source: string): string[] {
  const found: string[] = [];
  const say = (value: unknown) => {
    if (typeof value === 'string' && hasWords(value)) found.push(value.trim());
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    if (node.type === 'JSXText') say(node.value);
    const child = node.type === 'JSXExpressionContainer' ? (node.expression as Node) : null;
    if (node.type === 'JSXElement' || node.type === 'JSXFragment')
      for (const inner of node.children as Node[])
        if (inner.type === 'JSXExpressionContainer') sayLiteral(inner.expression as Node, say);
    if (node.type === 'JSXAttribute' && spokenAttributes.test(String((node.name as Node).name))) {
      const given = node.value as Node | null;
      sayLiteral(given?.type === 'JSXExpressionContainer' ? (given.expression as Node) : given, say);
    }
    if (node.type === 'CallExpression' && (node.callee as Node).name === 'showToast')
      sayLiteral((node.arguments as Node[])[0] ?? null, say);
    if (child) visit(child);
    else for (const [field, inner] of Object.entries(node)) if (field !== 'parent') visit(inner);
  };
  visit(parseAst(source, { lang: 'tsx' }));
  return found;
}

function sayLiteral(node: Node | null, say: (value: unknown) => void): void {
  if (!node) return;
  if (node.type === 'Literal' || node.type === 'StringLiteral') say(node.value);
  if (node.type === 'TemplateLiteral')
    for (const part of node.quasis as { value: { cooked: string } }[]) say(part.value.cooked);
  if (node.type === 'ConditionalExpression') {
    sayLiteral(node.consequent as Node, say);
    sayLiteral(node.alternate as Node, say);
  }
  if (node.type === 'LogicalExpression') sayLiteral(node.right as Node, say);
}

test('the search for words in components finds them', () => {
  const source = `const A = () => (
    <div title="Says this" className="not this">
      <p>And this</p>{isOn ? 'this too' : t('not.this')}{\`\${n} pieces\`}
      <img alt={isOn && 'seen'} data-kind="unseen" />
      {showToast('Gone')}
    </div>);`;
  expect(literalWords(source).sort()).toEqual([
    'And this',
    'Gone',
    'Says this',
    'pieces',
    'seen',
    'this too',
  ]);
});

test('no component says words of its own', () => {
  const files = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.tsx') && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join('src', 'testing')));
  expect(files.length).toBeGreaterThan(50);
  const words = files.flatMap((path) =>
    literalWords(readFileSync(path, 'utf8')).map((word) => `${relative('src', path)}: ${word}`),
  );
  expect(words).toEqual([]);
});
