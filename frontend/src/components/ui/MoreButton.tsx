import { useTranslation } from 'react-i18next';
import { Button } from './Button';

interface MoreButtonProps {
  /** A list that comes in pages. */
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** Below a list: fetches its next page, while there is one. */
export function MoreButton({ query: { hasNextPage, isFetchingNextPage, fetchNextPage } }: MoreButtonProps) {
  const { t } = useTranslation();
  if (!hasNextPage) return null;
  return (
    <Button
      variant="outline"
      size="sm"
      className="mt-4"
      isBusy={isFetchingNextPage}
      onClick={() => void fetchNextPage()}
    >
      {t('common.more')}
    </Button>
  );
}
