/** Which variables a template has, and several of them together. */
import type { TemplateVariable } from '@/lib/contracts';
import { namesIn, parseTemplate } from './language';

/** The declaration of a content: what is given, and a required text for each further name in it. */
export function declareAll(content: string, given: readonly TemplateVariable[]): TemplateVariable[] {
  const declared = new Set(given.map((variable) => variable.name));
  const missing = namesIn(parseTemplate(content)).filter((name) => !declared.has(name));
  return [...given, ...missing.map((name) => ({ name }))];
}

/** One form for several templates: each name once, as it is declared first. */
export function mergeVariables(...lists: (readonly TemplateVariable[])[]): TemplateVariable[] {
  const byName = new Map<string, TemplateVariable>();
  for (const variable of lists.flat()) if (!byName.has(variable.name)) byName.set(variable.name, variable);
  return [...byName.values()];
}
