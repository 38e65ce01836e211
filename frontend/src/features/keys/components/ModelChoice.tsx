import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { modelsQuery } from '@/lib/modelQueries';

interface ModelChoiceProps {
  /** Nothing is every model. */
  chosen: string[];
  onChange: (models: string[]) => void;
}

/** Which models a key may ask; those that are gone stay in the list as long as they are chosen. */
export function ModelChoice({ chosen, onChange }: ModelChoiceProps) {
  const { t } = useTranslation();
  const { data } = useQuery(modelsQuery);
  const names = [...new Set([...(data ?? []).map((model) => model.id), ...chosen])];
  const toggle = (name: string) =>
    onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <fieldset>
      <legend className="font-medium text-sm">{t('keys.models')}</legend>
      <p className="mt-0.5 mb-2 text-[13px] text-muted-foreground">
        {chosen.length === 0 ? t('keys.modelsAll') : t('keys.modelsSome', { count: chosen.length })}
      </p>
      <ul className="max-h-44 overflow-y-auto rounded-lg border bg-surface p-1.5">
        {names.map((name) => (
          <li key={name}>
            <label className="flex min-h-9 items-center gap-3 rounded-md px-2 text-sm hover:bg-accent touch:min-h-11">
              <input
                type="checkbox"
                className="size-4.5 shrink-0 accent-primary"
                checked={chosen.includes(name)}
                onChange={() => toggle(name)}
              />
              <span className="min-w-0 [overflow-wrap:anywhere]">{name}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
