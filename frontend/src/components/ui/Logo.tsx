/** The portal: an arch with a prompt in it. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="8" className="fill-primary" />
      <g className="stroke-primary-foreground" strokeLinecap="round" strokeLinejoin="round">
        <path d="M9 24V15a7 7 0 0 1 14 0v9" strokeWidth="2.6" />
        <path d="m13.6 15.6 3 2.9-3 2.9" strokeWidth="2.2" />
      </g>
    </svg>
  );
}
