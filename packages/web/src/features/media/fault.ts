/** Why there is no camera or microphone. */
export type MediaFault = 'denied' | 'none' | 'busy' | 'unsupported'

/** What went wrong in `getUserMedia`, by the name of its error (W3C Media Capture, 10.3). */
export function mediaFault(error: unknown): MediaFault {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'unsupported'
}

const words = { mic: 'microphone', cam: 'camera', both: 'camera or microphone' } as const

/** The fault in words, with what to do about it. */
export function describeFault(kind: keyof typeof words, fault: MediaFault): string {
  const device = words[kind]
  switch (fault) {
    case 'denied':
      return `The browser may not use your ${device}. Allow it in the address bar, then try again.`
    case 'none':
      return `No ${device} was found. Plug one in, or join without.`
    case 'busy':
      return `Another program is using your ${device}. Close it, then try again.`
    case 'unsupported':
      return `This browser gives no access to a ${device} here. A secure address (https) is needed.`
    default:
      return fault satisfies never
  }
}
