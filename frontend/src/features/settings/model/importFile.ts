/** A file of conversations, cut into parts that the portal takes in one request each. */
import type { ImportResult } from '@/lib/contracts';

const maxPartChars = 2_000_000;
const maxPartItems = 200;

export interface ImportPart {
  document: unknown;
  /** The place in the file of the part's first conversation. */
  firstIndex: number;
}

/** Raises SyntaxError when the text is no JSON. */
export function partsOf(text: string): ImportPart[] {
  const whole: unknown = JSON.parse(text);
  if (Array.isArray(whole)) return cut(whole, (items) => items);
  if (typeof whole === 'object' && whole !== null && 'sessions' in whole && Array.isArray(whole.sessions)) {
    const { sessions, ...rest } = whole;
    return cut(sessions, (items) => ({ ...rest, sessions: items }));
  }
  return [{ document: whole, firstIndex: 0 }];
}

function cut(items: unknown[], wrap: (items: unknown[]) => unknown): ImportPart[] {
  const parts: ImportPart[] = [];
  let first = 0;
  let chars = 0;
  items.forEach((item, index) => {
    const size = JSON.stringify(item).length;
    if (index > first && (chars + size > maxPartChars || index - first >= maxPartItems)) {
      parts.push({ document: wrap(items.slice(first, index)), firstIndex: first });
      [first, chars] = [index, 0];
    }
    chars += size;
  });
  return [...parts, { document: wrap(items.slice(first)), firstIndex: first }];
}

export function addResults(before: ImportResult, part: ImportResult, firstIndex: number): ImportResult {
  const skipped = part.skipped.map((item) => ({ ...item, index: item.index + firstIndex }));
  return {
    imported: [...before.imported, ...part.imported],
    skipped: [...before.skipped, ...skipped],
  };
}
