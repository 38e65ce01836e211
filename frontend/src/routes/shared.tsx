import '@/lib/moreWords';
import { useParams } from '@tanstack/react-router';
import { SharedPage } from '@/features/shared/components/SharedPage';

export default function SharedRoute() {
  const { token } = useParams({ from: '/s/$token' });
  return <SharedPage token={token} />;
}
