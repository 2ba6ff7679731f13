/** Keeps the refresh token where there are no cookies (`tokenDelivery: 'body'`), so that `restore` finds it after a restart. */
export interface TokenStorage {
  load(): string | null | Promise<string | null>
  /** Null: forget it. */
  save(refreshToken: string | null): void | Promise<void>
}

/** Keeps it as long as the process lives. */
export function memoryTokenStorage(): TokenStorage {
  let kept: string | null = null
  return {
    load: () => kept,
    save: (refreshToken) => {
      kept = refreshToken
    },
  }
}
