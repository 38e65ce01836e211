import { useTranslation } from 'react-i18next';
import { inputStyle } from '@/components/ui/Field';
import type { Template } from '@/lib/contracts';
import type { Source } from '../model/sources';

interface SourceSelectProps {
  value: string;
  own: Source[];
  others: Template[];
  onChange: (key: string) => void;
}

/** Which text is tried. */
export function SourceSelect({ value, own, others, onChange }: SourceSelectProps) {
  const { t } = useTranslation();
  return (
    <select
      aria-label={t('templates.source')}
      value={value}
      className={inputStyle}
      onChange={(event) => onChange(event.target.value)}
    >
      <optgroup label={t('templates.thisTemplate')}>
        {own.map((source) => (
          <option key={source.key} value={source.key}>
            {source.stored
              ? t('templates.versionNumber', { number: source.stored.version })
              : t('templates.draft')}
          </option>
        ))}
      </optgroup>
      {others.length > 0 && (
        <optgroup label={t('templates.otherTemplates')}>
          {others.map((template) => (
            <option key={template.id} value={`t${template.id}`}>
              {template.title}
            </option>
          ))}
        </optgroup>
      )}
    </select>
  );
}
