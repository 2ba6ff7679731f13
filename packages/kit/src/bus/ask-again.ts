interface AskingAgain {
  everyMs: number
  /** How often in all. */
  most: number
}

/**
 * Asks once more each `everyMs` while there is no answer, for the one responder that was asked may stand still. The first answer counts, so
 * what is asked for has to be the same if it is done twice. Rejects once every asking has failed, with the error of the last one.
 */
export async function askAgain<T>(ask: () => Promise<T>, { everyMs, most }: AskingAgain): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let open = 0
  let asked = 0
  const once = (): void => {
    asked += 1
    open += 1
    if (asked === most) clearInterval(timer)
    ask().then(resolve, (error: unknown) => {
      open -= 1
      if (open === 0) reject(error as Error)
    })
  }
  const timer = setInterval(once, everyMs)
  once()
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}
