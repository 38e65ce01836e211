import '@/styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/App';
import { startLanguage } from '@/hooks/useLanguage';
import { watchSystemTheme } from '@/hooks/useTheme';
import { showToast } from '@/hooks/useToasts';
import { watchVisibleHeight } from '@/hooks/viewport';
import { restoreSession, useAuthSession } from '@/lib/authSession';
import { i18next } from '@/lib/i18n';
import { watchLatePieces } from '@/lib/latePieces';
import { registerServiceWorker } from '@/lib/serviceWorker';

watchSystemTheme();
watchVisibleHeight();
watchLatePieces();
// A shared conversation is for anybody: who reads it is not asked.
if (window.location.pathname.startsWith('/s/')) useAuthSession.setState({ status: 'signed-out' });
else {
  void restoreSession();
  if (import.meta.env.PROD) void registerServiceWorker(offerUpdate);
}

function offerUpdate(apply: () => void): void {
  showToast(i18next.t('update.ready'), { label: i18next.t('update.apply'), run: apply }, { stays: true });
}

const root = document.getElementById('root');
// The words come first, so that nothing is shown in one language and then in another.
void startLanguage().then(() => {
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
