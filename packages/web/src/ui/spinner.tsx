export const Spinner = ({ label, large = false }: { label: string; large?: boolean }) => (
  <span class={`spinner${large ? ' spinner--large' : ''}`} role="status" aria-label={label} />
)
