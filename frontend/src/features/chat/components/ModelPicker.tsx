import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Menu } from '@/components/ui/Menu';
import { formatCompact } from '@/lib/format';
import { useCurrentModel } from '../hooks/useCurrentModel';
import { chooseModel } from '../model/modelChoice';

/** Says which model answers; a menu as soon as there is more than one. */
export function ModelPicker({
  sessionId,
  sessionModel,
  isOnlyOneNamed = true,
}: {
  sessionId: string | null;
  sessionModel?: string | null;
  /** False where something beside it says which one answers. */
  isOnlyOneNamed?: boolean;
}) {
  const { t } = useTranslation();
  const { models, current } = useCurrentModel(sessionId, sessionModel);
  if (!current) return null;
  if (models.length < 2) {
    if (!isOnlyOneNamed) return null;
    return (
      <span data-testid="model-name" className="truncate px-2 text-[13px] text-muted-foreground">
        {current.name}
      </span>
    );
  }
  return (
    <Menu
      align="start"
      side="top"
      trigger={
        <Button
          variant="quiet"
          size="sm"
          className="min-w-0 px-2!"
          aria-label={t('models.choose', { name: current.name })}
          data-testid="model-picker"
        >
          <span className="truncate">{current.name}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      }
      entries={[
        {
          value: current.id,
          choose: (id) => chooseModel(sessionId, id),
          options: models.map((model) => ({
            value: model.id,
            label: (
              <span className="block truncate">
                {model.name}
                {model.context_window && (
                  <span className="ml-2 text-muted-foreground text-xs tabular">
                    {formatCompact(model.context_window)}
                  </span>
                )}
              </span>
            ),
          })),
        },
      ]}
    />
  );
}
