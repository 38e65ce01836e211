/** A project as it stands in the form: texts, which are read when they are saved or tried. */
import type { ProjectRead, ProjectSettings } from '@/lib/apiSchemas';
import type { VariableValues } from '@/lib/contracts';
import { type RawValues, rawOf } from '@/lib/templateValues';

export interface ProjectDraft {
  system_prompt: string;
  template_id: string;
  /** Empty: the newest. */
  template_version: string;
  variables: RawValues;
  /** As they are stored; for a template that is not shown to this person. */
  stored_variables: VariableValues;
  model: string;
  temperature: string;
  top_p: string;
  max_tokens: string;
  deadline_seconds: string;
  answer_schema: string;
  priority: ProjectRead['priority'];
  coalesces_states: boolean;
}

export type NumberField = 'temperature' | 'top_p' | 'max_tokens' | 'deadline_seconds';
export type WrongField = NumberField | 'answer_schema';

const textOf = (value: number | null | undefined) => (value == null ? '' : String(value));

export const emptyDraft: ProjectDraft = {
  system_prompt: '',
  template_id: '',
  template_version: '',
  variables: {},
  stored_variables: {},
  model: '',
  temperature: '',
  top_p: '',
  max_tokens: '',
  deadline_seconds: '',
  answer_schema: '',
  priority: 'player',
  coalesces_states: true,
};

export function draftOf(project: ProjectRead): ProjectDraft {
  const stored = (project.variables ?? {}) as VariableValues;
  return {
    system_prompt: project.system_prompt,
    template_id: textOf(project.template_id),
    template_version: textOf(project.template_version),
    variables: rawOf(stored),
    stored_variables: stored,
    model: project.model ?? '',
    temperature: textOf(project.temperature),
    top_p: textOf(project.top_p),
    max_tokens: textOf(project.max_tokens),
    deadline_seconds: textOf(project.deadline_seconds),
    answer_schema: project.answer_schema ? JSON.stringify(project.answer_schema, null, 2) : '',
    priority: project.priority,
    coalesces_states: project.coalesces_states,
  };
}

/** A number as people write it, with a comma too; null where there is none, NaN where it is none. */
export function numberOf(text: string): number | null {
  const plain = text.trim().replace(',', '.');
  return plain === '' ? null : Number(plain);
}

/** The schema that was written; undefined where it is no JSON object. */
export function schemaOf(text: string): Record<string, unknown> | null | undefined {
  if (text.trim() === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const limits: Record<NumberField, (value: number) => boolean> = {
  temperature: (value) => value >= 0 && value <= 2,
  top_p: (value) => value > 0 && value <= 1,
  max_tokens: (value) => Number.isInteger(value) && value >= 1 && value <= 1_000_000,
  deadline_seconds: (value) => value > 0 && value <= 3600,
};

/** What cannot be saved as it stands. */
export function wrongFields(draft: ProjectDraft): WrongField[] {
  const wrong: WrongField[] = (Object.keys(limits) as NumberField[]).filter((name) => {
    const value = numberOf(draft[name]);
    return value !== null && !limits[name](value);
  });
  return schemaOf(draft.answer_schema) === undefined ? [...wrong, 'answer_schema'] : wrong;
}

/** What is saved; `values` are those of the template's variables, as they were read. */
export function settingsOf(draft: ProjectDraft, values: VariableValues): ProjectSettings {
  return {
    system_prompt: draft.system_prompt,
    ...(draft.template_id && {
      template_id: Number(draft.template_id),
      template_version: numberOf(draft.template_version),
      variables: values,
    }),
    model: draft.model || null,
    temperature: numberOf(draft.temperature),
    top_p: numberOf(draft.top_p),
    max_tokens: numberOf(draft.max_tokens),
    deadline_seconds: numberOf(draft.deadline_seconds),
    answer_schema: schemaOf(draft.answer_schema) ?? null,
    priority: draft.priority,
    coalesces_states: draft.coalesces_states,
  };
}
