// Sets the theme before the first paint; a file of its own because the page allows no inline script.
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
