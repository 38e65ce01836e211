import '@/lib/moreWords';
import { useSearch } from '@tanstack/react-router';
import { ComparePage } from '@/features/chat/components/compare/ComparePage';
import { TemplateTool } from '@/features/templates/components/TemplateTool';

export default function CompareRoute() {
  const { c } = useSearch({ from: '/app/compare' });
  return (
    <ComparePage
      sessionId={c}
      templateTool={(use, onChange) => <TemplateTool use={use} onChange={onChange} isLabelled />}
    />
  );
}
