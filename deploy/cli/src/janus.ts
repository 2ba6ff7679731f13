import { listServers, setDraining, type SfuTables, type ShownJanus } from '@parley/media/admin'
import { StartupError, type Environment } from '@parley/kit'
import { Command } from 'commander'
import { withDatabase } from './database.ts'
import { print, table } from './print.ts'

interface Output {
  json?: boolean
}

/** `parley janus`: the media servers, what they carry, and taking one out of service. */
export function janusCommand(env: Environment): Command {
  const janus = new Command('janus').description('the media servers: list, drain, undrain')
  const act = (name: string, what: string) => janus.command(name).description(what).option('--json', 'for scripts')
  const list = (): Promise<ShownJanus[]> => withDatabase(env, (host) => listServers(host.schema<SfuTables>('media')))
  const drain = async (id: string, draining: boolean, json: boolean | undefined): Promise<void> => {
    const known = await withDatabase(env, (host) => setDraining(host.schema<SfuTables>('media'), id, draining))
    if (!known) throw new StartupError(`there is no Janus ${id}; parley janus list shows them`)
    show(
      json,
      (await list()).filter((one) => one.id === id),
    )
  }
  act('list', 'each Janus, its state, and what it carries').action(async ({ json }: Output) => show(json, await list()))
  act('drain <name>', 'no new rooms; its rooms move to the others, five each second').action(
    (name: string, { json }: Output) => drain(name, true, json),
  )
  act('undrain <name>', 'it takes rooms again').action((name: string, { json }: Output) => drain(name, false, json))
  janus.addHelpText(
    'after',
    `
Examples:
  parley janus list                 rooms are 0 once a drained Janus may be stopped
  parley janus drain janus-1`,
  )
  return janus
}

function show(json: boolean | undefined, all: readonly ShownJanus[]): void {
  const rows = all.map((one) => [
    one.id,
    one.state,
    `${one.rooms} rooms`,
    `${one.publishers} publishers`,
    `${one.streams} streams`,
    `${(one.kbps / 1_000).toFixed(1)} Mbit/s`,
    one.cpuPercent === null ? 'CPU not known' : `CPU ${one.cpuPercent.toFixed(0)} %`,
  ])
  print(json, all, all.length === 0 ? ['no Janus: JANUS_SERVERS names none'] : table(rows))
}
