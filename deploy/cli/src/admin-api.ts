import { readConfig, StartupError, type Environment } from '@parley/kit'
import Type from 'typebox'

const adminConfig = Type.Object({
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535, description: 'of the gateway on this host' }),
  ADMIN_TOKEN: Type.Optional(Type.String({ secret: true, description: 'as the gateways have it' })),
})

const timeoutMs = 10_000

export interface AdminOptions {
  url?: string
  json?: boolean
}

/**
 * Asks `/admin` of a gateway.
 * @throws StartupError with a sentence for the operator
 */
export async function askAdmin<T>(
  env: Environment,
  { url }: AdminOptions,
  { method = 'GET', path }: { method?: 'GET' | 'POST'; path: string },
): Promise<T> {
  const { PORT, ADMIN_TOKEN: token } = readConfig(adminConfig, env)
  const base = url ?? `http://localhost:${PORT}`
  if (token === undefined)
    throw new StartupError('ADMIN_TOKEN is missing: set it here as the gateways have it (docs/operation/nodes.md)')
  const answer = await fetch(new URL(`/admin${path}`, base), {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new StartupError(`no gateway answers at ${base}; name one from inside by --url`, { cause })
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text) as T
  const problem = problemIn(text)
  if (answer.status === 404 && problem?.detail?.startsWith('There is no') !== true)
    throw new StartupError(
      `${base} has no /admin for this call: it needs the same ADMIN_TOKEN, and a direct call from a private address`,
    )
  throw new StartupError(problem?.detail ?? `${base} answered ${answer.status}`)
}

function problemIn(text: string): { detail?: string } | undefined {
  try {
    return JSON.parse(text) as { detail?: string }
  } catch {
    return undefined
  }
}
