import type { Tokens } from '@parley/contracts'
import type { Account } from './accounts.ts'

/** A browser in which nobody signs in: it keeps the cookies of `/v1/auth` and sends them back there. */
export class GuestBrowser {
  readonly #cookies = new Map<string, string>()

  /** A guest under a name; the same one as before as far as the product knows this browser. */
  come(url: string, name: string): Promise<Account> {
    return this.#post(`${url}/v1/auth/guest`, { name }, name)
  }

  /** With the refresh cookie. */
  refresh(url: string): Promise<Account> {
    return this.#post(`${url}/v1/auth/refresh`, {}, 'the guest')
  }

  async #post(url: string, body: object, name: string): Promise<Account> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: new URL(url).origin,
        cookie: [...this.#cookies].map(([key, value]) => `${key}=${value}`).join('; '),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${url} answered ${text}`)
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const { user, accessToken } = JSON.parse(text) as Tokens
    return { id: user.id, name, token: accessToken, refreshToken: '' }
  }

  #keep(line: string): void {
    const [, key, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (key !== undefined && value !== undefined) this.#cookies.set(key, value)
  }
}
