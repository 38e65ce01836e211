import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, inputStyle, Labelled, type LabelledProps } from '@/components/ui/Field';
import { cn } from '@/lib/cn';
import type { TemplateVariable } from '@/lib/contracts';
import { isRequired, type RawValues, rawValue, typeOf, type ValueProblem } from '@/lib/templateValues';

interface VariablesFormProps {
  variables: readonly TemplateVariable[];
  raw: RawValues;
  /** By name; shown under its field. */
  problems: Record<string, ValueProblem>;
  onChange: (raw: RawValues) => void;
}

/** A field for each variable, after its type. */
export function VariablesForm({ variables, raw, problems, onChange }: VariablesFormProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2" data-testid="variables-form">
      {variables.map((variable) => (
        <VariableField
          key={variable.name}
          variable={variable}
          value={rawValue(variable, raw)}
          problem={problems[variable.name]}
          onChange={(value) => onChange({ ...raw, [variable.name]: value })}
        />
      ))}
    </div>
  );
}

interface VariableFieldProps {
  variable: TemplateVariable;
  value: string;
  problem?: ValueProblem;
  onChange: (value: string) => void;
}

function VariableField({ variable, value, problem, onChange }: VariableFieldProps) {
  const { t } = useTranslation();
  const type = typeOf(variable);
  const label = (
    <>
      <span className="font-mono text-[13px]">{variable.name}</span>
      {!isRequired(variable) && (
        <span className="ml-2 font-normal text-muted-foreground text-xs">{t('templates.optional')}</span>
      )}
    </>
  );
  const error = problem && t(`templates.problems.${problem}`, { count: variable.max_length ?? 20_000 });
  const hint = variable.description || undefined;
  if (type === 'boolean') {
    return (
      <SelectField label={label} hint={hint} error={error} value={value} onChange={onChange}>
        {!isRequired(variable) && <option value="">–</option>}
        <option value="true">{t('templates.yes')}</option>
        <option value="false">{t('templates.no')}</option>
      </SelectField>
    );
  }
  if (type === 'choice') {
    return (
      <SelectField label={label} hint={hint} error={error} value={value} onChange={onChange}>
        <option value="">{isRequired(variable) ? t('templates.pickOne') : '–'}</option>
        {variable.choices?.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </SelectField>
    );
  }
  if (type === 'string' && (variable.max_length ?? 1000) > 200) {
    return <LongField label={label} hint={hint} error={error} value={value} onChange={onChange} />;
  }
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      value={value}
      inputMode={type === 'number' ? 'decimal' : undefined}
      autoComplete="off"
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface RowProps extends LabelledProps {
  value: string;
  onChange: (value: string) => void;
}

function LongField({ value, onChange, ...labels }: RowProps) {
  return (
    <Labelled {...labels}>
      {(control) => (
        <textarea
          {...control}
          rows={1}
          value={value}
          className={cn(
            inputStyle,
            'field-sizing-content block h-auto! max-h-48 min-h-10 resize-none py-1.5',
          )}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Labelled>
  );
}

function SelectField({ value, onChange, children, ...labels }: RowProps & { children: ReactNode }) {
  return (
    <Labelled {...labels}>
      {(control) => (
        <select
          {...control}
          value={value}
          className={inputStyle}
          onChange={(event) => onChange(event.target.value)}
        >
          {children}
        </select>
      )}
    </Labelled>
  );
}
