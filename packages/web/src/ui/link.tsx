import type { ComponentChildren } from 'preact'
import { useServices } from '../services.ts'

interface LinkProps {
  href: string
  children: ComponentChildren
  class?: string
  testId?: string
}

/** A link within the page: no reload, but a real link for new tabs and copying. */
export function Link({ href, children, class: className = 'link', testId }: LinkProps) {
  const { router } = useServices()
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.go(href)
  }
  return (
    <a class={className} href={href} data-testid={testId} onClick={follow}>
      {children}
    </a>
  )
}
