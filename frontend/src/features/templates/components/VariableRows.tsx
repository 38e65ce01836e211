import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { cn } from '@/lib/cn';
import type { VariableType } from '@/lib/templateValues';
import type { DraftProblems, VariableDraft } from '../model/draft';
import { namesIn, parseTemplate } from '../model/language';

interface VariableRowsProps {
  content: string;
  rows: readonly VariableDraft[];
  problems: DraftProblems['variables'];
  onChange: (rows: VariableDraft[]) => void;
}

/** How each variable is asked for: type, default, whether it must have a value. Rows come with the text. */
export function VariableRows({ content, rows, problems, onChange }: VariableRowsProps) {
  const { t } = useTranslation();
  const used = namesIn(parseTemplate(content));
  if (rows.length === 0) return null;
  return (
    <section aria-label={t('templates.variables')} className="space-y-1.5">
      <h2 className="font-medium text-sm">{t('templates.variables')}</h2>
      <ul className="divide-y rounded-lg border bg-surface" data-testid="variable-rows">
        {rows.map((row, index) => (
          <Row
            key={row.name}
            row={row}
            isUsed={used.includes(row.name)}
            problem={problems[row.name]}
            onChange={(next) => onChange(rows.with(index, next))}
            onRemove={() => onChange(rows.toSpliced(index, 1))}
          />
        ))}
      </ul>
    </section>
  );
}

const types: VariableType[] = ['string', 'number', 'boolean', 'choice'];
const cellStyle =
  'h-9 w-full rounded-lg border border-input bg-surface px-2.5 text-[16px] aria-invalid:border-destructive sm:text-sm touch:h-11';

interface RowProps {
  row: VariableDraft;
  isUsed: boolean;
  problem?: DraftProblems['variables'][string];
  onChange: (row: VariableDraft) => void;
  onRemove: () => void;
}

function Row({ row, isUsed, problem, onChange, onRemove }: RowProps) {
  const { t } = useTranslation();
  const { name } = row;
  const label = (key: string) => t('templates.ofVariable', { name, what: t(`templates.${key}`) });
  return (
    <li>
      <fieldset className="space-y-2.5 px-3.5 py-3">
        <legend className="sr-only">{name}</legend>
        <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
          <code className="min-w-0 flex-1 truncate font-mono text-sm">{name}</code>
          {!isUsed && (
            <>
              <span className="text-muted-foreground text-xs">{t('templates.unused')}</span>
              <IconButton size="icon-sm" label={t('templates.removeVariable', { name })} onClick={onRemove}>
                <Trash2 size={15} />
              </IconButton>
            </>
          )}
          <label className="flex items-center gap-2 text-sm touch:min-h-11">
            <input
              type="checkbox"
              className="size-4 accent-primary"
              checked={row.isRequired}
              onChange={(event) => onChange({ ...row, isRequired: event.target.checked })}
            />
            {t('templates.required')}
          </label>
        </div>
        <div className="grid gap-2.5 sm:grid-cols-[8rem_1fr_1fr]">
          <select
            aria-label={label('type')}
            value={row.type}
            className={cellStyle}
            onChange={(event) =>
              onChange({ ...row, type: event.target.value as VariableType, defaultText: '' })
            }
          >
            {types.map((type) => (
              <option key={type} value={type}>
                {t(`templates.types.${type}`)}
              </option>
            ))}
          </select>
          <DefaultCell row={row} label={label('default')} problem={problem} onChange={onChange} />
          <input
            aria-label={label('variableHint')}
            placeholder={t('templates.variableHint')}
            value={row.description}
            maxLength={500}
            className={cellStyle}
            onChange={(event) => onChange({ ...row, description: event.target.value })}
          />
        </div>
        {row.type === 'choice' && (
          <textarea
            aria-label={label('choices')}
            placeholder={t('templates.choicesHint')}
            value={row.choicesText}
            rows={2}
            aria-invalid={problem === 'choicesMissing' || undefined}
            className={cn(cellStyle, 'field-sizing-content h-auto! min-h-16 resize-none py-2')}
            onChange={(event) => onChange({ ...row, choicesText: event.target.value })}
          />
        )}
        {problem && <p className="text-[13px] text-destructive">{t(`templates.${problem}`)}</p>}
      </fieldset>
    </li>
  );
}

interface DefaultCellProps extends Pick<RowProps, 'row' | 'problem' | 'onChange'> {
  label: string;
}

function DefaultCell({ row, label, problem, onChange }: DefaultCellProps) {
  const { t } = useTranslation();
  const isWrong = problem === 'defaultWrong' || undefined;
  if (row.type === 'boolean') {
    return (
      <select
        aria-label={label}
        value={row.defaultText}
        className={cellStyle}
        onChange={(event) => onChange({ ...row, defaultText: event.target.value })}
      >
        <option value="">{t('templates.noDefault')}</option>
        <option value="true">{t('templates.yes')}</option>
        <option value="false">{t('templates.no')}</option>
      </select>
    );
  }
  return (
    <input
      aria-label={label}
      aria-invalid={isWrong}
      placeholder={t('templates.default')}
      value={row.defaultText}
      inputMode={row.type === 'number' ? 'decimal' : undefined}
      className={cellStyle}
      onChange={(event) => onChange({ ...row, defaultText: event.target.value })}
    />
  );
}
