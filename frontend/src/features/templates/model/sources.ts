/** What can be tried: the draft on the page, a stored version of this template, or another template. */
import type { AskBody } from '@/hooks/useAsk';
import type { Template, TemplateVariable, TemplateVersion } from '@/lib/contracts';
import { type RawValues, readValues } from '@/lib/templateValues';
import { namesIn, parseTemplate, renderParts } from './language';

export interface Source {
  /** `draft`, `v3` (this template's version 3) or `t12` (template 12). */
  key: string;
  content: string;
  variables: readonly TemplateVariable[];
  /** What the portal renders by itself; absent for a draft, which only this page has. */
  stored?: { id: number; version: number };
}

export const draftSource = (content: string, variables: readonly TemplateVariable[]): Source => ({
  key: 'draft',
  content,
  variables,
});

export const versionSource = (id: number, version: TemplateVersion): Source => ({
  key: `v${version.version}`,
  content: version.content,
  variables: version.variables,
  stored: { id, version: version.version },
});

export const templateSource = (template: Template): Source => ({
  key: `t${template.id}`,
  content: template.content,
  variables: template.variables,
  stored: { id: template.id, version: template.version },
});

/** A form's values as this source reads them. Values of variables that it does not have are left out. */
export function readSource(source: Source, raw: RawValues) {
  return readValues(source.variables, raw, namesIn(parseTemplate(source.content)));
}

/** The question to the model. A stored source is rendered by the portal, a draft here. */
export function askBody(source: Source, raw: RawValues, message: string, model?: string): AskBody {
  const { values, texts } = readSource(source, raw);
  const user = { role: 'user' as const, content: message };
  const choice = model ? { model } : {};
  if (source.stored) {
    const { id, version } = source.stored;
    return { ...choice, template_id: id, template_version: version, variables: values, messages: [user] };
  }
  const system = renderParts(parseTemplate(source.content), texts)
    .map((part) => part.text)
    .join('');
  return { ...choice, messages: [{ role: 'system', content: system }, user] };
}
