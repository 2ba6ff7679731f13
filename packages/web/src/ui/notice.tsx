import type { Problem } from '@parley/contracts'
import { CircleAlert, Info } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { explain } from '../lib/explain.ts'

interface NoticeProps {
  kind: 'problem' | 'info'
  title?: string
  children: ComponentChildren
}

/** A box that explains something; a problem is announced at once. */
export const Notice = ({ kind, title, children }: NoticeProps) => (
  <div class={`notice notice--${kind}`} role={kind === 'problem' ? 'alert' : 'note'}>
    {kind === 'problem' ? <CircleAlert size={20} aria-hidden="true" /> : <Info size={20} aria-hidden="true" />}
    <div>
      {title !== undefined && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  </div>
)

export function ProblemNotice({ problem }: { problem: Problem | null }) {
  if (problem === null) return null
  const { title, text } = explain(problem)
  return (
    <Notice kind="problem" title={title}>
      {text}
    </Notice>
  )
}
