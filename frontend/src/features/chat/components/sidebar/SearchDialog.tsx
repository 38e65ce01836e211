import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { MessageSquare, Search, SquarePen } from 'lucide-react';
import { type KeyboardEvent, useDeferredValue, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/Dialog';
import { useDebounced } from '@/hooks/useDebounced';
import { useShell } from '@/hooks/useShell';
import { cn } from '@/lib/cn';
import type { SearchHit } from '@/lib/contracts';
import { formatRelative } from '@/lib/format';
import { searchQuery } from '../../api/sessions';
import { MarkedText } from './MarkedText';

/** ⌘K: titles and texts, by keyboard alone; a hit opens the conversation at its message. */
export default function SearchDialog() {
  const { t } = useTranslation();
  const close = () => useShell.setState({ isSearchOpen: false });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title={t('search.title')}
      isTitleHidden
      className="max-w-xl! overflow-hidden"
    >
      <SearchPanel onClose={close} />
    </Dialog>
  );
}

function SearchPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const listId = useId();
  const [text, setText] = useState('');
  const [index, setIndex] = useState(0);
  const query = useDebounced(useDeferredValue(text.trim()), 150);
  const { data: hits = [], isFetching } = useQuery({
    ...searchQuery(query),
    placeholderData: (before) => before,
  });
  const shown = query ? hits : [];
  const active = Math.min(index, Math.max(0, shown.length - 1));

  const open = (hit: SearchHit | undefined) => {
    if (!hit) return;
    onClose();
    void navigate({
      to: '/c/$sessionId',
      params: { sessionId: hit.session_id },
      search: hit.message_id ? { m: hit.message_id } : {},
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length > 0) {
      event.preventDefault();
      setIndex((active + step + shown.length) % shown.length);
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      open(shown[active]);
    }
  };

  return (
    <>
      <div className="flex items-center gap-3 border-b px-4">
        <Search size={17} className="shrink-0 text-muted-foreground" aria-hidden />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog is opened to type here
          autoFocus
          role="combobox"
          aria-expanded={shown.length > 0}
          aria-controls={listId}
          aria-activedescendant={shown.length > 0 ? `${listId}-${active}` : undefined}
          aria-label={t('search.field')}
          data-testid="search-input"
          placeholder={t('search.placeholder')}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setIndex(0);
          }}
          onKeyDown={onKeyDown}
          className="h-13 w-full bg-transparent text-[16px] outline-none placeholder:text-muted-foreground"
        />
      </div>
      <div
        id={listId}
        role="listbox"
        aria-label={t('search.results')}
        className="max-h-[56dvh] overflow-y-auto p-1.5"
      >
        {shown.map((hit, position) => (
          <SearchRow
            key={`${hit.session_id}/${hit.message_id}`}
            id={`${listId}-${position}`}
            hit={hit}
            query={query}
            isActive={position === active}
            onPoint={() => setIndex(position)}
            onOpen={() => open(hit)}
          />
        ))}
      </div>
      {shown.length === 0 && (
        <p role="status" className="flex items-center gap-2 px-5 pb-5 text-muted-foreground text-sm">
          {query && !isFetching ? t('search.nothing', { query }) : t('search.hint')}
        </p>
      )}
    </>
  );
}

interface SearchRowProps {
  id: string;
  hit: SearchHit;
  query: string;
  isActive: boolean;
  onPoint: () => void;
  onOpen: () => void;
}

function SearchRow({ id, hit, query, isActive, onPoint, onOpen }: SearchRowProps) {
  const { t } = useTranslation();
  const Icon = hit.message_id ? MessageSquare : SquarePen;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which keeps the focus
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div
      id={id}
      role="option"
      aria-selected={isActive}
      data-testid="search-hit"
      onPointerMove={onPoint}
      onClick={onOpen}
      className={cn('flex cursor-pointer gap-3 rounded-lg px-3 py-2.5 text-sm', isActive && 'bg-accent')}
    >
      <Icon size={16} className="mt-0.5 shrink-0 text-muted-foreground" aria-hidden />
      <div className="min-w-0 flex-1">
        <div className="truncate font-medium">
          <MarkedText text={hit.title || t('sessions.untitled')} query={query} />
        </div>
        {hit.message_id && (
          <div className="line-clamp-2 text-[13px] text-muted-foreground leading-snug">
            <MarkedText text={hit.snippet} query={query} />
          </div>
        )}
      </div>
      <time className="shrink-0 text-muted-foreground text-xs tabular">{formatRelative(hit.created_at)}</time>
    </div>
  );
}
