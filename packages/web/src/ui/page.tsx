import type { ComponentChildren } from 'preact'
import { BrandMark } from './brand.tsx'
import { Link } from './link.tsx'
import { ThemeToggle } from './theme.tsx'

/** A page with the common header; `actions` stand at its right end. */
export const Page = ({ children, actions }: { children: ComponentChildren; actions?: ComponentChildren }) => (
  <div class="page">
    <header class="page-header">
      <Link class="brand" href="/">
        <BrandMark />
        <span>Parley</span>
      </Link>
      <div class="page-header__actions">
        <ThemeToggle />
        {actions}
      </div>
    </header>
    <main class="page-main">{children}</main>
  </div>
)
