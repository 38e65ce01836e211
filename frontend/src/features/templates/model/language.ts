/**
 * The template language as the portal reads it: `{{name}}` is a variable, `\{{` writes the braces, and that is all.
 * For drawing and previews; what is sent is always rendered by the portal where the template is stored.
 */
export type Segment =
  | { kind: 'text'; source: string; text: string }
  | { kind: 'variable'; source: string; name: string }
  /** Braces that open and name no variable. */
  | { kind: 'error'; source: string; offset: number };

// The look-behind lets a run of backslashes be tried from its beginning only.
const opening = /(?<!\\)(\\*)\{\{/g;
const nameAndClosing = /[ \t]*([A-Za-z_][A-Za-z0-9_]{0,63})[ \t]*\}\}/y;

/** Cut a template into pieces; joined, their sources are the template again. */
export function parseTemplate(content: string): Segment[] {
  const segments: Segment[] = [];
  const addText = (source: string, text: string) => {
    if (source) segments.push({ kind: 'text', source, text });
  };
  let position = 0;
  for (;;) {
    opening.lastIndex = position;
    const match = opening.exec(content);
    if (!match) break;
    const backslashes = match[1]?.length ?? 0;
    const before = content.slice(position, match.index);
    const bracesAt = match.index + backslashes;
    const kept = '\\'.repeat(Math.floor(backslashes / 2));
    position = bracesAt + 2;
    if (backslashes % 2 === 1) {
      addText(content.slice(match.index - before.length, position), `${before}${kept}{{`);
      continue;
    }
    addText(before + '\\'.repeat(backslashes), before + kept);
    nameAndClosing.lastIndex = position;
    const inside = nameAndClosing.exec(content);
    if (inside?.[1]) {
      position = nameAndClosing.lastIndex;
      segments.push({ kind: 'variable', source: content.slice(bracesAt, position), name: inside[1] });
    } else {
      segments.push({ kind: 'error', source: '{{', offset: bracesAt });
    }
  }
  addText(content.slice(position), content.slice(position));
  return segments;
}

/** The variables of a template, each once, in the order in which they appear. */
export function namesIn(segments: readonly Segment[]): string[] {
  const names = segments.flatMap((segment) => (segment.kind === 'variable' ? [segment.name] : []));
  return [...new Set(names)];
}

/** Line and column (from 1) of the first braces that name nothing. */
export function firstError(content: string): { line: number; column: number } | null {
  const error = parseTemplate(content).find((segment) => segment.kind === 'error');
  if (!error) return null;
  const before = content.slice(0, error.offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export interface RenderedPart {
  text: string;
  /** The variable whose value this is. */
  name?: string;
  /** It has no value yet: the text is its placeholder. */
  isMissing?: boolean;
}

/** The text with values put in, in pieces, so that the values can be marked. */
export function renderParts(segments: readonly Segment[], texts: Record<string, string>): RenderedPart[] {
  return segments.map((segment) => {
    if (segment.kind === 'text') return { text: segment.text };
    if (segment.kind === 'error') return { text: segment.source };
    const value = Object.hasOwn(texts, segment.name) ? texts[segment.name] : undefined;
    if (value === undefined) return { text: segment.source, name: segment.name, isMissing: true };
    return { text: value, name: segment.name };
  });
}
