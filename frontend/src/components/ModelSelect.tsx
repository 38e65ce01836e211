import { useTranslation } from 'react-i18next';
import { inputStyle } from '@/components/ui/Field';
import type { Model } from '@/lib/contracts';

interface ModelSelectProps {
  models: readonly Model[];
  /** Empty: the portal's default. */
  value: string;
  onChange: (id: string) => void;
}

/** Which model is asked; nothing where there is no choice. */
export function ModelSelect({ models, value, onChange }: ModelSelectProps) {
  const { t } = useTranslation();
  if (models.length < 2) return null;
  const chosen = value || models.find((model) => model.is_default)?.id || models[0]?.id;
  return (
    <label className="block min-w-0 space-y-1.5">
      <span className="block font-medium text-sm">{t('models.model')}</span>
      <select className={inputStyle} value={chosen} onChange={(event) => onChange(event.target.value)}>
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.name}
          </option>
        ))}
      </select>
    </label>
  );
}
