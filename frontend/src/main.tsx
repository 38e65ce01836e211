import '@/styles/index.css';
import '@/lib/i18n';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/App';
import { watchSystemTheme } from '@/hooks/useTheme';
import { restoreSession } from '@/lib/authSession';

watchSystemTheme();
void restoreSession();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
