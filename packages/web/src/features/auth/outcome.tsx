import type { LucideIcon } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { Link } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'

interface OutcomeProps {
  icon: LucideIcon
  title: string
  testId: string
  children: ComponentChildren
  /** The way on; to the start page if there is none other. */
  action?: { href: string; label: string }
}

/** A page that says how something went, and leads on. */
export const Outcome = ({ icon: Icon, title, testId, children, action }: OutcomeProps) => (
  <Page>
    <section class="card notice-card" data-testid={testId}>
      <span class="ended__icon">
        <Icon size={32} aria-hidden="true" />
      </span>
      <h1>{title}</h1>
      <p class="muted" role="status">
        {children}
      </p>
      <Link class="button button--primary" href={action?.href ?? '/'}>
        {action?.label ?? 'Back to start'}
      </Link>
    </section>
  </Page>
)
