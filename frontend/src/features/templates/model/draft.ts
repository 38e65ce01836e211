/** A template while it is written: every field as the form has it, and what it becomes. */
import type { Template, TemplateVariable, TemplateWrite } from '@/lib/contracts';
import { isRequired, readValue, typeOf, type VariableType } from '@/lib/templateValues';
import { firstError, namesIn, parseTemplate } from './language';

export interface VariableDraft {
  name: string;
  type: VariableType;
  description: string;
  isRequired: boolean;
  defaultText: string;
  /** One a line. */
  choicesText: string;
  maxLength: number | null;
}

export interface TemplateDraft {
  title: string;
  description: string;
  content: string;
  tagsText: string;
  variables: VariableDraft[];
}

export interface DraftProblems {
  title?: 'titleMissing';
  content?: 'contentMissing' | { line: number; column: number };
  /** By the variable's name. */
  variables: Record<string, 'choicesMissing' | 'defaultWrong'>;
}

export const emptyDraft: TemplateDraft = {
  title: '',
  description: '',
  content: '',
  tagsText: '',
  variables: [],
};

const variableDraft = (variable: TemplateVariable): VariableDraft => ({
  name: variable.name,
  type: typeOf(variable),
  description: variable.description ?? '',
  isRequired: isRequired(variable),
  defaultText: variable.default === null || variable.default === undefined ? '' : String(variable.default),
  choicesText: (variable.choices ?? []).join('\n'),
  maxLength: variable.max_length ?? null,
});

export function draftOf(
  template: Pick<Template, 'title' | 'description' | 'content' | 'tags' | 'variables'>,
): TemplateDraft {
  return {
    title: template.title,
    description: template.description,
    content: template.content,
    tagsText: template.tags.join(', '),
    variables: template.variables.map(variableDraft),
  };
}

/** The same draft with another content: names that are new in it get a row, rows that say nothing go with theirs. */
export function withContent(draft: TemplateDraft, content: string): TemplateDraft {
  const names = namesIn(parseTemplate(content));
  const kept = draft.variables.filter((row) => names.includes(row.name) || !saysNothing(row));
  const added = names
    .filter((name) => !kept.some((row) => row.name === name))
    .map((name) => variableDraft({ name }));
  return { ...draft, content, variables: [...kept, ...added] };
}

const saysNothing = (row: VariableDraft) =>
  row.type === 'string' && row.isRequired && !row.description && !row.defaultText && row.maxLength === null;

export const choicesOf = (row: VariableDraft): string[] => [
  ...new Set(
    row.choicesText
      .split('\n')
      .map((choice) => choice.trim())
      .filter(Boolean),
  ),
];

function variableOf(row: VariableDraft): TemplateVariable {
  const shape: TemplateVariable = {
    name: row.name,
    type: row.type,
    description: row.description.trim(),
    required: row.isRequired,
    default: null,
    choices: row.type === 'choice' ? choicesOf(row) : null,
    max_length: row.type === 'string' ? row.maxLength : null,
  };
  return { ...shape, default: readValue({ ...shape, required: false }, row.defaultText).value ?? null };
}

export const variablesOf = (draft: TemplateDraft): TemplateVariable[] => draft.variables.map(variableOf);

export function problemsOf(draft: TemplateDraft): DraftProblems {
  const problems: DraftProblems = { variables: {} };
  if (!draft.title.trim()) problems.title = 'titleMissing';
  if (!draft.content.trim()) problems.content = 'contentMissing';
  else problems.content = firstError(draft.content) ?? undefined;
  for (const row of draft.variables) {
    if (row.type === 'choice' && choicesOf(row).length === 0) problems.variables[row.name] = 'choicesMissing';
    else if (readValue({ ...variableOf(row), required: false }, row.defaultText).problem)
      problems.variables[row.name] = 'defaultWrong';
  }
  return problems;
}

export const hasProblems = ({ title, content, variables }: DraftProblems): boolean =>
  Boolean(title || content || Object.keys(variables).length > 0);

export function toWrite(draft: TemplateDraft): TemplateWrite {
  return {
    title: draft.title.trim(),
    description: draft.description.trim(),
    content: draft.content,
    tags: [
      ...new Set(
        draft.tagsText
          .split(',')
          .map((tag) => tag.trim().toLowerCase())
          .filter(Boolean),
      ),
    ],
    variables: variablesOf(draft),
  };
}

export const isChanged = (draft: TemplateDraft, saved: TemplateDraft): boolean =>
  JSON.stringify(draft) !== JSON.stringify(saved);
