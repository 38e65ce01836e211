import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import type { BranchPosition } from '../model/tree';

interface BranchSwitcherProps {
  branch: BranchPosition;
  isDisabled: boolean;
  onShow: (messageId: string) => void;
}

/** ‹ 2/3 › */
export function BranchSwitcher({ branch, isDisabled, onShow }: BranchSwitcherProps) {
  const { t } = useTranslation();
  const { previousId, nextId, position, count } = branch;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this groups two buttons
    <div
      role="group"
      aria-label={t('message.branches')}
      data-testid="branch-switcher"
      className="flex items-center text-muted-foreground text-xs tabular"
    >
      <IconButton
        size="icon-sm"
        label={t('message.previousBranch')}
        disabled={isDisabled || !previousId}
        onClick={() => previousId && onShow(previousId)}
      >
        <ChevronLeft size={15} />
      </IconButton>
      <span data-testid="branch-position">
        {position}/{count}
      </span>
      <IconButton
        size="icon-sm"
        label={t('message.nextBranch')}
        disabled={isDisabled || !nextId}
        onClick={() => nextId && onShow(nextId)}
      >
        <ChevronRight size={15} />
      </IconButton>
    </div>
  );
}
