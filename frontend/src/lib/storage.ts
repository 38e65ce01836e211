/** Small things kept in this browser. A blocked or full storage is never an error. */
export function readStored<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`portal.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function writeStored(key: string, value: unknown): void {
  try {
    if (value === undefined || value === null || value === '') localStorage.removeItem(`portal.${key}`);
    else localStorage.setItem(`portal.${key}`, JSON.stringify(value));
  } catch {
    // Nothing to do: it was a convenience.
  }
}

/** Forget everything whose key begins with `prefix`. */
export function clearStored(prefix: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`portal.${prefix}`)) localStorage.removeItem(key);
    }
  } catch {
    // As above.
  }
}
