import '@/lib/moreWords';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { PlaygroundPage } from '@/features/playground/components/PlaygroundPage';

const route = getRouteApi('/app/playground');

export default function PlaygroundRoute() {
  const navigate = useNavigate();
  const { view = 'ask', seed } = route.useSearch();
  return (
    <PlaygroundPage
      view={view}
      seed={seed ?? null}
      onView={(wanted) => void navigate({ to: '/playground', search: { view: wanted, seed } })}
      onSeed={(wanted) => void navigate({ to: '/playground', search: { view, seed: wanted } })}
    />
  );
}
