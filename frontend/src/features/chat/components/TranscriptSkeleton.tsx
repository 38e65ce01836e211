import { Skeleton } from '@/components/ui/Skeleton';

export function TranscriptSkeleton() {
  return (
    <div className="min-h-0 flex-1 overflow-hidden" data-testid="transcript-loading">
      <div className="mx-auto w-full max-w-reading space-y-7 px-6 pt-10">
        <Skeleton className="ml-auto h-11 w-2/5 rounded-2xl!" />
        <div className="space-y-3">
          <Skeleton className="h-4 w-full" />
          <Skeleton className="h-4 w-11/12" />
          <Skeleton className="h-4 w-3/5" />
        </div>
      </div>
    </div>
  );
}
