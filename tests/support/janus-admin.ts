interface Answer {
  sessions?: number[]
  handles?: number[]
  info?: { plugin_specific?: { type?: string; id?: string; bitrate?: number } }
}

/** The bitrate that Janus asks each of its publishers for, by feed; from its admin API. */
export async function publishersAt(adminUrl: string, adminSecret: string): Promise<Map<string, number>> {
  const ask = async (path: string, janus: string): Promise<Answer> => {
    const body = JSON.stringify({ janus, admin_secret: adminSecret, transaction: 't' })
    return (await fetch(`${adminUrl}${path}`, { method: 'POST', body })).json() as Promise<Answer>
  }
  const found = new Map<string, number>()
  for (const session of (await ask('', 'list_sessions')).sessions ?? [])
    for (const handle of (await ask(`/${session}`, 'list_handles')).handles ?? []) {
      const { type, id, bitrate } = (await ask(`/${session}/${handle}`, 'handle_info')).info?.plugin_specific ?? {}
      if (type === 'publisher' && id !== undefined && bitrate !== undefined) found.set(id, bitrate)
    }
  return found
}
