import '@/lib/moreWords';
import { useNavigate } from '@tanstack/react-router';
import { chooseModel } from '@/features/chat/model/modelChoice';
import { ModelsPage } from '@/features/models/components/ModelsPage';

export default function ModelsRoute() {
  const navigate = useNavigate();
  return (
    <ModelsPage
      onChat={(modelId) => {
        chooseModel(null, modelId);
        void navigate({ to: '/' });
      }}
    />
  );
}
