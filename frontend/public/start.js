// Runs before the first paint; a file of its own because the page allows no inline script.

// The theme.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('portal.theme') || 'system';
  } catch {
    // Storage can be blocked; the system's theme is a fine answer.
  }
  const isDark =
    choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
})();

// Who is signed in is asked while the page's program is still on its way; lib/authSession takes the answer.
// A page that was built for a portal elsewhere asks later, and a shared conversation asks nobody.
(() => {
  if (!('here' in document.currentScript.dataset) || location.pathname.startsWith('/s/')) return;
  window.portalRenewal = fetch('/api/auth/refresh', { method: 'POST', credentials: 'same-origin' });
  window.portalRenewal.catch(() => undefined);
})();
