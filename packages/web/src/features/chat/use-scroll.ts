import type { PendingMessage } from '@parley/client'
import type { Message } from '@parley/contracts'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const nearPx = 60

/**
 * Keeps a list of messages where the reader is: at the end it follows new messages, further up it stays in place, also
 * when older messages come in above. `hasNew`: something came at the end that is not in sight.
 */
export function useScroll(messages: readonly Message[], pending: readonly PendingMessage[]) {
  const ref = useRef<HTMLDivElement>(null)
  const place = useRef({ atEnd: true, height: 0, first: 0, last: 0, pending: 0 })
  const [hasNew, setHasNew] = useState(false)
  const toEnd = () => {
    if (ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight
    setHasNew(false)
  }
  useLayoutEffect(() => {
    const box = ref.current
    if (box === null) return
    const before = place.current
    const now = { first: messages[0]?.seq ?? 0, last: messages.at(-1)?.seq ?? 0, pending: pending.length }
    if (before.atEnd || now.pending > before.pending) toEnd()
    else if (before.first > 0 && now.first < before.first) box.scrollTop += box.scrollHeight - before.height
    else if (now.last > before.last) setHasNew(true)
    place.current = { ...before, ...now, height: box.scrollHeight }
  }, [messages, pending])
  const onScroll = () => {
    const box = ref.current
    if (box === null) return { nearTop: false }
    place.current.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < nearPx
    if (place.current.atEnd) setHasNew(false)
    return { nearTop: box.scrollTop < nearPx }
  }
  return { ref, hasNew, toEnd, onScroll }
}
