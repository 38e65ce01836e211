/** Send a file's bytes and hear how far they got, which fetch cannot tell. */
import { forgetSession, refreshAccessToken, useAuthSession } from './authSession';
import { apiUrl, requestCredentials } from './env';
import { ApiError, type ErrorBody, OfflineError } from './errors';

export interface UploadOptions {
  /** From 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** Answers the portal's JSON; raises ApiError, OfflineError, or AbortError when `signal` says so. */
export async function upload<T>(path: string, file: Blob, options: UploadOptions): Promise<T> {
  try {
    return await uploadOnce<T>(path, file, options, useAuthSession.getState().accessToken);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  let token: string;
  try {
    token = await refreshAccessToken();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) forgetSession();
    throw error;
  }
  return uploadOnce<T>(path, file, options, token);
}

function uploadOnce<T>(path: string, file: Blob, options: UploadOptions, token: string | null): Promise<T> {
  const { onProgress, signal } = options;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', apiUrl(path));
    request.withCredentials = requestCredentials === 'include';
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (token) request.setRequestHeader('authorization', `Bearer ${token}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new OfflineError());
    request.onabort = () => reject(new DOMException('The upload was given up.', 'AbortError'));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(errorOf(request));
    };
    if (signal.aborted) request.abort();
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

function errorOf(request: XMLHttpRequest): ApiError {
  let body: ErrorBody = {
    code: `http_${request.status}`,
    message: request.statusText || `HTTP ${request.status}`,
  };
  try {
    const parsed = JSON.parse(request.responseText) as { error?: Partial<ErrorBody> };
    if (parsed.error?.message) body = { ...body, ...parsed.error };
  } catch {
    // Not JSON, so not the portal's: the status has to do.
  }
  return new ApiError(request.status, body);
}
