/** Values of a template's variables: typed into a form as text, read as what each variable wants. */
import type { TemplateVariable, VariableValues } from './contracts';

export type RawValues = Record<string, string>;
export type VariableType = NonNullable<TemplateVariable['type']>;

/** Why a value cannot be taken; a key of the locale under `templates.problems`. */
export type ValueProblem = 'required' | 'number' | 'choice' | 'tooLong';

const maxValueChars = 20_000;

export const typeOf = (variable: TemplateVariable): VariableType => variable.type ?? 'string';
export const isRequired = (variable: TemplateVariable): boolean => variable.required !== false;

/** What is in a field before anyone typed: the default. */
export function initialRaw(variable: TemplateVariable): string {
  if (variable.default !== null && variable.default !== undefined) return String(variable.default);
  return typeOf(variable) === 'boolean' && isRequired(variable) ? 'false' : '';
}

/** The form's text of values that were chosen before. */
export function rawOf(values: VariableValues): RawValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** Read one field. An empty one means the default, or nothing at all where that is allowed. */
export function readValue(
  variable: TemplateVariable,
  raw: string,
): { value?: string | number | boolean; problem?: ValueProblem } {
  if (raw === '') {
    const isCovered = variable.default !== null && variable.default !== undefined;
    return isCovered || !isRequired(variable) ? {} : { problem: 'required' };
  }
  switch (typeOf(variable)) {
    case 'boolean':
      return { value: raw === 'true' };
    case 'number': {
      const value = Number(raw.trim().replace(',', '.'));
      return raw.trim() && Number.isFinite(value) ? { value } : { problem: 'number' };
    }
    case 'choice':
      return variable.choices?.includes(raw) ? { value: raw } : { problem: 'choice' };
    default:
      return raw.length > (variable.max_length ?? maxValueChars) ? { problem: 'tooLong' } : { value: raw };
  }
}

/** What is in a variable's field. */
export function rawValue(variable: TemplateVariable, raw: RawValues): string {
  return (Object.hasOwn(raw, variable.name) ? raw[variable.name] : undefined) ?? initialRaw(variable);
}

/** Without a prototype: a variable may be called `__proto__`. */
const empty = () => Object.create(null);

export interface ReadValues {
  /** What is sent. */
  values: VariableValues;
  /** What stands in the text; names without a value are absent. */
  texts: Record<string, string>;
  problems: Record<string, ValueProblem>;
}

/** Read a whole form. `used` are the names in the content: only those have to have a value. */
export function readValues(
  variables: readonly TemplateVariable[],
  raw: RawValues,
  used: readonly string[],
): ReadValues {
  const read: ReadValues = { values: empty(), texts: empty(), problems: empty() };
  for (const variable of variables) {
    const { value, problem } = readValue(variable, rawValue(variable, raw));
    if (problem && (problem !== 'required' || used.includes(variable.name)))
      read.problems[variable.name] = problem;
    if (problem) continue;
    if (value !== undefined) read.values[variable.name] = value;
    read.texts[variable.name] = String(value ?? variable.default ?? '');
  }
  return read;
}
