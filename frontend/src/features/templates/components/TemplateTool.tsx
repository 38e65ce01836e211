import { FileText, X } from 'lucide-react';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { IconButton } from '@/components/ui/IconButton';
import type { TemplateUse } from '@/lib/contracts';
import { fetchEarly, latePart } from '@/lib/latePieces';

const load = () => import('./TemplateDialog');
const TemplateDialog = latePart(load);

interface TemplateToolProps {
  use: TemplateUse | null;
  onChange: (use: TemplateUse | null) => void;
  /** Open at once with this template chosen (from the page of templates). */
  openWith?: number;
  /** With words beside the icon. */
  isLabelled?: boolean;
}

/** In the composer: which template the conversation uses; a press chooses or changes it. */
export function TemplateTool({ use, onChange, openWith, isLabelled }: TemplateToolProps) {
  const { t } = useTranslation();
  // The address may let go of it once the dialog is open.
  const [firstId] = useState(openWith);
  const [isOpen, setIsOpen] = useState(openWith !== undefined);
  const open = {
    onClick: () => setIsOpen(true),
    onPointerEnter: () => fetchEarly(load),
    onFocus: () => fetchEarly(load),
    'data-testid': 'template-tool',
  };
  return (
    <>
      {use ? (
        <span className="inline-flex min-w-0 items-center rounded-full bg-primary-soft text-primary text-xs">
          <button
            type="button"
            aria-label={t('templates.inUse', { title: use.title })}
            className="inline-flex min-h-6 min-w-0 items-center gap-1.5 rounded-full pl-2.5 hover:underline touch:min-h-9"
            {...open}
          >
            <FileText size={13} className="shrink-0" aria-hidden />
            <span className="max-w-40 truncate">{use.title}</span>
          </button>
          <button
            type="button"
            aria-label={t('templates.stopUsing', { title: use.title })}
            className="grid size-6 shrink-0 place-items-center rounded-full hover:bg-primary/15 touch:size-9"
            onClick={() => onChange(null)}
          >
            <X size={13} aria-hidden />
          </button>
        </span>
      ) : isLabelled ? (
        <Button variant="outline" size="sm" {...open}>
          <FileText size={15} aria-hidden />
          {t('templates.useOne')}
        </Button>
      ) : (
        <IconButton size="icon-sm" label={t('templates.useOne')} {...open}>
          <FileText size={16} />
        </IconButton>
      )}
      {isOpen && (
        <Suspense>
          <TemplateDialog
            use={use}
            firstId={use ? undefined : firstId}
            onClose={() => setIsOpen(false)}
            onUse={(next) => {
              setIsOpen(false);
              onChange(next);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
