import { useQuery } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { Menu } from '@/components/ui/Menu';
import { modelsQuery } from '@/lib/modelQueries';

interface RegenerateButtonProps {
  isDisabled: boolean;
  /** Without a model: the one that the conversation asks. */
  onRegenerate: (model?: string) => void;
}

/** Answer again; where there are several models, with one of them. */
export function RegenerateButton({ isDisabled, onRegenerate }: RegenerateButtonProps) {
  const { t } = useTranslation();
  const { data: models = [] } = useQuery(modelsQuery);
  const button = (onClick?: () => void) => (
    <IconButton size="icon-sm" label={t('message.regenerate')} disabled={isDisabled} onClick={onClick}>
      <RefreshCw size={15} />
    </IconButton>
  );
  if (models.length < 2) return button(() => onRegenerate());
  return (
    <Menu
      align="start"
      trigger={button()}
      entries={[
        { label: t('message.regenerateSame'), run: () => onRegenerate() },
        'separator',
        ...models.map((model) => ({
          label: t('message.regenerateWith', { name: model.name }),
          run: () => onRegenerate(model.id),
        })),
      ]}
    />
  );
}
