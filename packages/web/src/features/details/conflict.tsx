import type { ComponentChildren } from 'preact'
import { Notice } from '../../ui/notice.tsx'

/** Somebody else was faster; `children` say how it is now. */
export const Conflict = ({ children }: { children: ComponentChildren }) => (
  <div data-testid="details-conflict">
    <Notice kind="problem" title="Someone else changed this meeting">
      <p>Nothing of yours was saved. It is now: {children}</p>
      <p>Save again to replace that with what you entered below.</p>
    </Notice>
  </div>
)
