import '@/styles/index.css';
import '@/lib/i18n';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/App';
import { startLanguage } from '@/hooks/useLanguage';
import { watchSystemTheme } from '@/hooks/useTheme';
import { watchVisibleHeight } from '@/hooks/viewport';
import { restoreSession, useAuthSession } from '@/lib/authSession';

watchSystemTheme();
watchVisibleHeight();
// A shared conversation is for anybody: who reads it is not asked.
if (window.location.pathname.startsWith('/s/')) useAuthSession.setState({ status: 'signed-out' });
else void restoreSession();
// After an update the old pieces are gone: load the page anew, once.
window.addEventListener('vite:preloadError', (event) => {
  if (sessionStorage.getItem('portal.reloaded')) return;
  sessionStorage.setItem('portal.reloaded', '1');
  event.preventDefault();
  window.location.reload();
});

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
