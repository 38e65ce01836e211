/** Files that only their owner may have: fetched with the token, then handed to the browser to keep. */
import { openResponse } from './http';

/** The file's name as the portal says it (RFC 6266); the part for old clients comes second. */
export function fileNameOf(contentDisposition: string | null, fallback: string): string {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(contentDisposition ?? '')?.[1];
  if (encoded) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      // Not well formed: the plain name has to do.
    }
  }
  return /filename="?([^";]+)"?/i.exec(contentDisposition ?? '')?.[1] ?? fallback;
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

export async function download(path: string, fallbackName: string): Promise<void> {
  const response = await openResponse(path);
  saveBlob(await response.blob(), fileNameOf(response.headers.get('content-disposition'), fallbackName));
}
