/** What the first screen needs, in one file: the fifty that it would fall into are larger together, and slower. */
import type { Rolldown } from 'vite';

type Context = Pick<Rolldown.PluginContext, 'getModuleInfo'>;

/** Is a module reached from an entry by static imports alone? */
function isFirst(id: string, context: Context, known: Map<string, boolean>): boolean {
  const before = known.get(id);
  if (before !== undefined) return before;
  // Modules that import each other wait for the answer of those outside their ring.
  known.set(id, false);
  const info = context.getModuleInfo(id);
  const answer =
    info !== null && (info.isEntry || info.importers.some((importer) => isFirst(importer, context, known)));
  if (answer) known.set(id, true);
  else known.delete(id);
  return answer;
}

export function firstLoadChunk(id: string, context: Context): string | null {
  return isFirst(id, context, new Map()) ? 'first' : null;
}
