/** Where the portal answers. `VITE_API_BASE` may be empty, an origin, or end in `/api`: never does `/api/api` come out. */
export function joinApiUrl(base: string, path: string): string {
  const trimmed = base
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/api$/, '');
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return `${trimmed}${absolute}`;
}

export function apiUrl(path: string): string {
  return joinApiUrl(import.meta.env.VITE_API_BASE ?? '', path);
}

/** Cookies go along to another origin only when the page was built for one. */
export const requestCredentials: RequestCredentials = import.meta.env.VITE_API_BASE
  ? 'include'
  : 'same-origin';

/** The address to show in snippets: the portal's own, as a client outside the page would write it. */
export function publicBaseUrl(): string {
  const base = joinApiUrl(import.meta.env.VITE_API_BASE ?? '', '/').replace(/\/$/, '');
  return base.startsWith('http') ? base : `${window.location.origin}${base}`;
}
