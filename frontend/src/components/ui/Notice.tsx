import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

const tones = {
  info: { icon: Info, style: 'bg-primary-soft text-foreground', iconStyle: 'text-primary' },
  warning: { icon: TriangleAlert, style: 'bg-warning-soft text-foreground', iconStyle: 'text-warning' },
  error: { icon: CircleAlert, style: 'bg-destructive-soft text-foreground', iconStyle: 'text-destructive' },
};

interface NoticeProps {
  tone: keyof typeof tones;
  children: ReactNode;
  actions?: ReactNode;
  className?: string;
  role?: 'alert' | 'status';
  testId?: string;
}

export function Notice({ tone, children, actions, className, role, testId }: NoticeProps) {
  const { icon: Icon, style, iconStyle } = tones[tone];
  return (
    <div
      role={role}
      data-testid={testId}
      className={cn(
        'flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg px-3.5 py-2.5 text-sm',
        style,
        className,
      )}
    >
      <Icon size={17} className={cn('mt-0.5 shrink-0', iconStyle)} aria-hidden />
      <div className="min-w-48 flex-1">{children}</div>
      {actions && <div className="flex items-center gap-1.5">{actions}</div>}
    </div>
  );
}
