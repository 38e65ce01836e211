import { Link, useNavigate } from '@tanstack/react-router';
import { Copy, Ellipsis, Globe, MessageSquare, Power, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, buttonStyle } from '@/components/ui/Button';
import { IconButton } from '@/components/ui/IconButton';
import { Menu } from '@/components/ui/Menu';
import type { Template } from '@/lib/contracts';
import { useTemplateActions } from '../hooks/useTemplateActions';

interface TemplateActionsProps {
  template: Template;
  isOwn: boolean;
  onCopy: () => void;
}

/** Use it, share it, copy it, switch it off, delete it (asked once more: its versions go too). */
export function TemplateActions({ template, isOwn, onCopy }: TemplateActionsProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { change, remove } = useTemplateActions();
  const [isAsking, setIsAsking] = useState(false);
  const copy = { icon: <Copy size={15} />, label: t('templates.copy'), run: onCopy };
  if (isAsking) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this groups two buttons
      <div className="flex items-center gap-2" role="group" aria-label={t('templates.deleteAsk')}>
        <span className="text-sm">{t('templates.deleteAsk')}</span>
        <Button variant="ghost" size="sm" onClick={() => setIsAsking(false)}>
          {t('common.cancel')}
        </Button>
        <Button
          variant="danger"
          size="sm"
          onClick={async () => {
            if (await remove(template)) void navigate({ to: '/templates', ignoreBlocker: true });
          }}
        >
          {t('templates.deleteConfirm')}
        </Button>
      </div>
    );
  }
  return (
    <>
      {template.is_active && (
        <Link
          to="/"
          search={{ template: template.id }}
          data-testid="use-template"
          className={buttonStyle({ variant: 'outline' })}
        >
          <MessageSquare size={15} aria-hidden />
          {t('templates.useInChat')}
        </Link>
      )}
      {isOwn ? (
        <Menu
          trigger={
            <IconButton label={t('templates.options')} data-testid="template-options">
              <Ellipsis size={18} />
            </IconButton>
          }
          entries={[
            {
              icon: <Globe size={15} />,
              label: template.is_public ? t('templates.unshare') : t('templates.share'),
              run: () => void change(template.id, { is_public: !template.is_public }),
            },
            {
              icon: <Power size={15} />,
              label: template.is_active ? t('templates.switchOff') : t('templates.switchOn'),
              run: () => void change(template.id, { is_active: !template.is_active }),
            },
            copy,
            'separator',
            {
              icon: <Trash2 size={15} />,
              label: t('templates.delete'),
              isDanger: true,
              run: () => setIsAsking(true),
            },
          ]}
        />
      ) : (
        <Button variant="outline" onClick={onCopy}>
          {copy.icon}
          {copy.label}
        </Button>
      )}
    </>
  );
}
