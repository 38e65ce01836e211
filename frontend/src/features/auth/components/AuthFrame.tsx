import type { ReactNode } from 'react';
import { Logo } from '@/components/ui/Logo';

interface AuthFrameProps {
  title: string;
  subtitle?: string;
  children: ReactNode;
  footer?: ReactNode;
}

/** What stands around every form of signing in. */
export function AuthFrame({ title, subtitle, children, footer }: AuthFrameProps) {
  return (
    <main className="flex h-dvh flex-col overflow-y-auto px-5 py-8">
      <div className="m-auto w-full max-w-sm">
        <div className="mb-7">
          <Logo size={40} />
          <h1 className="mt-5 font-semibold text-2xl leading-tight tracking-[-0.02em]">{title}</h1>
          {subtitle && <p className="mt-1.5 text-muted-foreground">{subtitle}</p>}
        </div>
        {children}
        {footer && <div className="mt-6 text-muted-foreground text-sm">{footer}</div>}
      </div>
    </main>
  );
}
