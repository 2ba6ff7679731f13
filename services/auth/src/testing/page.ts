import { randomInt } from 'node:crypto'
import type { TestAuth } from './harness.ts'

/** Where browsers believe the service to be. */
export const publicUrl = 'https://meet.example'

export interface Visit {
  status: number
  /** Where it leads, absolute; null when it is no redirect. */
  location: string | null
  text: string
}

/** A browser that goes from page to page: it keeps cookies by origin, and reaches the service by its public address. */
export class Page {
  readonly #auth: TestAuth
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly #address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`

  constructor(auth: TestAuth) {
    this.#auth = auth
  }

  cookiesOf(origin: string): Map<string, string> {
    const known = this.#cookies.get(origin) ?? new Map<string, string>()
    this.#cookies.set(origin, known)
    return known
  }

  async get(url: string): Promise<Visit> {
    const { origin, pathname, search } = new URL(url)
    const ours = origin === publicUrl
    const jar = this.cookiesOf(origin)
    const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example', 'x-forwarded-for': this.#address }
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(ours ? this.#auth.url + pathname + search : url, {
      redirect: 'manual',
      headers: { ...(ours ? edge : {}), ...(cookie === '' ? {} : { cookie }) },
      signal: AbortSignal.timeout(15_000),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s)
      if (value === '' || /max-age=0(;|$)/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    const location = response.headers.get('location')
    const text = await response.text()
    return { status: response.status, location: location === null ? null : new URL(location, url).href, text }
  }

  /** Follows redirects until one leads to what `stop` names, and returns that address without going there. */
  async follow(url: string, stop: (url: string) => boolean): Promise<string> {
    let at = url
    for (let hops = 0; hops < 15; hops += 1) {
      const { status, location, text } = await this.get(at)
      if (location === null) throw new Error(`${at} answered ${status}: ${text.slice(0, 300)}`)
      if (stop(location)) return location
      at = location
    }
    throw new Error(`too many redirects, last to ${at}`)
  }
}
