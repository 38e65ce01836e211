/** Only http and https leave an answer: no javascript:, data:, file: or application links. */
export function keepWebAddress(url: string): string {
  return isWebAddress(url) ? url : '';
}

export function isWebAddress(url: string | undefined): url is string {
  if (!url) return false;
  try {
    const { protocol } = new URL(url);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}

/** The host of an address, for "show the image from …". */
export function hostOf(url: string): string {
  return new URL(url).host;
}
