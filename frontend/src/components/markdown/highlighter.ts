/** Colours for code: shiki with its JavaScript engine (a strict CSP allows no WebAssembly), loaded a language at a time. */
import { createCodePlugin } from '@streamdown/code';

export type TokenLine = { content: string; light: string; dark: string }[];

const themes: ['github-light-high-contrast', 'github-dark-default'] = [
  'github-light-high-contrast',
  'github-dark-default',
];
const plugin = createCodePlugin({ themes });
type CodeLanguage = Parameters<typeof plugin.supportsLanguage>[0];

/** Past this a block stays plain: colouring it would hold up the page. */
const maxCharacters = 60_000;

export function highlight(
  code: string,
  language: string,
  isIncomplete: boolean,
  done: (lines: TokenLine[]) => void,
) {
  const name = language.toLowerCase() as CodeLanguage;
  if (code.length > maxCharacters || !plugin.supportsLanguage(name)) return;
  const result = plugin.highlight({ code, language: name, themes, isIncomplete }, (late) =>
    done(toLines(late.tokens)),
  );
  if (result) done(toLines(result.tokens));
}

/** The colours of code that was coloured before: nothing to wait for, nothing to flicker. */
export function knownHighlight(code: string, language: string): TokenLine[] {
  let known: TokenLine[] = [];
  let isLate = false;
  highlight(code, language, false, (lines) => {
    if (!isLate) known = lines;
  });
  isLate = true;
  return known;
}

interface ShikiToken {
  content: string;
  color?: string;
  htmlStyle?: Record<string, string> | string;
}

function toLines(lines: ShikiToken[][]): TokenLine[] {
  return lines.map((line) =>
    line.map((token) => {
      const style = typeof token.htmlStyle === 'object' ? token.htmlStyle : {};
      return {
        content: token.content,
        light: token.color ?? style.color ?? 'inherit',
        dark: style['--shiki-dark'] ?? token.color ?? 'inherit',
      };
    }),
  );
}
