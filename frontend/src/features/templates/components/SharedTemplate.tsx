import { useTranslation } from 'react-i18next';
import type { Template } from '@/lib/contracts';
import { typeOf } from '@/lib/templateValues';
import { RenderedText } from './RenderedText';

/** Somebody else's template, to read. */
export function SharedTemplate({ template }: { template: Template }) {
  const { t } = useTranslation();
  return (
    <div className="space-y-4">
      {template.description && <p className="text-muted-foreground">{template.description}</p>}
      <RenderedText content={template.content} texts={{}} />
      {template.variables.length > 0 && (
        <dl className="divide-y rounded-lg border bg-surface text-sm">
          {template.variables.map((variable) => (
            <div key={variable.name} className="flex flex-wrap gap-x-4 gap-y-0.5 px-3.5 py-2.5">
              <dt className="font-mono">{variable.name}</dt>
              <dd className="text-muted-foreground">
                {[
                  t(`templates.types.${typeOf(variable)}`),
                  variable.choices?.join(', '),
                  variable.description,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
