import { localError } from './problem.ts'
import type { TokenSource } from './rest.ts'

/** One person, for as long as they are signed in here. Work begun as them never goes on as somebody else. */
export class Identity {
  readonly userId: string
  readonly #gone = new AbortController()

  constructor(userId: string) {
    this.userId = userId
  }

  /** Aborted once they are no longer signed in here. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** `reason`: what whoever uses its tokens from now on is told. */
  end(reason: unknown = nobodyError()): void {
    this.#gone.abort(reason)
  }
}

/** The tokens of one identity: when it is gone they are refused, whoever is signed in by then. */
export interface PinnedTokens extends TokenSource {
  readonly gone: AbortSignal
}

/** Without an identity they are those of whoever signs in. */
export function pinTokens(tokens: TokenSource, identity: Identity | null): PinnedTokens {
  if (identity === null) return { current: () => tokens.current(), renew: (stale) => tokens.renew(stale), gone: never }
  const { gone } = identity
  const checked = async (token: () => Promise<string>): Promise<string> => {
    gone.throwIfAborted()
    const got = await token()
    gone.throwIfAborted()
    return got
  }
  return { current: () => checked(() => tokens.current()), renew: (stale) => checked(() => tokens.renew(stale)), gone }
}

const never = new AbortController().signal
const nobodyError = () => localError('unauthenticated', 'The account that began this is no longer signed in here')
