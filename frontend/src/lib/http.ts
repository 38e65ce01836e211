/** One way to the portal: adds the token, refreshes it once when it has expired, and turns refusals into typed errors. */
import { forgetSession, refreshAccessToken, requirePasswordChange, useAuthSession } from './authSession';
import { apiUrl, requestCredentials } from './env';
import { ApiError, errorFromResponse, isAbort, OfflineError } from './errors';

export interface ApiResponse<T> {
  data: T;
  status: number;
  headers: Headers;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** `false` for the open routes: no token is sent and a 401 is the caller's business. */
  auth?: boolean;
  /** Statuses beside 2xx whose body is an answer and no error (health says "unavailable" with a 503). */
  accept?: number[];
}

async function fetchOnce(path: string, options: RequestOptions, token: string | null): Promise<Response> {
  const headers = new Headers(options.headers);
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  if (token) headers.set('authorization', `Bearer ${token}`);
  try {
    return await fetch(apiUrl(path), {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: requestCredentials,
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new OfflineError(error);
  }
}

async function freshToken(): Promise<string | null> {
  try {
    return await refreshAccessToken();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      forgetSession();
      return null;
    }
    throw error;
  }
}

/** Send a request and answer the raw response, for streams. Throws ApiError on any status but 2xx. */
export async function openResponse(path: string, options: RequestOptions = {}): Promise<Response> {
  const isAuthenticated = options.auth !== false;
  if (isAuthenticated && useAuthSession.getState().status === 'signed-out') {
    // What was still on the page asks once more as it goes; there is nobody to ask for.
    throw new ApiError(401, { code: 'not_authenticated', message: 'You are signed out.' });
  }
  const token = isAuthenticated ? useAuthSession.getState().accessToken : null;
  let response = await fetchOnce(path, options, token);
  if (response.status === 401 && isAuthenticated) {
    const current = useAuthSession.getState().accessToken;
    // Another request may have refreshed it while this one was on its way.
    const renewed = current && current !== token ? current : await freshToken();
    if (renewed) response = await fetchOnce(path, options, renewed);
  }
  if (response.ok || options.accept?.includes(response.status)) return response;
  const error = await errorFromResponse(response);
  if (error.code === 'password_change_required') requirePasswordChange();
  throw error;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<ApiResponse<T>> {
  const response = await openResponse(path, options);
  const text = await response.text();
  return {
    data: (text ? JSON.parse(text) : undefined) as T,
    status: response.status,
    headers: response.headers,
  };
}

/** Most callers want the body alone. */
export async function requestData<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await request<T>(path, options)).data;
}
