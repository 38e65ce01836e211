/** The portal's shapes under the names that the page uses; what its description leaves open is said here. */
import type {
  AttachmentRead,
  AttachmentRef,
  AuthConfig,
  ErrorRead,
  FolderRead,
  FoldersChanged,
  HealthRead,
  ImportRead,
  KeyCreate,
  KeyRead,
  LedgerRead,
  MessageRead,
  ModelRead,
  SearchHit,
  SessionDetail as SessionDetailRead,
  SessionRead,
  ShareCreated,
  SharedSession,
  ShareState,
  SignInRead,
  TemplateCreate,
  TemplateRead,
  TemplateVersionRead,
  TokenRead,
  TurnRead,
  UsageRead,
  UserRead,
  Variable,
} from './apiSchemas';

export type { AttachmentRef, AuthConfig, FoldersChanged, SearchHit, ShareCreated, SharedSession, ShareState };
export type AccessToken = TokenRead;
export type ApiKey = KeyRead;
export type ApiKeyCreate = Partial<KeyCreate> & Pick<KeyCreate, 'name'>;
export type Attachment = AttachmentRead;
export type Folder = FolderRead;
export type Health = HealthRead;
export type ImportResult = ImportRead;
export type Model = ModelRead;
export type Session = SessionRead;
export type SignIn = SignInRead;
export type Template = TemplateRead;
export type TemplateVersion = TemplateVersionRead;
export type TemplateWrite = Omit<TemplateCreate, 'version'>;
export type TemplateVariable = Variable;
export type TurnError = Pick<ErrorRead, 'code' | 'message'> & { request_id?: string | null };
export type Usage = UsageRead;
export type User = UserRead;

export interface Timings {
  queued_ms?: number | null;
  ttft_ms?: number | null;
  reasoning_ms?: number | null;
  total_ms?: number | null;
  tokens_per_second?: number | null;
}

export interface Message extends Omit<MessageRead, 'timings' | 'error'> {
  timings: Timings | null;
  error: TurnError | null;
}

export type MessageStatus = Message['status'];

export interface Turn extends Omit<TurnRead, 'timings' | 'error' | 'started_at' | 'finished_at'> {
  timings: Timings | null;
  error: TurnError | null;
}

export interface SessionDetail extends Omit<SessionDetailRead, 'messages' | 'active_turn'> {
  messages: Message[];
  active_turn: Turn | null;
}

export interface LedgerAttempt {
  target: string;
  status: string;
  error?: string | null;
  ttft_ms?: number | null;
}

export interface Ledger extends Omit<LedgerRead, 'attempts' | 'messages_dropped'> {
  attempts: LedgerAttempt[];
  messages_dropped: { message_id: string; reason: string }[];
}

export type VariableValues = Record<string, string | number | boolean>;

/** A template as a conversation uses it: this version of it, with these values. */
export interface TemplateUse {
  id: number;
  title: string;
  version: number;
  variables: VariableValues;
}
