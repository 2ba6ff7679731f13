/** Why there is no camera or microphone. */
export type MediaFault = 'denied' | 'none' | 'busy' | 'unsupported'

/** The fault of `getUserMedia`, by the name of its error (W3C Media Capture, 10.3). */
export function mediaFault(error: unknown): MediaFault {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'unsupported'
}

const words = { mic: 'microphone', cam: 'camera', both: 'camera or microphone' } as const

export type Browser = 'chrome' | 'firefox' | 'safari' | 'other'

/** Roughly which browser this is, only to say where its buttons are. */
export function browserOf(userAgent: string): Browser {
  if (/Firefox\//.test(userAgent)) return 'firefox'
  if (/Chrom(e|ium)\/|Edg\//.test(userAgent)) return 'chrome'
  return /Safari\//.test(userAgent) ? 'safari' : 'other'
}

/** The steps that allow a device that was denied. */
export function howToAllow(browser: Browser): string {
  switch (browser) {
    case 'chrome':
      return 'Click the icon to the left of the address, allow it there, then try again.'
    case 'firefox':
      return 'Click the crossed-out icon to the left of the address, remove the block, then try again.'
    case 'safari':
      return 'Open Safari › Settings for This Website, choose Allow, then try again.'
    case 'other':
      return 'Allow it in the settings of this site, then try again.'
    default:
      return browser satisfies never
  }
}

/** The fault in words, with what to do about it. */
export function describeFault(kind: keyof typeof words, fault: MediaFault): string {
  const device = words[kind]
  switch (fault) {
    case 'denied':
      return `Your browser is blocking your ${device}. ${howToAllow(browserOf(navigator.userAgent))}`
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
