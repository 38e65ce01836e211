import { Check, Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useCopy } from '@/hooks/useCopy';
import { Button } from './Button';
import { IconButton } from './IconButton';

interface CopyButtonProps {
  text: () => string;
  label?: string;
  /** With words beside the icon. */
  isLabelled?: boolean;
  className?: string;
  /** Lets a shortcut find and press the last one of its kind. */
  kind?: 'answer' | 'code';
}

export function CopyButton({ text, label, isLabelled, className, kind }: CopyButtonProps) {
  const { t } = useTranslation();
  const { isCopied, copy } = useCopy();
  const name = isCopied ? t('common.copied') : (label ?? t('common.copy'));
  const icon = isCopied ? <Check size={15} className="text-success" /> : <Copy size={15} />;
  if (isLabelled) {
    return (
      <Button variant="outline" size="sm" className={className} onClick={() => copy(text())}>
        {icon}
        {name}
      </Button>
    );
  }
  return (
    <IconButton
      label={name}
      size="icon-sm"
      data-copy={kind}
      className={className}
      onClick={() => copy(text())}
    >
      {icon}
    </IconButton>
  );
}
