/** A stand-in for XMLHttpRequest: each upload waits until the test answers it. */
import { vi } from 'vitest';

export interface StubUpload {
  path: string;
  token: string | null;
  isAborted: boolean;
  progress: (loaded: number, total: number) => void;
  answer: (status: number, body: unknown) => void;
  cut: () => void;
}

export function stubUploads(): StubUpload[] {
  const uploads: StubUpload[] = [];
  vi.stubGlobal(
    'XMLHttpRequest',
    class {
      upload: { onprogress?: (event: unknown) => void } = {};
      onload = () => undefined;
      onerror = () => undefined;
      onabort = () => undefined;
      status = 0;
      statusText = '';
      responseText = '';
      withCredentials = false;
      own: StubUpload = {
        path: '',
        token: null,
        isAborted: false,
        progress: (loaded, total) => this.upload.onprogress?.({ lengthComputable: true, loaded, total }),
        answer: (status, body) => {
          this.status = status;
          this.responseText = JSON.stringify(body);
          this.onload();
        },
        cut: () => this.onerror(),
      };
      open(_method: string, path: string) {
        this.own.path = path;
      }
      setRequestHeader(name: string, value: string) {
        if (name === 'authorization') this.own.token = value;
      }
      send() {
        uploads.push(this.own);
      }
      abort() {
        this.own.isAborted = true;
        this.onabort();
      }
    },
  );
  return uploads;
}
