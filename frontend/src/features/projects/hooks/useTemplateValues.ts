/** The variables of the template that a project names, and what the form says of them. */
import { useQuery } from '@tanstack/react-query';
import type { TemplateVariable, VariableValues } from '@/lib/contracts';
import { versionsQuery } from '@/lib/templateQueries';
import { type ReadValues, readValues } from '@/lib/templateValues';
import { promptTemplatesQuery } from '../api/projects';
import type { ProjectDraft } from '../model/projectDraft';

export interface TemplateValues {
  variables: readonly TemplateVariable[];
  /** Its newest version, and those before. */
  versions: readonly number[];
  values: VariableValues;
  problems: ReadValues['problems'];
}

/** Of a template that is not shown to this person, what is stored stays as it is. */
export function useTemplateValues(draft: ProjectDraft): TemplateValues {
  const { data: templates = [] } = useQuery(promptTemplatesQuery);
  const template = templates.find(({ id }) => String(id) === draft.template_id);
  const { data: versions = [] } = useQuery({
    ...versionsQuery(template?.id ?? 0),
    enabled: template !== undefined,
  });
  if (!template) return { variables: [], versions: [], values: draft.stored_variables, problems: {} };
  const pinned = versions.find(({ version }) => String(version) === draft.template_version);
  const { variables } = pinned ?? template;
  const names = variables.map(({ name }) => name);
  const { values, problems } = readValues(variables, draft.variables, names);
  return { variables, versions: versions.map(({ version }) => version), values, problems };
}
