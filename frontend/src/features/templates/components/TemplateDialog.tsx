import '@/lib/moreWords';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { inputStyle } from '@/components/ui/Field';
import { IconButton } from '@/components/ui/IconButton';
import { Skeleton } from '@/components/ui/Skeleton';
import { VariablesForm } from '@/components/VariablesForm';
import { useErrorText } from '@/hooks/useErrorText';
import type { Template, TemplateUse } from '@/lib/contracts';
import { type RawValues, rawOf } from '@/lib/templateValues';
import { templateQuery } from '../api/templates';
import { useTemplates } from '../hooks/useTemplates';
import { readSource, templateSource } from '../model/sources';
import { RenderedText } from './RenderedText';

interface TemplateDialogProps {
  use: TemplateUse | null;
  firstId?: number;
  onUse: (use: TemplateUse) => void;
  onClose: () => void;
}

/** Choose a template, fill its variables. */
export default function TemplateDialog({ use, firstId, onUse, onClose }: TemplateDialogProps) {
  const { t } = useTranslation();
  const [chosenId, setChosenId] = useState<number | null>(firstId ?? use?.id ?? null);
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('templates.useOne')}
      description={t('templates.useHint')}
      className="max-w-xl!"
    >
      {chosenId === null ? (
        <Choose onChoose={setChosenId} />
      ) : (
        <Fill
          key={chosenId}
          templateId={chosenId}
          firstRaw={use?.id === chosenId ? rawOf(use.variables) : {}}
          onBack={() => setChosenId(null)}
          onUse={onUse}
        />
      )}
    </Dialog>
  );
}

function Choose({ onChoose }: { onChoose: (id: number) => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [search, setSearch] = useState('');
  const { templates, isOwn, query } = useTemplates(search);
  const { isPending, error } = query;
  const usable = templates.filter((template) => template.is_active);
  return (
    <DialogBody className="min-h-48">
      <input
        type="search"
        value={search}
        aria-label={t('templates.search')}
        placeholder={t('templates.search')}
        className={inputStyle}
        onChange={(event) => setSearch(event.target.value)}
      />
      {error && <p className="mt-3 text-destructive text-sm">{errorText(error)}</p>}
      {isPending && <Skeleton className="mt-3 h-24" />}
      {!isPending && !error && usable.length === 0 && (
        <p className="mt-4 text-muted-foreground text-sm">
          {search ? t('search.nothing', { query: search }) : t('templates.noneYet')}{' '}
          <Link to="/templates" className="text-primary underline underline-offset-4">
            {t('templates.title')}
          </Link>
        </p>
      )}
      <ul className="-mx-2 mt-2">
        {usable.map((template) => (
          <li key={template.id}>
            <button
              type="button"
              data-testid="template-choice"
              className="w-full rounded-lg px-2 py-2 text-left hover:bg-accent"
              onClick={() => onChoose(template.id)}
            >
              <span className="block truncate font-medium text-sm">
                {template.title}
                {!isOwn(template) && (
                  <span className="ml-2 font-normal text-muted-foreground text-xs">
                    {t('templates.isShared')}
                  </span>
                )}
              </span>
              <span className="block truncate text-[13px] text-muted-foreground">
                {template.description || template.content}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </DialogBody>
  );
}

interface FillProps {
  templateId: number;
  firstRaw: RawValues;
  onBack: () => void;
  onUse: (use: TemplateUse) => void;
}

function Fill({ templateId, firstRaw, onBack, onUse }: FillProps) {
  const errorText = useErrorText();
  const { data: template, error } = useQuery(templateQuery(templateId));
  if (error) return <DialogBody className="text-destructive text-sm">{errorText(error)}</DialogBody>;
  if (!template) {
    return (
      <DialogBody>
        <Skeleton className="h-40" />
      </DialogBody>
    );
  }
  return <FillForm template={template} firstRaw={firstRaw} onBack={onBack} onUse={onUse} />;
}

function FillForm({
  template,
  firstRaw,
  onBack,
  onUse,
}: Omit<FillProps, 'templateId'> & { template: Template }) {
  const { t } = useTranslation();
  const [raw, setRaw] = useState<RawValues>(firstRaw);
  const [isChecked, setIsChecked] = useState(false);
  const { values, texts, problems } = readSource(templateSource(template), raw);
  return (
    <form
      noValidate
      className="flex min-h-0 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        setIsChecked(true);
        if (Object.keys(problems).length > 0) return;
        const { id, title, version } = template;
        onUse({ id, title, version, variables: values });
      }}
    >
      <DialogBody className="space-y-4">
        <div className="-ml-1.5 flex items-center gap-1">
          <IconButton size="icon-sm" label={t('templates.chooseAnother')} onClick={onBack}>
            <ArrowLeft size={16} />
          </IconButton>
          <p className="min-w-0 flex-1 truncate font-medium">{template.title}</p>
        </div>
        {template.variables.length > 0 && (
          <VariablesForm
            variables={template.variables}
            raw={raw}
            problems={isChecked ? problems : {}}
            onChange={setRaw}
          />
        )}
        <RenderedText content={template.content} texts={texts} />
      </DialogBody>
      <DialogActions>
        <Button type="submit" data-testid="use-template-submit">
          {t('templates.use')}
        </Button>
      </DialogActions>
    </form>
  );
}
